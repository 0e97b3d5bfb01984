import type { CounterReading, CounterValue, PowerReading } from "../model/energy.ts";
import type { Calendar } from "./calendar.ts";
import { enter, type Ledger, openLedger, sevenDaysOf, todayOf } from "./days.ts";
import { type Integral, integrate } from "./integral.ts";
import { type Guard, judge, NEW_GUARD, type Rebase } from "./judge.ts";
import { mostWh } from "./line.ts";

/** A meter that said nothing for so long does not count any more: what flows is estimated from then on. */
const METER_GONE_MS = 7 * 24 * 3_600_000;
/** An estimate is written ahead by what flows in a minute and a little, so that a crash between two saves does not make it fall. */
const AHEAD_MS = 60_000;
const AHEAD_WH = 20;

/** Everything that is kept of one counter. */
export interface Account {
  readonly guard: Guard;
  /** Where it is estimated from power. */
  readonly flow: Integral | null;
  /** As far as an estimate may be published: a crash now would go on from here. */
  readonly ceilingWh: number;
  readonly ledger: Ledger | null;
  /** After a crash, the value in the file may be older than what was published: nothing is shown until a reading confirms it. */
  readonly withheld: boolean;
  /** The last reading as it was given: a group that was not read again brings it again. */
  readonly seen: { readonly at: number; readonly value: number | null } | null;
}

/** A moment: by the wall clock, by steady time, and in which days. */
export interface Moment {
  readonly wall: number;
  readonly steady: number;
  readonly calendar: Calendar;
}

export const NEW_ACCOUNT: Account = {
  guard: NEW_GUARD,
  flow: null,
  ceilingWh: Number.POSITIVE_INFINITY,
  ledger: null,
  withheld: false,
  seen: null,
};

/** Enters a counter's reading; the same account where it says nothing new. */
export function count(
  account: Account,
  reading: CounterReading,
  moment: Moment,
): { readonly account: Account; readonly rebase: Rebase | null } {
  if (wasSeen(account, reading.at, reading.wh)) return { account, rebase: null };
  const { guard, accepted, rebase } = judge(account.guard, reading.wh, reading.limitWatts, moment.steady, reading.zeroIsTrue);
  const seen = { at: reading.at, value: reading.wh };
  if (!accepted || guard.valueWh === null) return { account: { ...account, guard, seen }, rebase: null };
  const ledger = book(account.ledger, guard.valueWh, moment, reading);
  return { account: { ...account, guard, ledger, seen, flow: null, withheld: false }, rebase };
}

function wasSeen({ seen }: Account, at: number, value: number | null): boolean {
  return seen !== null && seen.at === at && seen.value === value;
}

function book(ledger: Ledger | null, valueWh: number, { wall, calendar }: Moment, reading: CounterReading | null): Ledger {
  if (ledger !== null) return enter(ledger, valueWh, wall, calendar);
  if (reading === null) return openLedger(valueWh, wall, calendar, null);
  const { limitWatts, todayWh = null, sevenDaysWh = null } = reading;
  const most = (ms: number) => mostWh(limitWatts, ms);
  return openLedger(valueWh, wall, calendar, { todayWh, sevenDaysWh, lifetimeWh: valueWh, mostWh: most });
}

/** Enters a power whose energy no meter counts; where one does, the meter counts. */
export function estimate(account: Account, { watts, at }: PowerReading, moment: Moment): Account {
  if (wasSeen(account, at, watts)) return account;
  const { line, valueWh } = account.guard;
  if (line !== null && moment.steady - line.at <= METER_GONE_MS) return account;
  const flow = integrate(account.flow ?? { wh: valueWh ?? 0, last: null }, watts, moment.steady);
  const next = { ...account, flow, seen: { at, value: watts } };
  if (valueWh === null && flow.last === null) return next;
  const publishedWh = Math.max(valueWh ?? 0, Math.min(flow.wh, account.ceilingWh));
  const ledger = book(account.ledger, publishedWh, moment, null);
  return { ...next, guard: { ...NEW_GUARD, valueWh: publishedWh }, ledger, withheld: false };
}

/** As far as an estimate is written ahead, Wh. */
export function aheadWh(flow: Integral): number {
  return flow.wh + ((flow.last?.watts ?? 0) * AHEAD_MS) / 3_600_000 + AHEAD_WH;
}

/** What is published; `shown` itself where it is the same. */
export function show(account: Account, shown: CounterValue | undefined, wall: number, calendar: Calendar): CounterValue {
  const { guard, flow, ledger, withheld } = account;
  const known = guard.valueWh !== null && ledger !== null && !withheld;
  const next: CounterValue = {
    lifetimeWh: known ? guard.valueWh : null,
    todayWh: known ? todayOf(ledger, wall, calendar) : null,
    sevenDaysWh: known ? sevenDaysOf(ledger, wall, calendar) : null,
    estimated: flow !== null,
  };
  return shown !== undefined && same(shown, next) ? shown : next;
}

function same(a: CounterValue, b: CounterValue): boolean {
  return a.lifetimeWh === b.lifetimeWh && a.todayWh === b.todayWh && a.sevenDaysWh === b.sevenDaysWh && a.estimated === b.estimated;
}
