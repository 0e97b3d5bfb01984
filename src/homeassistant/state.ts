import type { Message } from "../model/message.ts";
import type { View } from "../model/view.ts";
import type { TopicNames } from "./topic-names.ts";

/** One JSON message per state topic of `view`. */
export function stateMessages(view: View, topics: TopicNames): readonly Message[] {
  return view.states.map(({ path, payload, qos, retain, expiry }) => ({
    topic: topics.state(view.serial, path),
    payload: JSON.stringify(payload),
    retain,
    qos,
    expiry,
    json: true,
  }));
}
