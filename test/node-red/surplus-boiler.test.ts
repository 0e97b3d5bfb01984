import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { type Subscriber, subscribe } from "../support/subscriber.ts";
import { startWorld, type World } from "../support/world.ts";
import { type NodeRed, startNodeRed } from "./node-red.ts";

const BOILER = "cmnd/boiler/POWER";
const SERIAL = "122302000001";
const TOPIC = `envoy2mqtt/${SERIAL}`;

let directory = "";
let broker: EmbeddedBroker | null = null;
let watch: Subscriber;
let nodeRed: NodeRed | null = null;
let world: World | null = null;
let measured = 0;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "envoy2mqtt-node-red-"));
});

afterEach(async () => {
  await nodeRed?.stop();
  await world?.end();
  if (broker !== null) await watch.end();
  await broker?.close();
  await rm(directory, { recursive: true, force: true });
  nodeRed = world = broker = null;
});

async function start(set: Readonly<Record<string, string | number>>): Promise<void> {
  broker = await startEmbeddedBroker(0);
  watch = await subscribe(broker.url);
  nodeRed = await startNodeRed({ flow: "surplus-boiler", brokerUrl: broker.url, set, directory });
}

/** A reading of the gateway, each measured later than the one before. */
async function grid(power: number | null, id = SERIAL): Promise<void> {
  measured += 10_000;
  const ts = new Date(Date.UTC(2026, 5, 21, 10) + measured).toISOString();
  await watch.publish(`envoy2mqtt/${id}/grid`, JSON.stringify({ ts, power }), true);
}

async function online(): Promise<void> {
  await watch.publish("envoy2mqtt/bridge/state", "online", true);
  await watch.publish(`${TOPIC}/availability`, "online", true);
}

/** Publishes the same power again and again, as a gateway does, until the boiler's last command is the wanted one. */
async function until(command: string, power: number | null, what: string): Promise<void> {
  let over = false;
  const reading = (async () => {
    while (!over) {
      await grid(power);
      await pause(200);
    }
  })();
  try {
    await watch.until(what, () => watch.last(BOILER) === command, 10_000);
  } finally {
    over = true;
    await reading;
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const commands = () => watch.heard.filter(({ topic }) => topic === BOILER).map(({ payload }) => payload);

test("messages: on above the upper threshold, off below the lower one, nothing between, and off at once when the power is not known", async () => {
  await start({ MIN_ON_S: 0, MIN_OFF_S: 0, STALE_S: 2, REPEAT_S: 60 });
  await watch.until("off after the start", () => watch.last(BOILER) === "OFF");
  await online();
  await until("ON", -2_200, "on at the upper threshold");
  for (const power of [-2_199, 0, 200]) await grid(power);
  await pause(300);
  expect(watch.last(BOILER)).toBe("ON");
  await until("OFF", 201, "off below the lower threshold");
  for (const power of [0, -2_199]) await grid(power);
  await pause(300);
  expect(watch.last(BOILER)).toBe("OFF");

  await until("ON", -3_000, "on again");
  await grid(null);
  await watch.until("off without a power", () => watch.last(BOILER) === "OFF", 1_000);
  await until("ON", -3_000, "on again");
  await watch.publish(`${TOPIC}/availability`, "offline", true);
  await watch.until("off without the gateway", () => watch.last(BOILER) === "OFF", 1_000);
  await watch.publish(`${TOPIC}/availability`, "online", true);
  await until("ON", -3_000, "on again");
  await watch.publish("envoy2mqtt/bridge/state", "offline", true);
  await watch.until("off without the bridge", () => watch.last(BOILER) === "OFF", 1_000);
  await watch.publish("envoy2mqtt/bridge/state", "online", true);

  await until("ON", -3_000, "on again");
  const frozen = watch.last(`${TOPIC}/grid`) ?? "";
  const silence = setInterval(() => void watch.publish(`${TOPIC}/grid`, frozen, true), 200);
  try {
    await watch.until("off when the gateway measures no more", () => watch.last(BOILER) === "OFF", 5_000);
  } finally {
    clearInterval(silence);
  }

  await until("ON", -3_000, "on again");
  await grid(-3_000, "122302000002");
  await watch.until("off when it is not clear which gateway", () => watch.last(BOILER) === "OFF", 1_000);
  expect(commands().every((command, at, all) => command !== all[at - 1])).toBe(true);
});

test("messages: minimum times, the command is repeated, what the broker kept does not count, and the end of Node-RED is off", async () => {
  await start({ MIN_ON_S: 3, MIN_OFF_S: 2, STALE_S: 60, REPEAT_S: 1, GATEWAY: SERIAL, BOILER_ON: "1", BOILER_OFF: "0" });
  const begin = await watch.until("off after the start", () => watch.heard.find(({ topic }) => topic === BOILER));
  await online();
  await grid(-3_000);
  const first = await watch.until("on", () => watch.heard.find(({ topic, payload }) => topic === BOILER && payload === "1"));
  expect(first.at - begin.at).toBeGreaterThan(1_000);
  await grid(4_000);
  const off = await watch.until("off", () =>
    watch.heard.find(({ topic, payload, at }) => topic === BOILER && payload === "0" && at > first.at),
  );
  expect(off.at - first.at).toBeGreaterThan(2_900);
  expect(commands().filter((command) => command === "1").length).toBeGreaterThanOrEqual(3);

  await until("1", -3_000, "on again");
  await nodeRed?.kill();
  await watch.until("off by the will", () => watch.last(BOILER) === "0", 3_000);
  watch.clear();
  const set = { MIN_ON_S: 0, MIN_OFF_S: 0, STALE_S: 60, REPEAT_S: 60, GATEWAY: SERIAL, BOILER_ON: "1", BOILER_OFF: "0" };
  nodeRed = await startNodeRed({ flow: "surplus-boiler", brokerUrl: broker?.url ?? "", set, directory });
  await watch.until("off after the start", () => commands().length > 0);
  await pause(1_500);
  expect(commands()).toEqual(["0"]);
  await until("1", -3_000, "on with a fresh reading");
  await nodeRed.stop();
  await watch.until("off at the end", () => watch.last(BOILER) === "0", 2_000);
});

test("a simulated day: the boiler runs while the sun is high, not in the evening, not while gateway or bridge are away", async () => {
  const scene = { speed: 1_200, startHour: 8 };
  world = await startWorld({ scene, env: { INTERVALS_METERS: "1", AVAILABILITY_SECONDS: "4", AVAILABILITY_MISSED_POLLS: "2" } });
  watch = world.watch;
  const topic = world.topic("grid");
  const set = { MIN_ON_S: 0, MIN_OFF_S: 1, STALE_S: 3, REPEAT_S: 60, ON_ABOVE_EXPORT_W: 1_000, OFF_ABOVE_IMPORT_W: 100 };
  nodeRed = await startNodeRed({ flow: "surplus-boiler", brokerUrl: world.brokerUrl, set, directory });
  const power = () => watch.json(topic)?.["power"] as number;
  const boiler = (command: string, what: string, ms: number) => watch.until(what, () => watch.last(BOILER) === command, ms);
  await boiler("ON", "on by day", 20_000);
  expect(power()).toBeLessThanOrEqual(-1_000);

  await world.gateway.offline();
  await boiler("OFF", "off while the gateway is silent", 6_000);
  expect(power(), "the last reading alone would leave it on").toBeLessThanOrEqual(-1_000);
  await world.gateway.online();
  await boiler("ON", "on when the gateway is back", 10_000);

  await world.stopBridge();
  await boiler("OFF", "off while the bridge is stopped", 3_000);
  await world.start();
  await boiler("ON", "on when the bridge is back", 10_000);

  await boiler("OFF", "off in the evening", 40_000);
  expect(power()).toBeGreaterThan(100);
});
