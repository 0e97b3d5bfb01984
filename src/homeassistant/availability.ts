import type { Message } from "../model/message.ts";
import type { TopicNames } from "./topic-names.ts";

/** When a gateway's values stop being the truth. */
export interface AvailabilityLimits {
  /** Rounds without a good core reading. */
  readonly missedRounds: number;
  /** Milliseconds between two rounds. */
  readonly roundMs: number;
  /** Milliseconds that must have passed in any case; gateways drop out for seconds, and people hate the flicker. */
  readonly graceMs: number;
}

export const DEFAULT_LIMITS: AvailabilityLimits = { missedRounds: 3, roundMs: 30_000, graceMs: 90_000 };

/** Availability of one gateway. `said` is what has to be on its topic, `null` while nothing is known yet. */
export interface Availability {
  readonly said: "online" | "offline" | null;
  /** Monotonic ms of the last good core reading, before the first one of the start. */
  readonly fresh: number;
  readonly good: boolean;
  /** Each source was asked once, so that every announced value has been published. */
  readonly complete: boolean;
}

/** Times are monotonic milliseconds. */
export type AvailabilityEvent =
  /** A core reading succeeded. */
  | { readonly type: "good"; readonly at: number }
  /** Each source was asked once since the session began. */
  | { readonly type: "complete"; readonly at: number }
  /** Time passed. Sent also when no poll is made at all: a hung loop is not online. */
  | { readonly type: "tick"; readonly at: number }
  /** Clean stop. */
  | { readonly type: "stopped" };

export function startAvailability(at: number): Availability {
  return { said: null, fresh: at, good: false, complete: false };
}

/**
 * Online while the last good core reading is fresh, offline when it no longer is, whatever the session's state: an early renewal of
 * the token never flickers, and an outage never lies. A gateway that never answered is offline after the grace.
 */
export function nextAvailability(state: Availability, event: AvailabilityEvent, limits: AvailabilityLimits): Availability {
  switch (event.type) {
    case "stopped":
      return { ...state, said: "offline" };
    case "good":
      return speak({ ...state, fresh: event.at, good: true }, event.at, limits);
    case "complete":
      return speak({ ...state, complete: true }, event.at, limits);
    case "tick":
      return speak(state, event.at, limits);
  }
}

/** Monotonic ms at which a tick would change what is said; `null` when only a reading can. */
export function availabilityDeadline(state: Availability, limits: AvailabilityLimits): number | null {
  return state.said === "offline" ? null : state.fresh + patience(state, limits);
}

export function availabilityMessage(serial: string, said: "online" | "offline", topics: TopicNames): Message {
  return { topic: topics.availability(serial), payload: said, retain: true, qos: 1, expiry: null, json: false };
}

function speak(state: Availability, at: number, limits: AvailabilityLimits): Availability {
  if (at - state.fresh >= patience(state, limits)) return { ...state, said: "offline" };
  return state.good && state.complete ? { ...state, said: "online" } : state;
}

/** Before the first good reading there are no rounds to miss: what an earlier run of the bridge left on the topic must not stand for long. */
function patience({ good }: Availability, { missedRounds, roundMs, graceMs }: AvailabilityLimits): number {
  return good ? Math.max(graceMs, missedRounds * roundMs) : graceMs;
}
