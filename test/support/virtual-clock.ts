import type { Clock } from "../../src/lib/clock.ts";

export interface VirtualClockOptions {
  /** Wall clock at the start, epoch milliseconds. */
  readonly start?: number;
  /** True while real work (a socket, a file) is under way that virtual time must not overtake. */
  readonly busy?: () => boolean;
}

/** A clock that moves only when told to. Sleepers wake in order of their time, then of their arrival. */
export interface VirtualClock extends Clock {
  /** Moves on by `ms`; everything that wakes on the way runs to its next wait before time goes on. */
  advance(ms: number): Promise<void>;
  /** Moves from wake to wake until `condition` holds; throws where it does not within `limitMs` of virtual time (default 1 h). */
  advanceUntil(condition: () => boolean, limitMs?: number): Promise<void>;
  /** Lets everything that can run now run, without moving time. */
  settle(): Promise<void>;
  /** The wall clock jumps (NTP, a dead battery); durations do not notice. */
  jump(ms: number): void;
  /** How many sleepers there are; 0 after everything has ended. */
  pending(): number;
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Turns of the event loop after which code that waits for nothing real has come to its next wait. */
const TURNS = 6;
/** Real milliseconds for which `busy` work is waited for. */
const PATIENCE_MS = 5_000;

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Starts at 2026-06-01 12:00 UTC unless told otherwise. */
export function createVirtualClock(options: VirtualClockOptions = {}): VirtualClock {
  const busy = options.busy ?? (() => false);
  let wallOffset = options.start ?? Date.UTC(2026, 5, 1, 12);
  let time = 0;
  let order = 0;
  const sleepers = new Set<Sleeper>();

  function sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        sleepers.delete(sleeper);
        reject(signal?.reason);
      };
      const wake = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const sleeper: Sleeper = { at: time + Math.max(0, ms), order: order++, wake };
      sleepers.add(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  async function settle(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (let quiet = 0; quiet < TURNS; quiet += 1) {
      await turn();
      if (busy() && performance.now() < deadline) quiet = -1;
    }
  }

  function nextSleeper(until: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.at > until) continue;
      if (first === undefined || sleeper.at < first.at || (sleeper.at === first.at && sleeper.order < first.order)) first = sleeper;
    }
    return first;
  }

  async function step(until: number): Promise<boolean> {
    await settle();
    const sleeper = nextSleeper(until);
    if (sleeper === undefined) return false;
    time = Math.max(time, sleeper.at);
    sleepers.delete(sleeper);
    sleeper.wake();
    return true;
  }

  async function advance(ms: number): Promise<void> {
    const until = time + ms;
    while (await step(until));
    time = until;
    await settle();
  }

  async function advanceUntil(condition: () => boolean, limitMs = 3_600_000): Promise<void> {
    const until = time + limitMs;
    while (true) {
      await settle();
      if (condition()) return;
      if (await step(until)) continue;
      if (condition()) return;
      throw new Error(`not within ${limitMs} ms of virtual time: ${condition}`);
    }
  }

  return {
    now: () => Math.round(wallOffset + time),
    monotonic: () => time,
    sleep,
    advance,
    advanceUntil,
    settle,
    jump: (ms) => {
      wallOffset += ms;
    },
    pending: () => sleepers.size,
  };
}
