import type { Message } from "../model/message.ts";
import type { StateTopic, View } from "../model/view.ts";
import type { TopicNames } from "./topic-names.ts";

/** One JSON message per state topic of `view`. */
export function stateMessages(view: View, topics: TopicNames): readonly Message[] {
  return view.states.map((state) => stateMessage(view.serial, state, topics));
}

/** As `stateMessages`; a state that is the same object as in the view before gives the same message as before. */
export function createStateMessages(topics: TopicNames): (view: View) => readonly Message[] {
  let known = new Map<StateTopic, Message>();
  let last: { readonly view: View; readonly messages: readonly Message[] } | null = null;
  return (view) => {
    if (view === last?.view) return last.messages;
    const before = view.serial === last?.view.serial ? known : new Map<StateTopic, Message>();
    known = new Map(view.states.map((state) => [state, before.get(state) ?? stateMessage(view.serial, state, topics)]));
    last = { view, messages: [...known.values()] };
    return last.messages;
  };
}

function stateMessage(serial: string, { path, payload, qos, retain, expiry }: StateTopic, topics: TopicNames): Message {
  return { topic: topics.state(serial, path), payload: JSON.stringify(payload), retain, qos, expiry, json: true };
}
