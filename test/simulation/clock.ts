import { getEventListeners } from "node:events";
import type { Clock } from "../../src/lib/clock.ts";

/** Time of a simulated world. Made for millions of wakes: a heap of sleepers, and no turn of the event loop between them. */
export interface WorldClock extends Clock {
  /** Moves to the next wake and lets everything run to its next wait. False where nobody sleeps. */
  step(): Promise<boolean>;
  /** Runs a task once everything that can run has run. */
  soon(task: () => void): void;
  /** The most listeners that a signal was found with; one sleeper in so many is looked at. */
  listeners(): number;
  /** The clock of one process, which dies with it, and whose wall clock may be wrong. */
  processClock(wrongMs: () => number): ProcessClock;
}

export interface ProcessClock extends Clock {
  /** From now on nothing of this process wakes any more. */
  kill(): void;
  isAlive(): boolean;
  /** How many sleepers it has. */
  pending(): number;
}

interface Owner {
  dead: boolean;
  pending: number;
}

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly owner: Owner;
  wake: (() => void) | null;
}

/** So many steps without a turn of the event loop would keep signals and reporters waiting. */
const STEPS_A_TURN = 2_000;
const LISTENERS_ONE_IN = 50;

const settled = () => new Promise<void>((resolve) => process.nextTick(resolve));
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createWorldClock(start: number): WorldClock {
  const heap: Sleeper[] = [];
  const tasks: (() => void)[] = [];
  let time = 0;
  let order = 0;
  let listeners = 0;
  let steps = 0;

  async function settle(): Promise<void> {
    await settled();
    while (tasks.length > 0) {
      for (const task of tasks.splice(0)) task();
      await settled();
    }
    steps += 1;
    if (steps % STEPS_A_TURN === 0) await turn();
  }

  function sleep(owner: Owner, ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sleeper: Sleeper = { at: time + Math.max(0, ms), order: order++, owner, wake: null };
      const onAbort = () => {
        sleeper.wake = null;
        owner.pending -= 1;
        reject(signal?.reason);
      };
      sleeper.wake = () => {
        owner.pending -= 1;
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      owner.pending += 1;
      push(heap, sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
      if (signal !== undefined && order % LISTENERS_ONE_IN === 0)
        listeners = Math.max(listeners, getEventListeners(signal, "abort").length);
    });
  }

  const world: Owner = { dead: false, pending: 0 };
  return {
    now: () => Math.round(start + time),
    monotonic: () => time,
    listeners: () => listeners,
    soon: (task) => void tasks.push(task),
    sleep: (ms, signal) => sleep(world, ms, signal),
    processClock(wrongMs) {
      const owner: Owner = { dead: false, pending: 0 };
      return {
        now: () => Math.round(start + time) + wrongMs(),
        monotonic: () => time,
        sleep: (ms, signal) => (owner.dead ? new Promise(() => {}) : sleep(owner, ms, signal)),
        kill() {
          owner.dead = true;
        },
        isAlive: () => !owner.dead,
        pending: () => owner.pending,
      };
    },
    async step() {
      if (steps === 0) await settle();
      let next = pop(heap);
      while (next !== undefined && (next.wake === null || next.owner.dead)) next = pop(heap);
      if (next === undefined) return false;
      time = Math.max(time, next.at);
      const { wake } = next;
      next.wake = null;
      wake?.();
      await settle();
      return true;
    },
  };
}

function before(one: Sleeper, other: Sleeper): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}

function push(heap: Sleeper[], sleeper: Sleeper): void {
  let at = heap.push(sleeper) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(sleeper, heap[parent] as Sleeper)) break;
    heap[at] = heap[parent] as Sleeper;
    at = parent;
  }
  heap[at] = sleeper;
}

function pop(heap: Sleeper[]): Sleeper | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return first;
  let at = 0;
  while (true) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as Sleeper, heap[child] as Sleeper)) child += 1;
    if (!before(heap[child] as Sleeper, last)) break;
    heap[at] = heap[child] as Sleeper;
    at = child;
  }
  heap[at] = last;
  return first;
}
