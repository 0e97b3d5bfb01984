import type { Message } from "../model/message.ts";
import type { BridgeEvent } from "../model/view.ts";
import { iso } from "./time.ts";
import type { TopicNames } from "./topic-names.ts";

/** Something that happened, once and not retained: Home Assistant discards replayed events. */
export function eventMessage(serial: string, event: BridgeEvent, topics: TopicNames): Message {
  const payload = { ...event.details, event_type: event.type, ts: iso(event.at) };
  return { topic: topics.event(serial), payload: JSON.stringify(payload), retain: false, qos: 1, expiry: null, json: true };
}
