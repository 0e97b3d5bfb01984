import type { Clock } from "../lib/clock.ts";
import { backOffMs, CLOUD_AWAY_BACK_OFF, CLOUD_BACK_OFF, GATEWAY_BACK_OFF, REFUSED_BACK_OFF } from "./backoff.ts";
import type { State } from "./lifecycle.ts";

/** What a gateway asks for by `Retry-After` is kept to up to this, ms. */
const LONGEST_RETRY_AFTER = 10 * 60_000;

/** A named moment: long enough to be published before the next state takes its place, ms. */
const EXPIRED_MS = 1_000;

/** How long the work of `state` is put off, ms; 0 where it begins at once. */
export function waitMs(state: State, random: () => number): number {
  switch (state.name) {
    case "outage":
      return Math.max(backOffMs(GATEWAY_BACK_OFF, state.memory.failures, random), Math.min(state.retryAfterMs, LONGEST_RETRY_AFTER));
    case "re-setup":
      return state.memory.strikes < 2 ? 0 : backOffMs(GATEWAY_BACK_OFF, state.memory.strikes - 1, random);
    case "refused":
      // A second factor does not go away by itself.
      return state.code === "mfa" ? REFUSED_BACK_OFF.cap : backOffMs(REFUSED_BACK_OFF, state.memory.refusals, random);
    case "refreshing": {
      if (state.failures === 0) return 0;
      const backOff = state.away ? CLOUD_AWAY_BACK_OFF : CLOUD_BACK_OFF;
      return Math.max(backOffMs(backOff, state.failures, random), state.retryAfterMs);
    }
    case "expired":
      return EXPIRED_MS;
    default:
      return 0;
  }
}

/** Waits that a person can cut short. */
export interface Alarm {
  /** Ends the present wait, or else the next one. */
  ring(): void;
  /** Rejects with the signal's reason when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<"timer" | "wake">;
}

export function createAlarm(clock: Clock): Alarm {
  let rung = false;
  let bell: AbortController | null = null;

  return {
    ring() {
      rung = true;
      bell?.abort();
    },
    async wait(ms, signal) {
      const own = new AbortController();
      bell = own;
      try {
        if (!rung) await clock.sleep(ms, AbortSignal.any([own.signal, signal]));
      } catch (error) {
        if (signal.aborted || !own.signal.aborted) throw error;
      } finally {
        bell = null;
      }
      signal.throwIfAborted();
      const woken = rung;
      rung = false;
      return woken ? "wake" : "timer";
    },
  };
}
