import { expect, test } from "vitest";
import { type Account, aheadWh, count, estimate, type Moment, NEW_ACCOUNT, show } from "../../src/energy/account.ts";
import { createCalendar } from "../../src/energy/calendar.ts";

const MINUTE = 60_000;
const WEEK = 7 * 24 * 60 * MINUTE;
const NOW = Date.UTC(2026, 5, 1, 10);
const calendar = createCalendar("UTC");
const moment = (ms: number): Moment => ({ wall: NOW + ms, steady: 9 * WEEK + ms, calendar });
const power = (watts: number | null, ms: number) => ({ id: "battery_charged", watts, at: NOW + ms });
const metered = (): Account => count(NEW_ACCOUNT, { id: "battery_charged", wh: 1_000, at: NOW, limitWatts: 5_000 }, moment(0)).account;

test("an estimate is written ahead by a minute of its power and 20 Wh", () => {
  expect(aheadWh({ wh: 100, last: { watts: 3_000, at: 0 } })).toBe(100 + 50 + 20);
  expect(aheadWh({ wh: 100, last: null })).toBe(120);
});

test("the same power of the same moment counts once", () => {
  const first = estimate(NEW_ACCOUNT, power(600, 0), moment(0));
  expect(estimate(first, power(600, 0), moment(MINUTE))).toBe(first);
  expect(estimate(first, power(600, MINUTE), moment(MINUTE)).guard.valueWh).toBe(10);
});

test("a meter that has been silent for a week is gone, not a moment sooner; the estimate goes on from it", () => {
  const account = metered();
  expect(estimate(account, power(600, WEEK), moment(WEEK))).toBe(account);
  const after = estimate(account, power(600, WEEK + 1), moment(WEEK + 1));
  expect(after.flow).toEqual({ wh: 1_000, last: { watts: 600, at: 10 * WEEK + 1 } });
  expect(after.guard.valueWh).toBe(1_000);
  expect(estimate(after, power(600, WEEK + MINUTE), moment(WEEK + MINUTE + 1)).guard.valueWh).toBe(1_010);
});

test("an estimate is not shown beyond what is written, and never below what was shown", () => {
  const first = { ...estimate(NEW_ACCOUNT, power(600, 0), moment(0)), ceilingWh: 5 };
  const second = estimate(first, power(600, MINUTE), moment(MINUTE));
  expect(second.flow?.wh).toBe(10);
  expect(second.guard.valueWh).toBe(5);
  const third = estimate({ ...second, ceilingWh: 3 }, power(600, 2 * MINUTE), moment(2 * MINUTE));
  expect(third.guard.valueWh).toBe(5);
});

test("without a power there is no estimate", () => {
  const none = estimate(NEW_ACCOUNT, power(null, 0), moment(0));
  expect(none.guard.valueWh).toBeNull();
  expect(none.ledger).toBeNull();
  expect(show(none, undefined, NOW, calendar)).toEqual({ lifetimeWh: null, todayWh: null, sevenDaysWh: null, estimated: true });
});

test("what is shown is the same object only where every number is the same", () => {
  const account = metered();
  const shown = show(account, undefined, NOW, calendar);
  expect(shown).toEqual({ lifetimeWh: 1_000, todayWh: 0, sevenDaysWh: 0, estimated: false });
  expect(show(account, { ...shown }, NOW, calendar)).toEqual(shown);
  const same = { ...shown };
  expect(show(account, same, NOW, calendar)).toBe(same);
  for (const change of [{ lifetimeWh: 1 }, { todayWh: 1 }, { sevenDaysWh: 1 }, { estimated: true }])
    expect(show(account, { ...shown, ...change }, NOW, calendar)).toEqual(shown);
  expect(show({ ...account, withheld: true }, undefined, NOW, calendar).lifetimeWh).toBeNull();
  expect(show({ ...account, ledger: null }, undefined, NOW, calendar).lifetimeWh).toBeNull();
});

test("the gateway's own today is held against what can be made in its day", () => {
  const seeded = (todayWh: number) =>
    count(NEW_ACCOUNT, { id: "production", wh: 900_000, at: NOW, limitWatts: 1_000, todayWh }, moment(0)).account;
  // Ten hours of 1 kW, half as much again, and 5 Wh of rounding.
  expect(show(seeded(15_005), undefined, NOW, calendar).todayWh).toBe(15_005);
  expect(show(seeded(15_006), undefined, NOW, calendar).todayWh).toBe(0);
});
