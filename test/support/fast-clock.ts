import { setTimeout as wait } from "node:timers/promises";
import type { Clock } from "../../src/lib/clock.ts";

/** A clock that runs `factor` times as fast as the machine's, for whole bridges over real sockets. */
export function fastClock(factor: number, start = Date.now()): Clock {
  const began = performance.now();
  const passed = () => (performance.now() - began) * factor;
  return {
    now: () => Math.round(start + passed()),
    monotonic: passed,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      // A pause shorter than a timer's step would be a busy loop.
      await wait(Math.max(1, ms / factor), undefined, signal === undefined ? {} : { signal });
    },
  };
}
