import { setTimeout as wait } from "node:timers/promises";

/** Time, as it is handed to everything that waits or stamps. Tests bring a virtual one. */
export interface Clock {
  /** Wall clock, milliseconds since 1970 UTC; may jump. */
  now(): number;
  /** Milliseconds that never jump: for durations and deadlines. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

const LONGEST = 2 ** 31 - 1;

/** The machine's own time. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    for (let left = ms; left > 0; left -= LONGEST) {
      await wait(Math.min(left, LONGEST), undefined, signal === undefined ? {} : { signal });
    }
    signal?.throwIfAborted();
  },
};
