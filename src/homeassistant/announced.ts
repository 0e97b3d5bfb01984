import type { Json } from "../model/json.ts";
import type { Message } from "../model/message.ts";
import { ORIGIN_NAME } from "./discovery.ts";

/**
 * True when a retained discovery payload is this bridge's own: our origin, and every topic in it below `<base>/`. Another
 * instance of the bridge has the same origin but another base topic.
 */
export function isOwnConfig(payload: string, base: string): boolean {
  const config = object(parse(payload));
  if (object(config?.["origin"])?.["name"] !== ORIGIN_NAME) return false;
  const topics = [...availabilityTopics(config), ...stateTopics(config)];
  return topics.length > 0 && topics.every((topic) => typeof topic === "string" && topic.startsWith(`${base}/`));
}

/**
 * Home Assistant keeps a component that is merely left out of its device's next message. This is what has to be sent before
 * `next`: the message that was announced `before`, with each component that `next` lacks reduced to its platform.
 *
 * @returns `null` when nothing vanishes; removing the whole device (an empty payload) needs no such step.
 */
export function withVanishedStubbed(before: string, next: Message): Message | null {
  const old = object(parse(before));
  const known = object(old?.["components"]);
  const wanted = object(object(parse(next.payload))?.["components"]);
  if (known === null || wanted === null) return null;
  const vanished = Object.keys(known).filter((id) => !Object.hasOwn(wanted, id));
  if (vanished.length === 0) return null;
  const components = { ...known };
  for (const id of vanished) components[id] = { platform: object(known[id])?.["platform"] ?? "sensor" };
  return { ...next, payload: JSON.stringify({ ...old, components }) };
}

function availabilityTopics(config: Readonly<Record<string, Json>> | null): readonly Json[] {
  const list = config?.["availability"];
  return Array.isArray(list) ? list.map((entry) => object(entry)?.["topic"] ?? null) : [];
}

function stateTopics(config: Readonly<Record<string, Json>> | null): readonly Json[] {
  return Object.values(object(config?.["components"]) ?? {}).flatMap((entry) => object(entry)?.["state_topic"] ?? []);
}

function parse(payload: string): Json {
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

function object(value: Json | undefined): Readonly<Record<string, Json>> | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, Json>>) : null;
}
