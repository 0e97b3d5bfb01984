import type { Clock } from "../../src/lib/clock.ts";

/** A clock whose pace may be changed on the way; waits that are under way follow it. */
export interface FastClock extends Clock {
  /** From now on so many times as fast as the machine's. */
  pace(factor: number): void;
  factor(): number;
  /** What it showed (as `now`) when the machine's monotonic clock stood there, and how fast it ran. */
  at(machine: number): { readonly time: number; readonly factor: number };
}

/** A clock that runs `factor` times as fast as the machine's, for whole bridges over real sockets. */
export function fastClock(factor: number, start = Date.now()): FastClock {
  const stretches = [{ machine: performance.now(), passed: 0, factor }];
  const waking = new Set<() => void>();
  const stretchAt = (machine: number) => stretches.findLast((one) => one.machine <= machine) ?? { machine, passed: 0, factor };
  const passedAt = (machine: number) => {
    const stretch = stretchAt(machine);
    return stretch.passed + (machine - stretch.machine) * stretch.factor;
  };
  const passed = () => passedAt(performance.now());
  const present = () => stretchAt(performance.now()).factor;

  /** Until the time is over, the pace changes, or `signal` aborts. */
  const nap = (ms: number, signal?: AbortSignal) =>
    new Promise<void>((resolve) => {
      // A pause shorter than a timer's step would be a busy loop.
      const timer = setTimeout(end, Math.max(1, Math.min(ms / present(), 2 ** 31 - 1)));
      function end() {
        clearTimeout(timer);
        waking.delete(end);
        signal?.removeEventListener("abort", end);
        resolve();
      }
      waking.add(end);
      signal?.addEventListener("abort", end, { once: true });
    });

  return {
    now: () => Math.round(start + passed()),
    monotonic: passed,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      const end = passed() + ms;
      do {
        await nap(end - passed(), signal);
        signal?.throwIfAborted();
      } while (passed() < end);
    },
    pace(next) {
      const machine = performance.now();
      stretches.push({ machine, passed: passedAt(machine), factor: next });
      for (const wake of [...waking]) wake();
    },
    factor: present,
    at: (machine) => ({ time: Math.round(start + passedAt(machine)), factor: stretchAt(machine).factor }),
  };
}
