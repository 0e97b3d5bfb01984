import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { type Clock, systemClock } from "../../../../src/lib/clock.ts";
import { config, mqttOn, remember, TOPICS, until, value } from "../../../support/bridge-link.ts";
import { heapInUse } from "../../../support/heap.ts";
import { mosquittoVersion, startMosquitto } from "../../../support/mosquitto.ts";
import { subscribe } from "../../../support/subscriber.ts";

const version = mosquittoVersion();
const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** Twenty waits of a minute each would prove nothing more. */
const impatient: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 200), signal) };

async function bench(protocol: "5" | "3.1.1", lines: readonly string[] = [], clock: Clock = systemClock) {
  const broker = await startMosquitto({ lines });
  cleanUp.push(() => broker.stop());
  const log = remember();
  const client = mqttOn(broker.url, { protocol, logger: log, clock });
  cleanUp.push(() => client.stop());
  client.start();
  return { broker, client, log };
}

const topics = Array.from({ length: 30 }, (_, index) => `inverter/${index}`);
const round = (power: number) => topics.map((path, index) => value(path, { power: power + index }, { qos: index % 2 === 0 ? 0 : 1 }));

async function standing(url: string, power: number): Promise<void> {
  const watch = await subscribe(url);
  try {
    await watch.until(
      "newest values, online",
      () => watch.last(TOPICS.bridgeState) === "online" && round(power).every(({ topic, payload }) => watch.last(topic) === payload),
      70_000,
    );
    expect(watch.topics().has(TOPICS.deviceConfig("gw"))).toBe(true);
  } finally {
    await watch.end();
  }
}

test(version === null ? "no Mosquitto here: nothing is tried" : `Mosquitto ${version} is tried`, () => {
  expect(version, "install Mosquitto, or name it in MOSQUITTO").not.toBeNull();
});

describe.each(["5", "3.1.1"] as const)("MQTT %s", (protocol) => {
  test("F-63: frozen for two minutes", { timeout: 300_000 }, async () => {
    const { broker, client } = await bench(protocol);
    client.offer("values", round(0));
    client.offer("discovery", [config("gw", { power: "inverter/0" })]);
    await standing(broker.url, 0);
    broker.freeze();
    const thaw = performance.now() + 120_000;
    let power = 1;
    for (; performance.now() < thaw; power++) {
      client.offer("values", round(power));
      await wait(50);
    }
    expect(client.stats()).toMatchObject({ connected: false, inFlight: 0, topics: 31 });
    broker.thaw();
    await standing(broker.url, power - 1);
  });

  test.each([false, true])("killed twenty times while publishing (persistence %s)", { timeout: 600_000 }, async (persistence) => {
    const { broker, client, log } = await bench(
      protocol,
      persistence ? ["persistence true", "persistence_location {dir}/", "autosave_interval 1"] : [],
      impatient,
    );
    client.offer("discovery", [config("gw", { power: "inverter/0" })]);
    let power = 0;
    const heaps: number[] = [];
    for (let kill = 0; kill < 20; kill++) {
      const until_ = performance.now() + 1_000;
      for (; performance.now() < until_; power++) {
        client.offer("values", round(power + 1));
        await wait(5);
      }
      await broker.kill();
      await broker.start();
      await until("back", () => client.stats().connected, 70_000);
      heaps.push(heapInUse());
    }
    await standing(broker.url, power);
    expect(log.said(/is not published/)).toEqual([]);
    expect(client.stats().topics).toBe(31);
    const least = (part: readonly number[]) => Math.min(...part);
    expect(least(heaps.slice(10)) - least(heaps.slice(0, 10))).toBeLessThan(3_000_000);
  });
});
