import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import mqtt from "mqtt";
import { afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/lib/clock.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { NO_TLS_FILES } from "../../src/mqtt/link-types.ts";
import type { Mqtt, MqttOptions } from "../../src/mqtt/mqtt-types.ts";
import { address, availability, config, mqttOn, remember, TOPICS, until, value } from "../support/bridge-link.ts";
import { certificates, passwordLine } from "../support/broker-files.ts";
import { fastClock } from "../support/fast-clock.ts";
import { type MosquittoOptions, mosquittos, startMosquitto } from "../support/mosquitto.ts";
import { subscribe } from "../support/subscriber.ts";

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function started(options: MosquittoOptions) {
  const server = await startMosquitto(options);
  cleanUp.push(() => server.stop());
  return server;
}

/** Back-off waits are cut to 50 ms; all else takes its time. */
const soon: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 50), signal) };

function bridge(url: string, more: Partial<MqttOptions> = {}): { mqtt: Mqtt; log: ReturnType<typeof remember> } {
  const log = remember();
  const client = mqttOn(url, { logger: log, clock: soon, ...more });
  cleanUp.push(() => client.stop());
  client.start();
  return { mqtt: client, log };
}

async function watcher(url: string) {
  const watch = await subscribe(url);
  cleanUp.push(() => watch.end());
  return watch;
}

const everything = [value("production", { power: 1 }), value("energy", { kwh: 2 }, { qos: 1 })];
const protocols = ["5", "3.1.1"] as const;

const found = mosquittos();

test(
  found.length === 0 ? "no Mosquitto here: kills, limits, access rules and TLS are not tried" : "kills, limits, access rules and TLS",
  () => {
    expect(protocols).toHaveLength(2);
  },
);

const both = found.flatMap(({ program, version }) => protocols.map((protocol) => ({ program, version, protocol })));
describe.each(both)("Mosquitto $version, MQTT $protocol", ({ program, protocol }) => {
  const broker = (options: MosquittoOptions = {}) => started({ ...options, program });

  test("F-56: killed and restarted without persistence, every retained topic comes back with its newest value", async () => {
    const server = await broker();
    const { mqtt: client } = bridge(server.url, { protocol });
    client.offer("values", everything);
    client.offer("discovery", [config("gw", { power: "production" })]);
    client.offer("availability", [availability("online")]);
    await until("connected", () => client.stats().published >= 5);
    await server.kill();
    await until("noticed", () => !client.stats().connected);
    for (let power = 2; power <= 1_000; power++) client.offer("values", [value("production", { power })]);
    expect(client.stats()).toMatchObject({ inFlight: 0, topics: 4 });
    await server.start();
    const watch = await watcher(server.url);
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    expect(watch.last("envoy2mqtt/122000000001/production")).toBe('{"power":1000}');
    expect([...watch.topics().keys()].sort()).toEqual(
      [...everything, availability(""), config("gw", {})]
        .map(({ topic }) => topic)
        .concat(TOPICS.bridgeState)
        .sort(),
    );
    await watch.publish("envoy2mqtt/122000000001/set/x", "1");
    expect(client.stats().reconnects).toBe(1);
  });

  test("F-61: a packet over the broker's limit is refused by name and everything else goes on", async () => {
    const server = await broker({ lines: ["max_packet_size 3000"] });
    const { mqtt: client, log } = bridge(server.url, { protocol });
    const watch = await watcher(server.url);
    client.offer("values", everything);
    client.offer("discovery", [config("big", { power: "production" }, 5_000), config("gw", { power: "production" })]);
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online", 25_000);
    expect(watch.topics().has(TOPICS.deviceConfig("gw"))).toBe(true);
    expect(watch.topics().has(TOPICS.deviceConfig("big"))).toBe(false);
    expect(log.said(/big\/config is not published: it has 5\d\d\d bytes, and/, "error")).toHaveLength(1);
    const { reconnects } = client.stats();
    expect(reconnects).toBeLessThanOrEqual(protocol === "5" ? 0 : 4);
    client.offer("discovery", [config("big", { power: "production" }, 5_001)]);
    client.event(value("event", { event_type: "x".repeat(5_000) }, { retain: false, qos: protocol === "5" ? 1 : 0 }));
    client.offer("discovery", [config("big", { power: "production" })]);
    await watch.until("small enough now", () => watch.topics().has(TOPICS.deviceConfig("big")));
    if (protocol === "5") expect(client.stats().reconnects).toBe(0);
  });

  test("F-61: a message over message_size_limit does not stop the rest", async () => {
    const server = await broker({ lines: ["message_size_limit 2000"] });
    const { mqtt: client, log } = bridge(server.url, { protocol });
    const watch = await watcher(server.url);
    client.offer("discovery", [config("big", { power: "production" }, 5_000), config("gw", { power: "production" })]);
    client.offer("availability", [availability("online")]);
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online", 25_000);
    expect(watch.topics().has(TOPICS.deviceConfig("gw"))).toBe(true);
    expect(watch.topics().has(TOPICS.availability("122000000001"))).toBe(true);
    if (protocol === "3.1.1") return;
    await until("told", () => log.said(/big\/config is not published: .* the connection breaks/, "error").length === 1);
  });

  test("F-59: a publish that access rules deny is told once where the broker says so, and does not stop the rest", async () => {
    const acl = "topic readwrite envoy2mqtt/#\ntopic read homeassistant/#\n";
    const server = await broker({ lines: ["acl_file {dir}/acl"], files: { acl } });
    const { mqtt: client, log } = bridge(server.url, { protocol });
    const watch = await watcher(server.url);
    client.offer("discovery", [config("gw", { power: "production" })]);
    client.offer("values", everything);
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    client.offer("discovery", [config("gw", { power: "production", more: "energy" })]);
    client.offer("values", [value("later", { a: 1 })]);
    await watch.until("later", () => watch.last("envoy2mqtt/122000000001/later") !== undefined);
    expect(watch.topics().has(TOPICS.deviceConfig("gw"))).toBe(false);
    expect(log.said(/did not take .*config: this user may not do that/, "warn")).toHaveLength(protocol === "5" ? 1 : 0);
    expect(client.stats().reconnects).toBe(0);
  });

  test("user and password; a wrong one is told, and the right one works without a restart of the bridge", async () => {
    const files = { passwords: passwordLine("envoy", "right") };
    const server = await broker({ anonymous: false, lines: ["password_file {dir}/passwords"], files });
    const wrong = bridge(server.url, {
      protocol,
      broker: address(server.url, { username: "envoy", password: "wrong", clientId: "wrong" }),
    });
    await until("refused", () => wrong.log.said(/refused/, "warn").length > 0);
    expect(wrong.log.said(/mqtt\.username/, "warn")).toHaveLength(1);
    expect(wrong.log.lines.map(({ message }) => message).join()).not.toContain("wrong");
    const right = bridge(server.url, { protocol, broker: address(server.url, { username: "envoy", password: "right" }) });
    await until("in", () => right.mqtt.stats().connected);
  });

  test("frozen and thawed: noticed, reconnected, and the newest values stand", async () => {
    const server = await broker();
    const { mqtt: client } = bridge(server.url, { protocol, times: { acknowledgeMs: 500, connectMs: 500, keepaliveSeconds: 1 } });
    client.offer("values", everything);
    await until("there", () => client.stats().published >= 3);
    server.freeze();
    client.offer("values", [value("energy", { kwh: 3 }, { qos: 1 })]);
    await until("noticed", () => !client.stats().connected);
    client.offer("values", [value("energy", { kwh: 4 }, { qos: 1 })]);
    server.thaw();
    const watch = await watcher(server.url);
    await watch.until(
      "4 kWh, online",
      () => watch.last("envoy2mqtt/122000000001/energy") === '{"kwh":4}' && watch.last(TOPICS.bridgeState) === "online",
    );
  });

  test("stopped while the broker is frozen: within three seconds", async () => {
    const server = await broker();
    const { mqtt: client } = bridge(server.url, { protocol });
    client.offer("values", everything);
    client.offer("availability", [availability("online")]);
    await until("there", () => client.stats().published >= 4);
    server.freeze();
    const started = performance.now();
    await client.stop();
    expect(performance.now() - started).toBeLessThan(3_000);
    server.thaw();
    const watch = await watcher(server.url);
    await watch.until("the will says it", () => watch.last(TOPICS.bridgeState) === "offline", 20_000);
  });

  test("SIGTERM while the broker is away: within three seconds", async () => {
    const server = await broker();
    const { mqtt: client } = bridge(server.url, { protocol });
    client.offer("values", everything);
    await until("there", () => client.stats().published >= 3);
    await server.kill();
    client.offer("values", [value("energy", { kwh: 9 }, { qos: 1 })]);
    const started = performance.now();
    await client.stop();
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  test("F-53: killed, the broker says offline for us", async () => {
    const server = await broker();
    const watch = await watcher(server.url);
    const { mqtt: client } = bridge(server.url, { protocol });
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    const takeOver = mqtt.connect(server.url, {
      clientId: "envoy2mqtt-test",
      protocolVersion: protocol === "5" ? 5 : 4,
      reconnectPeriod: 0,
    });
    cleanUp.push(() => takeOver.endAsync(true));
    void client.stop();
    await watch.until("offline", () => watch.last(TOPICS.bridgeState) === "offline");
  });

  test("F-62: another client takes our id over: the newest value stands in the end", async () => {
    const server = await broker();
    const watch = await watcher(server.url);
    const { mqtt: client } = bridge(server.url, { protocol });
    client.offer("values", everything);
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    const other = await mqtt.connectAsync(server.url, { clientId: "envoy2mqtt-test", protocolVersion: 4, reconnectPeriod: 0 });
    await until("thrown out", () => client.stats().reconnects > 0);
    await other.endAsync(true);
    client.offer("values", [value("production", { power: 5 })]);
    await watch.until("5 W", () => watch.last("envoy2mqtt/122000000001/production") === '{"power":5}');
  });

  test("F-62: taken over again and again, just after each connect: no message is blamed for it, and all stand in the end", async () => {
    const server = await broker();
    const { mqtt: client, log } = bridge(server.url, { protocol });
    const many = Array.from({ length: 20 }, (_, at) => value(`inverter/${at}`, { power: at }, { qos: 1 }));
    client.offer("values", many);
    await until("there", () => client.stats().published > many.length);
    for (let at = 0; at < 60; at++) {
      const other = await mqtt.connectAsync(server.url, { clientId: "envoy2mqtt-test", protocolVersion: 4, reconnectPeriod: 0 });
      await other.endAsync(true);
      client.offer("values", [value("production", { power: at })]);
      await wait(at % 60);
    }
    expect(client.stats().reconnects).toBeGreaterThan(5);
    const watch = await watcher(server.url);
    const isThere = () => many.every(({ topic, payload }) => watch.last(topic) === payload);
    await watch.until("all of them", () => isThere() && watch.last("envoy2mqtt/122000000001/production") === '{"power":59}');
    expect(log.said(/is not published/, "error")).toEqual([]);
  });

  test("TLS: its own authority, and a client certificate", async () => {
    const { ca, server: pair, client: own } = await certificates();
    const files = { "ca.pem": ca, "cert.pem": pair.cert, "key.pem": pair.key, "client.pem": own.cert, "client.key": own.key };
    const lines = ["cafile {dir}/ca.pem", "certfile {dir}/cert.pem", "keyfile {dir}/key.pem", "require_certificate true"];
    const server = await broker({ lines, files });
    const url = server.url.replace("mqtt:", "mqtts:");
    const tls = { ca: join(server.folder, "ca.pem"), cert: join(server.folder, "client.pem"), key: join(server.folder, "client.key") };
    const good = bridge(url, { protocol, broker: address(url, { tls }) });
    await until("connected", () => good.mqtt.stats().connected);
    const stranger = bridge(url, { protocol, broker: address(url, { clientId: "stranger", tls: NO_TLS_FILES }) });
    await until("not trusted", () => stranger.log.said(/authority that is not known here: name it in mqtt.tls.ca/, "warn").length === 1);
    const bare = bridge(url, { protocol, broker: address(url, { clientId: "bare", tls: { ...tls, cert: null, key: null } }) });
    await until("no certificate", () => bare.log.said(/mqtt.tls.cert/, "warn").length > 0);
    const plain = bridge(server.url, { protocol, broker: address(server.url, { clientId: "plain" }) });
    await until("not plain", () => plain.log.said(/cannot be reached/, "warn").length > 0);
  });
});

describe.each(found)("Mosquitto $version, what only MQTT 5 has", ({ program }) => {
  const broker = () => started({ program });

  test("a hiccup of the line is no offline: the will waits five seconds", async () => {
    const server = await broker();
    const watch = await watcher(server.url);
    const { mqtt: client } = bridge(server.url, { times: { keepaliveSeconds: 1, acknowledgeMs: 300 } });
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    server.freeze();
    client.offer("values", [value("energy", { kwh: 1 }, { qos: 1 })]);
    await until("broke", () => !client.stats().connected);
    server.thaw();
    await until("back", () => client.stats().connected && client.stats().reconnects === 1);
    await watch.until("value", () => watch.last("envoy2mqtt/122000000001/energy") !== undefined);
    expect(watch.history(TOPICS.bridgeState)).toEqual(["online"]);
  });

  test("live values expire, and JSON says that it is JSON", async () => {
    const server = await broker();
    const { mqtt: client } = bridge(server.url);
    client.offer("values", [value("production", { power: 1 }, { expiry: 2 }), value("energy", { kwh: 1 })]);
    client.offer("availability", [availability("online")]);
    await until("there", () => client.stats().published >= 4);
    const seen = new Map<string, { contentType?: string; messageExpiryInterval?: number }>();
    const watch = await mqtt.connectAsync(server.url, { protocolVersion: 5 });
    cleanUp.push(() => watch.endAsync(true));
    watch.on("message", (topic, _, packet) => seen.set(topic, { ...packet.properties }));
    await watch.subscribeAsync("envoy2mqtt/#");
    await until("all", () => seen.size === 4);
    expect(seen.get("envoy2mqtt/122000000001/production")).toMatchObject({ contentType: "application/json", payloadFormatIndicator: true });
    expect(seen.get("envoy2mqtt/122000000001/production")!.messageExpiryInterval).toBeLessThanOrEqual(2);
    expect(seen.get("envoy2mqtt/122000000001/energy")).not.toHaveProperty("messageExpiryInterval");
    expect(seen.get(TOPICS.bridgeState)).not.toHaveProperty("contentType");
    await wait(3_100);
    const late = await watcher(server.url);
    await late.until("energy", () => late.topics().has("envoy2mqtt/122000000001/energy"));
    expect(late.topics().has("envoy2mqtt/122000000001/production")).toBe(false);
  });

  test("a value that is too old when the broker comes back stays away", async () => {
    const server = await broker();
    const { mqtt: client } = bridge(server.url, { clock: fastClock(200) });
    client.offer("values", [value("production", { power: 1 }, { expiry: 30 }), value("energy", { kwh: 1 })]);
    await until("there", () => client.stats().published >= 3);
    await server.kill();
    await wait(400);
    await server.start();
    const watch = await watcher(server.url);
    await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
    expect(watch.topics().has("envoy2mqtt/122000000001/energy")).toBe(true);
    expect(watch.topics().has("envoy2mqtt/122000000001/production")).toBe(false);
  });
});
