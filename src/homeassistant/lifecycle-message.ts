import type { LifecycleStatus } from "../model/lifecycle.ts";
import type { Message } from "../model/message.ts";
import { iso } from "./time.ts";
import type { TopicNames } from "./topic-names.ts";

/** Where a gateway's session stands, retained; the reason says in plain words what a person has to do. */
export function lifecycleMessage(serial: string, status: LifecycleStatus, topics: TopicNames): Message {
  const payload = {
    state: status.state,
    since: iso(status.since),
    reason: status.reason,
    next_attempt: iso(status.nextAttempt),
    token_expires: iso(status.tokenExpires),
    role: status.role,
    renewal: status.renewal,
  };
  return { topic: topics.lifecycle(serial), payload: JSON.stringify(payload), retain: true, qos: 1, expiry: null, json: true };
}
