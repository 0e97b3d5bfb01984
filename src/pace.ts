import type { Intervals } from "./config/types.ts";

/** How often what changes by itself (ages, staleness, midnight, availability) is looked at and written, ms. */
export interface Pace {
  /** One gateway's own look. */
  readonly lookMs: number;
  /** What is said of the bridge itself, and what is written to disk: the most that an abrupt end may cost. */
  readonly saveMs: number;
  /** What did not change is published again after this. */
  readonly heartbeatMs: number;
}

const LOOK_MS = { least: 5_000, most: 3_600_000 };
const SAVE_MS = 60_000;
const HEARTBEAT_MS = 300_000;

/** Twice in the shortest interval in which one of these gateways is read: between two readings there is little to see, and nothing to write. */
export function paceOf(...intervals: readonly Intervals[]): Pace {
  const shortestMs = Math.min(...intervals.flatMap((own) => Object.values(own))) * 1000;
  const lookMs = Math.min(LOOK_MS.most, Math.max(LOOK_MS.least, shortestMs / 2));
  return { lookMs, saveMs: Math.max(SAVE_MS, Math.min(LOOK_MS.most, shortestMs)), heartbeatMs: Math.max(HEARTBEAT_MS, shortestMs) };
}
