import { afterEach, describe, expect, test } from "vitest";
import { startEmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import type { Mqtt, MqttOptions } from "../../src/mqtt/mqtt-types.ts";
import { availability, config, mqttOn, remember, TOPICS, until, value } from "../support/bridge-link.ts";
import { mosquittos, startMosquitto } from "../support/mosquitto.ts";
import { type Subscriber, subscribe } from "../support/subscriber.ts";

interface Bench {
  readonly url: string;
  close(): Promise<unknown>;
}

type Protocol = MqttOptions["protocol"];

const brokers: readonly { readonly name: string; readonly protocol: Protocol; start(): Promise<Bench> }[] = [
  { name: "aedes, 3.1.1", protocol: "3.1.1", start: () => startEmbeddedBroker(0) },
  ...mosquittos().flatMap(({ program, version }) =>
    (["5", "3.1.1"] as const).map((protocol) => ({ name: `Mosquitto ${version}, ${protocol}`, protocol, start: () => mosquitto(program) })),
  ),
];

async function mosquitto(program: string): Promise<Bench> {
  const broker = await startMosquitto({ program });
  return { url: broker.url, close: () => broker.stop() };
}

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

test(`tried on ${brokers.map(({ name }) => name).join("; ")}`, () => {
  expect(brokers.length % 2).toBe(1);
});

describe.each(brokers)("on $name", ({ protocol, start }) => {
  async function bench(
    more: Partial<MqttOptions> = {},
  ): Promise<{ mqtt: Mqtt; watch: Subscriber; log: ReturnType<typeof remember>; url: string }> {
    const broker = await start();
    cleanUp.push(() => broker.close());
    const watch = await subscribe(broker.url);
    cleanUp.push(() => watch.end());
    const log = remember();
    const mqtt = mqttOn(broker.url, { protocol, logger: log, ...more });
    cleanUp.push(() => mqtt.stop());
    return { mqtt, watch, log, url: broker.url };
  }

  test("values, then configs, then availability, and online last, however they were offered", async () => {
    const { mqtt, watch } = await bench();
    mqtt.offer("availability", [availability("online")]);
    mqtt.offer("discovery", [config("gw", { power: "production" }), config("child", { power: "inverter/1" })]);
    mqtt.offer("values", [value("production", { power: 1 }), value("inverter/1", { power: 2 })]);
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    expect(watch.heard.map(({ topic }) => topic)).toEqual([
      "envoy2mqtt/122000000001/production",
      "envoy2mqtt/122000000001/inverter/1",
      TOPICS.deviceConfig("gw"),
      TOPICS.deviceConfig("child"),
      TOPICS.availability("122000000001"),
      TOPICS.bridgeState,
    ]);
    expect(mqtt.stats()).toMatchObject({ connected: true, reconnects: 0, problem: null, topics: 5 });
  });

  test("an entity added later: its value goes before the config that reads it", async () => {
    const { mqtt, watch } = await bench();
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    watch.clear();
    mqtt.offer("discovery", [config("gw", { power: "production" })]);
    mqtt.offer("values", [value("production", { power: 1 })]);
    await watch.until("config", () => watch.last(TOPICS.deviceConfig("gw")) !== undefined);
    const order = watch.heard.map(({ topic }) => topic).filter((topic) => topic !== TOPICS.bridgeState);
    expect(order).toEqual(["envoy2mqtt/122000000001/production", TOPICS.deviceConfig("gw")]);
  });

  test("what did not change is not sent again, and of many offers in one turn only the last goes out", async () => {
    const { mqtt, watch } = await bench();
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    for (let power = 0; power <= 100; power++) mqtt.offer("values", [value("production", { power })]);
    await watch.until("100 W", () => watch.last("envoy2mqtt/122000000001/production") === '{"power":100}');
    mqtt.offer("values", [value("production", { power: 100 })]);
    mqtt.offer("values", [value("consumption", { power: 7 })]);
    await watch.until("7 W", () => watch.last("envoy2mqtt/122000000001/consumption") !== undefined);
    expect(watch.heard.filter(({ topic }) => topic.endsWith("production"))).toHaveLength(1);
  });

  test("an unchanged value is sent again after the heartbeat", async () => {
    const { mqtt, watch } = await bench({ heartbeatMs: 20 });
    const message = value("production", { power: 1 });
    mqtt.offer("values", [message]);
    mqtt.start();
    await watch.until("first", () => watch.last(message.topic) !== undefined);
    await until("second", () => {
      mqtt.offer("values", [message]);
      return watch.heard.filter(({ topic }) => topic === message.topic).length >= 2;
    });
    expect(watch.history(message.topic)).toEqual([message.payload]);
  });

  test("F-57: after Home Assistant's birth messages everything is offered once more", async () => {
    const { mqtt, watch } = await bench({ clock: (await import("../support/fast-clock.ts")).fastClock(20) });
    mqtt.offer("values", [value("production", { power: 1 })]);
    mqtt.offer("discovery", [config("gw", { power: "production" })]);
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    await watch.until("asserted twice", () => watch.heard.filter(({ topic }) => topic === TOPICS.bridgeState).length === 2);
    watch.clear();
    await Promise.all(Array.from({ length: 3 }, () => watch.publish("homeassistant/status", "online")));
    await watch.until("online again", () => watch.heard.some(({ topic }) => topic === TOPICS.bridgeState));
    const ours = watch.heard.map(({ topic }) => topic).filter((topic) => topic !== "homeassistant/status");
    expect(ours).toEqual(["envoy2mqtt/122000000001/production", TOPICS.deviceConfig("gw"), TOPICS.bridgeState]);
  });

  test("another birth payload is nobody's birth", async () => {
    const { mqtt, watch } = await bench();
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    await watch.publish("homeassistant/status", "offline");
    expect(mqtt.stats().connected).toBe(true);
  });

  test("a component that vanished is removed by its stub, then left out", async () => {
    const { mqtt, watch } = await bench();
    mqtt.offer("discovery", [config("gw", { power: "production", energy: "energy" })]);
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    watch.clear();
    mqtt.offer("discovery", [config("gw", { power: "production" })]);
    await watch.until("final", () => watch.last(TOPICS.deviceConfig("gw")) === config("gw", { power: "production" }).payload);
    const components = watch.history(TOPICS.deviceConfig("gw")).map((payload) => JSON.parse(payload).components);
    expect(components[0].energy).toEqual({ platform: "sensor" });
    expect(Object.keys(components[1])).toEqual(["power"]);
  });

  test("a component that an earlier run announced is removed, and what nobody offers is only reported", async () => {
    const { mqtt, watch } = await bench({ onRetained: (topics) => found.push(...topics) });
    const found: string[] = [];
    await watch.publish(TOPICS.deviceConfig("gw"), config("gw", { power: "production", old: "old" }).payload, true);
    await watch.publish(TOPICS.deviceConfig("gone"), config("gone", { power: "x" }).payload, true);
    await watch.publish(TOPICS.deviceConfig("other"), JSON.stringify({ origin: { name: "other" } }), true);
    watch.clear();
    mqtt.offer("discovery", [config("gw", { power: "production" })]);
    mqtt.start();
    await watch.until("final", () => watch.last(TOPICS.deviceConfig("gw")) === config("gw", { power: "production" }).payload);
    expect(JSON.parse(watch.history(TOPICS.deviceConfig("gw"))[0]!).components.old).toEqual({ platform: "sensor" });
    expect(found.sort()).toEqual([TOPICS.deviceConfig("gone"), TOPICS.deviceConfig("gw")]);
    expect(mqtt.orphans()).toEqual([TOPICS.deviceConfig("gone")]);
    mqtt.forget(TOPICS.deviceConfig("gone"));
    await watch.until("gone", () => !watch.topics().has(TOPICS.deviceConfig("gone")));
    expect(mqtt.orphans()).toEqual([]);
    expect(watch.last(TOPICS.deviceConfig("other"))).toBeDefined();
  });

  test("a device that a user deletes in Home Assistant is not fought, and comes back on request", async () => {
    const deleted: string[] = [];
    const { mqtt, watch } = await bench({ onDeviceDeleted: (topic) => deleted.push(topic) });
    const message = config("gw", { power: "production" });
    mqtt.offer("discovery", [message]);
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    await watch.publish(message.topic, "", true);
    await until("told", () => deleted.length === 1);
    mqtt.offer("discovery", [config("gw", { power: "production", more: "more" })]);
    mqtt.offer("values", [value("after", { a: 1 })]);
    await watch.until("later value", () => watch.last("envoy2mqtt/122000000001/after") !== undefined);
    expect(watch.topics().has(message.topic)).toBe(false);
    mqtt.announce();
    await watch.until("announced", () => watch.topics().has(message.topic));
    expect(deleted).toEqual([message.topic]);
  });

  test("a topic that is forgotten is removed from the broker and not told as deleted", async () => {
    const deleted: string[] = [];
    const { mqtt, watch } = await bench({ onDeviceDeleted: (topic) => deleted.push(topic) });
    const message = config("gw", { power: "production" });
    mqtt.offer("discovery", [message]);
    mqtt.start();
    await watch.until("there", () => watch.topics().has(message.topic));
    mqtt.forget(message.topic);
    await watch.until("gone", () => !watch.topics().has(message.topic));
    mqtt.offer("discovery", [message]);
    await watch.until("there again", () => watch.topics().has(message.topic));
    expect(deleted).toEqual([]);
  });

  test("events are sent once, not retained, and dropped while there is no connection", async () => {
    const { mqtt, watch, url } = await bench();
    const event = value("event", { event_type: "grid_lost" }, { retain: false, qos: 1 });
    mqtt.event(event);
    expect(mqtt.stats().dropped).toBe(1);
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    mqtt.event(event);
    await watch.until("event", () => watch.last(event.topic) !== undefined);
    const late = await subscribe(url);
    cleanUp.push(() => late.end());
    await late.until("retained state", () => late.last(TOPICS.bridgeState) !== undefined);
    expect(late.topics().has(event.topic)).toBe(false);
  });

  test("offline said by somebody else is corrected", async () => {
    const { mqtt, watch } = await bench();
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    await watch.publish(TOPICS.bridgeState, "offline", true);
    await watch.until("corrected", () => watch.last(TOPICS.bridgeState) === "online");
    expect(mqtt.stats().connected).toBe(true);
  });

  test("SIGTERM online: availability and state are offline, retained, and stop is one promise", async () => {
    const { mqtt, watch, url } = await bench();
    mqtt.offer("availability", [availability("online")]);
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    await Promise.all([mqtt.stop(), mqtt.stop()]);
    const late = await subscribe(url);
    cleanUp.push(() => late.end());
    await late.until(
      "state",
      () => late.last(TOPICS.bridgeState) === "offline" && late.last(TOPICS.availability("122000000001")) === "offline",
    );
    expect(mqtt.stats().connected).toBe(false);
  });

  test("only live commands arrive: a retained one is old", async () => {
    const commands: string[] = [];
    const { mqtt, watch } = await bench({ onCommand: ({ payload }) => commands.push(payload.toString()) });
    await watch.publish("envoy2mqtt/122000000001/set/reserve_soc", "10", true);
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    await watch.publish("envoy2mqtt/122000000001/set/reserve_soc", "20");
    await until("live command", () => commands.length > 0);
    expect(commands).toEqual(["20"]);
  });

  test("a topic with a wildcard is refused here: a broker would hang up on it", async () => {
    const { mqtt, watch, log } = await bench();
    mqtt.offer("values", [value("a/#", { a: 1 }), value("good", { a: 1 })]);
    mqtt.start();
    await watch.until("good", () => watch.last("envoy2mqtt/122000000001/good") !== undefined);
    expect(log.said(/is not published: it holds a wildcard/, "error")).toHaveLength(1);
    expect(mqtt.stats().reconnects).toBe(0);
  });

  test("a thousand topics all arrive", async () => {
    const { mqtt, watch } = await bench();
    const messages = Array.from({ length: 1_000 }, (_, index) =>
      value(`inverter/${index}`, { power: index }, { qos: index % 2 === 0 ? 0 : 1 }),
    );
    mqtt.offer("values", messages);
    mqtt.start();
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online", 25_000);
    for (const { topic, payload } of messages) expect(watch.last(topic)).toBe(payload);
  });
});
