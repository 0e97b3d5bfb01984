import type { Calendar } from "./calendar.ts";

/** Today and the six days before, as Enphase counts seven days, and one more for a clock that is set back. */
const MOST_DAYS = 8;
const SEVEN = 7;
/** A clock before this is one that was not set yet (no battery, no network): no day begins by it. */
const EARLIEST_CLOCK = Date.UTC(2020, 0, 1);
/** A clock set back by less than this around midnight does not bring the old day back. */
const SET_BACK_MS = 3_600_000;

/** Where a counter stood when a day began. */
export interface DayStart {
  readonly day: number;
  readonly wh: number;
}

/** The last days of one counter, oldest first; the last one is the day of the last reading. */
export interface Ledger {
  readonly days: readonly DayStart[];
  readonly lastWh: number;
  /** Epoch ms of the last reading by a clock that was set. */
  readonly lastAt: number;
}

/** What the gateway itself says of the day and the week in which the ledger is opened, Wh. */
export interface Seed {
  readonly todayWh: number | null;
  readonly sevenDaysWh: number | null;
  /** The gateway's own lifetime value. */
  readonly lifetimeWh: number;
  /** The most that can be made in so many ms, Wh. */
  readonly mostWh: (elapsedMs: number) => number;
}

/** A counter's first day. Without a plausible seed today begins at this reading. */
export function openLedger(valueWh: number, at: number, calendar: Calendar, seed: Seed | null): Ledger {
  const now = Math.max(at, EARLIEST_CLOCK);
  const today = calendar.dayAt(now);
  const todayWh = seed === null ? null : plausible(seed.todayWh, 0, seed, now - calendar.startOf(today));
  const start: DayStart = { day: today, wh: valueWh - (todayWh ?? 0) };
  return { days: [...daysBefore(start, todayWh, seed, now, calendar), start], lastWh: valueWh, lastAt: now };
}

function plausible(wh: number | null, leastWh: number, seed: Seed, elapsedMs: number): number | null {
  if (wh === null || !(wh >= leastWh) || wh > seed.lifetimeWh || wh > seed.mostWh(elapsedMs)) return null;
  return wh;
}

/** Of the six days before, the gateway says the sum only: each gets the same share, until it is out of the week. */
function daysBefore(start: DayStart, todayWh: number | null, seed: Seed | null, now: number, calendar: Calendar): DayStart[] {
  if (todayWh === null || seed === null) return [];
  const sevenDaysWh = plausible(seed.sevenDaysWh, todayWh, seed, now - calendar.startOf(start.day - SEVEN + 1));
  if (sevenDaysWh === null) return [];
  const shareWh = (sevenDaysWh - todayWh) / (SEVEN - 1);
  return Array.from({ length: SEVEN - 1 }, (_, index) => {
    const ago = SEVEN - 1 - index;
    return { day: start.day - ago, wh: start.wh - shareWh * ago };
  });
}

/**
 * Enters a good reading. What was gained since the last one is divided at every midnight in between, by time: so a bridge that was
 * away over midnight, or a value that was held over it, gives each day its likely share and the sum is right.
 */
export function enter(ledger: Ledger, valueWh: number, at: number, calendar: Calendar): Ledger {
  if (at < EARLIEST_CLOCK) return ledger.lastWh === valueWh ? ledger : { ...ledger, lastWh: valueWh };
  const today = calendar.dayAt(at);
  const last = ledger.days.at(-1)!;
  if (today === last.day || (today < last.day && at > ledger.lastAt - SET_BACK_MS)) {
    return { days: ledger.days, lastWh: valueWh, lastAt: today === last.day ? at : ledger.lastAt };
  }
  const days =
    today < last.day ? turnBack(ledger.days, today) : [...ledger.days, ...midnights(ledger, last.day, today, valueWh, at, calendar)];
  return { days: days.slice(-MOST_DAYS), lastWh: valueWh, lastAt: at };
}

function midnights(ledger: Ledger, from: number, to: number, valueWh: number, at: number, calendar: Calendar): DayStart[] {
  const starts: DayStart[] = [];
  for (let day = Math.max(from + 1, to - MOST_DAYS + 1); day <= to; day += 1) {
    const share = (calendar.startOf(day) - ledger.lastAt) / Math.max(1, at - ledger.lastAt);
    starts.push({ day, wh: ledger.lastWh + (valueWh - ledger.lastWh) * Math.min(1, Math.max(0, share)) });
  }
  return starts;
}

/** The clock was ahead and has been set right: what was counted in days that have not come yet belongs to this one. */
function turnBack(days: readonly DayStart[], today: number): DayStart[] {
  const come = days.filter(({ day }) => day <= today);
  if (come.at(-1)?.day === today) return come;
  const firstAhead = days[come.length]!;
  return [...come, { day: today, wh: firstAhead.wh }];
}

/** The same days counted by another zone, whose present day may have another number. */
export function rezone(ledger: Ledger, calendar: Calendar): Ledger {
  const by = calendar.dayAt(ledger.lastAt) - ledger.days.at(-1)!.day;
  return by === 0 ? ledger : { ...ledger, days: ledger.days.map(({ day, wh }) => ({ day: day + by, wh })) };
}

/** The day that `at` is in for this ledger: never before its last one. */
function present(ledger: Ledger, at: number, calendar: Calendar): number {
  const last = ledger.days.at(-1)!.day;
  return at < EARLIEST_CLOCK ? last : Math.max(last, calendar.dayAt(at));
}

/** Wh since local midnight. */
export function todayOf(ledger: Ledger, at: number, calendar: Calendar): number {
  const last = ledger.days.at(-1)!;
  return present(ledger, at, calendar) === last.day ? ledger.lastWh - last.wh : 0;
}

/** Wh of today and the six days before; of fewer where the ledger is younger. */
export function sevenDaysOf(ledger: Ledger, at: number, calendar: Calendar): number {
  const first = present(ledger, at, calendar) - SEVEN + 1;
  const start = ledger.days.find(({ day }) => day >= first);
  return start === undefined ? 0 : ledger.lastWh - start.wh;
}
