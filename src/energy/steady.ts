import type { Clock } from "../lib/clock.ts";

/** A wall clock before this was not set yet. */
const EARLIEST_CLOCK = Date.UTC(2020, 0, 1);

/** A moment on the steady time line, with the wall clock that belonged to it. */
export interface SteadyPoint {
  /** Milliseconds of a time line that only goes forward, over restarts too. */
  readonly ms: number;
  /** Epoch ms; 0 where the clock was never set. */
  readonly wall: number;
}

/** Time for judging how much can have flowed. */
export interface SteadyTime {
  /** Steady ms at the wall clock's `wall`. */
  read(wall: number): number;
  point(): SteadyPoint;
}

/**
 * Goes on from a saved point. Each step is the longer of what the machine's monotonic and its wall clock say: the monotonic one
 * stands still while the machine sleeps or the bridge is down, the wall clock may be set back, or start in 1970.
 */
export function createSteadyTime(saved: SteadyPoint | null, clock: Clock): SteadyTime {
  let point: SteadyPoint = saved ?? { ms: 0, wall: 0 };
  let monotonic = clock.monotonic();
  return {
    read(wall) {
      const set = wall >= EARLIEST_CLOCK;
      const byWall = set && point.wall > 0 ? wall - point.wall : 0;
      const now = clock.monotonic();
      point = { ms: point.ms + Math.max(0, now - monotonic, byWall), wall: set ? wall : point.wall };
      monotonic = now;
      return point.ms;
    },
    point: () => point,
  };
}
