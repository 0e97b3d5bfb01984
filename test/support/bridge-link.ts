import { isOwnConfig, withVanishedStubbed } from "../../src/homeassistant/announced.ts";
import { systemClock } from "../../src/lib/clock.ts";
import type { Logger } from "../../src/lib/logger.ts";
import type { Message } from "../../src/model/message.ts";
import { type BrokerAddress, NO_TLS_FILES } from "../../src/mqtt/link-types.ts";
import { createMqtt } from "../../src/mqtt/mqtt.ts";
import type { Mqtt, MqttOptions } from "../../src/mqtt/mqtt-types.ts";
import { createTopics } from "../../src/mqtt/topics.ts";

export const TOPICS = createTopics("envoy2mqtt", "homeassistant");

export interface Line {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
}

/** Remembers what was said. */
export function remember(): Logger & { readonly lines: Line[]; said(pattern: RegExp, level?: Line["level"]): readonly string[] } {
  const lines: Line[] = [];
  const at = (level: Line["level"]) => (_: object, message: string) => void lines.push({ level, message });
  return {
    lines,
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    said: (pattern, level) =>
      lines.filter((line) => pattern.test(line.message) && (level ?? line.level) === line.level).map(({ message }) => message),
  };
}

export function address(url: string, more: Partial<BrokerAddress> = {}): BrokerAddress {
  return { url, username: null, password: null, clientId: "envoy2mqtt-test", tls: NO_TLS_FILES, ...more };
}

/** The MQTT room as the bridge uses it, quick enough for tests. */
export function mqttOn(url: string, more: Partial<MqttOptions> = {}): Mqtt {
  return createMqtt({
    broker: address(url),
    protocol: "auto",
    topics: TOPICS,
    birth: { topic: "homeassistant/status", payload: "online" },
    clock: systemClock,
    random: () => 0,
    logger: remember(),
    discovery: { isOwn: (payload) => isOwnConfig(payload, "envoy2mqtt"), removalStep: withVanishedStubbed },
    onCommand: () => {},
    collectMs: 50,
    settleMs: 100,
    ...more,
  });
}

export function value(path: string, payload: object, more: Partial<Message> = {}): Message {
  return {
    topic: `envoy2mqtt/122000000001/${path}`,
    payload: JSON.stringify(payload),
    retain: true,
    qos: 0,
    expiry: null,
    json: true,
    ...more,
  };
}

export function config(id: string, components: Readonly<Record<string, string>>, pad = 0): Message {
  const payload = {
    device: { identifiers: [`envoy2mqtt_${id}`], name: id },
    origin: { name: "envoy2mqtt" },
    availability: [{ topic: "envoy2mqtt/bridge/state" }],
    components: Object.fromEntries(
      Object.entries(components).map(([key, topic]) => [
        key,
        { platform: "sensor", unique_id: `u_${key}`, state_topic: `envoy2mqtt/122000000001/${topic}` },
      ]),
    ),
    ...(pad === 0 ? {} : { pad: "x".repeat(pad) }),
  };
  return { topic: TOPICS.deviceConfig(id), payload: JSON.stringify(payload), retain: true, qos: 1, expiry: null, json: true };
}

export function availability(said: string): Message {
  return { topic: TOPICS.availability("122000000001"), payload: said, retain: true, qos: 1, expiry: null, json: false };
}

/** Resolves when `holds`; looked at every few milliseconds. */
export async function until(what: string, holds: () => boolean, ms = 15_000): Promise<void> {
  const end = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await systemClock.sleep(10);
  }
}
