import { follows, type Line, mostWh, ROUNDING_WH, WRAP_AT_ONCE_WH, WRAP_CONFIRMED_WH, WRAP_WH, wrapsBetween } from "./line.ts";

/** A new count is believed after this many readings in a row that agree with one another … */
const CONFIRMING_READINGS = 5;
/** … over at least this long … */
const CONFIRMING_MS = 10 * 60_000;
/** … and a counter that was never seen above zero after this long: gateways count from zero for minutes after they started. */
const FIRST_ZERO_MS = 60 * 60_000;
/** A count that was left comes back within this long, or is a new one. */
const RETURN_MS = 7 * 24 * 3_600_000;
/** A number that stood still for this long at most may then have all that was made meanwhile. */
const STILL_MS = 24 * 3_600_000;
/** How many left counts are remembered. */
const MOST_LEFT = 3;

/** Readings that do not follow the present count, but one another. */
export interface Doubt {
  readonly firstWh: number;
  readonly firstAt: number;
  readonly rawWh: number;
  readonly at: number;
  readonly count: number;
}

/** What the guard knows of one counter. Times are steady ms: they never jump and go on over a restart. */
export interface Guard {
  /** What is published, Wh; never falls. `null` before the first good reading. */
  readonly valueWh: number | null;
  /** The count that is followed now; `null` before the first one. */
  readonly line: Line | null;
  readonly doubt: Doubt | null;
  /** Counts that were left and may come back, newest first. */
  readonly left: readonly Line[];
}

/**
 * Why another count is followed from now on. `reset`: it began at zero. `replaced`: it is lower, as another meter's. `jump`: it is
 * higher than could have been made. `wrap`: the 32 bits of joules of an inverter were full. `returned`: an earlier count came back.
 */
export type Cause = "reset" | "replaced" | "jump" | "wrap" | "returned";

/** A change of the count that is followed. */
export interface Rebase {
  readonly cause: Cause;
  /** The last reading of the count that was left, Wh. */
  readonly fromWh: number;
  /** The reading that is followed now, Wh. */
  readonly toWh: number;
}

export interface Verdict {
  readonly guard: Guard;
  /** Whether the reading is part of what is published; `false` while the last good value is held. */
  readonly accepted: boolean;
  readonly rebase: Rebase | null;
}

export const NEW_GUARD: Guard = { valueWh: null, line: null, doubt: null, left: [] };

/**
 * Judges one reading of a counter, Wh, read at `at` (steady ms), through which at most `limitWatts` can flow. `zeroIsTrue`: a first zero
 * is no sign of a gateway that has just started. What cannot be true is
 * held; what stays is followed from there on, so that the published value goes on from the held one without the jump.
 */
export function judge(guard: Guard, wh: number | null, limitWatts: number, at: number, zeroIsTrue = false): Verdict {
  if (wh === null || !Number.isFinite(wh) || wh < 0) return held(guard);
  if (guard.line === null) return judgeFirst(guard, wh, limitWatts, at, zeroIsTrue);
  const roomWh = mostWh(limitWatts, at - guard.line.at);
  if (follows(guard.line.rawWh, wh, roomWh)) return accept(guard, guard.line, wh, at);
  const wraps = wrapsBetween(guard.line.rawWh, wh, roomWh, WRAP_AT_ONCE_WH);
  if (wraps > 0) return carry(guard, guard.line, wh, wraps, at);
  // The highest reading was the glitch: nothing to follow anew, the counter will pass it.
  if (wh < guard.line.rawWh && wh >= guard.line.beforeWh - ROUNDING_WH)
    return held(guard.doubt === null ? guard : { ...guard, doubt: null });
  return judgeDoubt(guard, guard.line, wh, limitWatts, at);
}

function held(guard: Guard): Verdict {
  return { guard, accepted: false, rebase: null };
}

function accept(guard: Guard, line: Line, wh: number, at: number): Verdict {
  const rises = wh > line.rawWh;
  const next: Line = rises ? { ...line, beforeWh: line.rawWh, rawWh: wh, at, roseAt: at } : { ...line, at };
  const valueWh = Math.max(guard.valueWh ?? 0, next.rawWh + next.offsetWh);
  return { guard: { valueWh, line: next, doubt: null, left: guard.left }, accepted: true, rebase: null };
}

/** The first reading is taken as it is, other than a zero, or goes on from a value that was estimated so far. */
function judgeFirst(guard: Guard, wh: number, limitWatts: number, at: number, zeroIsTrue: boolean): Verdict {
  if (guard.valueWh !== null) {
    const line = startAt(wh, guard.valueWh - wh, at);
    return { guard: { ...guard, line }, accepted: true, rebase: { cause: "replaced", fromWh: guard.valueWh, toWh: wh } };
  }
  const doubt = wh === 0 && !zeroIsTrue ? extend(guard.doubt, wh, limitWatts, at) : null;
  if (doubt !== null && !confirmed(doubt, FIRST_ZERO_MS)) return held({ ...guard, doubt });
  return { guard: { valueWh: wh, line: startAt(wh, 0, at), doubt: null, left: [] }, accepted: true, rebase: null };
}

function startAt(wh: number, offsetWh: number, at: number): Line {
  return { rawWh: wh, beforeWh: wh, offsetWh, at, roseAt: at };
}

function carry(guard: Guard, line: Line, wh: number, wraps: number, at: number): Verdict {
  const offsetWh = line.offsetWh + wraps * WRAP_WH;
  const valueWh = Math.max(guard.valueWh ?? 0, wh + offsetWh);
  return {
    guard: { valueWh, line: startAt(wh, offsetWh, at), doubt: null, left: leave(guard, line, at) },
    accepted: true,
    rebase: { cause: "wrap", fromWh: line.rawWh, toWh: wh },
  };
}

function judgeDoubt(guard: Guard, line: Line, wh: number, limitWatts: number, at: number): Verdict {
  const doubt = extend(guard.doubt, wh, limitWatts, at);
  if (!confirmed(doubt, CONFIRMING_MS)) return held({ ...guard, doubt });
  const goesOn = (since: Line) => follows(since.rawWh, wh, mostWh(limitWatts, at - since.roseAt));
  const back = guard.left.findIndex((left) => at - left.at <= RETURN_MS && goesOn(left));
  if (back !== -1) return goBack(guard, line, back, wh, at);
  if (at - line.roseAt <= STILL_MS && goesOn(line)) return accept(guard, line, wh, at);
  const wraps = wrapsBetween(line.rawWh, wh, mostWh(limitWatts, at - line.at), WRAP_CONFIRMED_WH);
  return wraps > 0 ? carry(guard, line, wh, wraps, at) : rebase(guard, line, doubt, limitWatts, at);
}

function extend(doubt: Doubt | null, wh: number, limitWatts: number, at: number): Doubt {
  if (doubt === null || !follows(doubt.rawWh, wh, mostWh(limitWatts, at - doubt.at))) {
    return { firstWh: wh, firstAt: at, rawWh: wh, at, count: 1 };
  }
  return { ...doubt, rawWh: Math.max(doubt.rawWh, wh), at, count: doubt.count + 1 };
}

function confirmed(doubt: Doubt, ms: number): boolean {
  return doubt.count >= CONFIRMING_READINGS && doubt.at - doubt.firstAt >= ms;
}

/** Follows the doubted count; what it counted since its first reading was made, the step up or down to it was not. */
function rebase(guard: Guard, line: Line, doubt: Doubt, limitWatts: number, at: number): Verdict {
  const heldWh = guard.valueWh ?? 0;
  const next = startAt(doubt.rawWh, heldWh - doubt.firstWh, at);
  return {
    guard: { valueWh: Math.max(heldWh, next.rawWh + next.offsetWh), line: next, doubt: null, left: leave(guard, line, at) },
    accepted: true,
    rebase: { cause: causeOf(line, doubt, limitWatts), fromWh: line.rawWh, toWh: doubt.rawWh },
  };
}

function causeOf(line: Line, doubt: Doubt, limitWatts: number): Cause {
  if (doubt.firstWh > line.rawWh) return "jump";
  return doubt.firstWh <= mostWh(limitWatts, doubt.firstAt - line.at) ? "reset" : "replaced";
}

/**
 * The count that was left goes on: it knows what was made meanwhile, so what the other one counted is not added to it. Where that
 * was more, the value is held until the old count has passed it.
 */
function goBack(guard: Guard, line: Line, index: number, wh: number, at: number): Verdict {
  const old = guard.left[index]!;
  const back = accept({ ...guard, left: guard.left.slice(index + 1) }, old, wh, at);
  return { ...back, rebase: { cause: "returned", fromWh: line.rawWh, toWh: wh } };
}

function leave(guard: Guard, line: Line, at: number): Line[] {
  return [line, ...guard.left].filter((left) => at - left.at <= RETURN_MS).slice(0, MOST_LEFT);
}
