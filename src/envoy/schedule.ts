import type { BridgeError } from "../model/errors.ts";
import type { IntervalName, Source } from "./source.ts";

/** ms between two readings, by what a source reads. `once` is read again only where it failed. */
export type Intervals = Readonly<Record<Exclude<IntervalName, "once">, number>>;

export const INTERVALS: Intervals = { meters: 10_000, production: 30_000, inverters: 300_000, inventory: 900_000 };

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** From this many failures without an answer on, a source is suspected of harming the gateway. */
const HARMFUL = 3;

/** ms from the start of a good reading to the next: a source that is slower than its interval is asked less often, half of the time at most. */
export function pauseAfterSuccess({ interval }: Source, intervals: Intervals, tookMs: number): number {
  return interval === "once" ? Number.POSITIVE_INFINITY : Math.max(intervals[interval], 2 * tookMs);
}

/**
 * ms from the start of a failed reading to the next, longer with each failure. A core source is asked at least each minute; another one
 * that brings no answer at all rests for an hour, since some endpoints are known to bring gateways down.
 */
export function pauseAfterFailure(source: Source, intervals: Intervals, tookMs: number, failures: number, error: BridgeError): number {
  const interval = source.interval === "once" ? 15 * MINUTE : intervals[source.interval];
  const least = Math.max(interval, 2 * tookMs, error.retryAfterMs ?? 0);
  const isSilent = error.code === "timeout" || error.code === "unreachable";
  if (!source.core && isSilent && failures >= HARMFUL) return Math.max(least, HOUR);
  return Math.max(least, Math.min(interval * 2 ** (failures - 1), source.core ? MINUTE : 15 * MINUTE));
}
