/** Over a longer gap than this nothing is known, and nothing is counted. */
export const LONGEST_GAP_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;

/** Energy that no meter counts, summed up from power. Times are steady ms. */
export interface Integral {
  readonly wh: number;
  /** The last power, W, and when it was read; `null` while unknown. */
  readonly last: { readonly watts: number; readonly at: number } | null;
}

/**
 * Goes on with the power read at `at`, W: between two readings it is taken to have run straight from one to the other. Over a gap of
 * more than five minutes, or while it is unknown, nothing is counted: the sum is too low then, never made up.
 */
export function integrate(integral: Integral, watts: number | null, at: number): Integral {
  if (watts === null || !Number.isFinite(watts) || watts < 0) return integral.last === null ? integral : { wh: integral.wh, last: null };
  const last = { watts, at };
  if (integral.last === null) return { wh: integral.wh, last };
  const elapsed = at - integral.last.at;
  if (elapsed < 0 || elapsed > LONGEST_GAP_MS) return { wh: integral.wh, last };
  return { wh: integral.wh + (((integral.last.watts + watts) / 2) * elapsed) / HOUR_MS, last };
}
