import { describe, expect, test } from "vitest";
import { createCalendar } from "../../src/energy/calendar.ts";
import { enter, type Ledger, openLedger, rezone, type Seed, sevenDaysOf, todayOf } from "../../src/energy/days.ts";
import { mostWh } from "../../src/energy/line.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const calendar = createCalendar("Europe/Amsterdam");
const at = (text: string) => Date.parse(`${text}Z`);
const seed = (todayWh: number | null, sevenDaysWh: number | null, lifetimeWh = 5_000_000): Seed => ({
  todayWh,
  sevenDaysWh,
  lifetimeWh,
  mostWh: (ms) => mostWh(5_000, ms),
});

describe("the first day", () => {
  // 12:00 local: twelve hours of 5 kW, half as much again, are 90 kWh at most.
  const noon = at("2026-01-10T11:00:00");
  test.each([
    ["the gateway's own today and week", seed(8_000, 60_000), 8_000, 60_000],
    ["today alone where the week is less than it", seed(8_000, 7_000), 8_000, 8_000],
    ["today alone where there is no week", seed(8_000, null), 8_000, 8_000],
    ["nothing where today is more than the lifetime", seed(8_000, 60_000, 7_999), 0, 0],
    ["nothing where today is more than can be made since midnight", seed(91_000, 95_000), 0, 0],
    ["nothing where today is below zero", seed(-1, 60_000), 0, 0],
    ["nothing where today is not known", seed(null, 60_000), 0, 0],
    ["nothing where nothing is said", null, 0, 0],
  ])("begins with %s", (_name, given, today, week) => {
    const ledger = openLedger(5_000_000, noon, calendar, given);
    expect(todayOf(ledger, noon, calendar)).toBe(today);
    expect(sevenDaysOf(ledger, noon, calendar)).toBeCloseTo(week, 6);
  });

  test("F-26: a today that the gateway did not reset at midnight is not taken", () => {
    const justAfter = at("2026-01-09T23:05:00");
    expect(todayOf(openLedger(5_000_000, justAfter, calendar, seed(30_000, 60_000)), justAfter, calendar)).toBe(0);
  });

  test("the days before it leave the week one after the other", () => {
    let ledger = openLedger(5_000_000, noon, calendar, seed(6_000, 66_000));
    const weeks = Array.from({ length: 9 }, (_, index) => {
      const now = noon + index * DAY;
      ledger = enter(ledger, 5_000_000, now, calendar);
      return Math.round(sevenDaysOf(ledger, now, calendar));
    });
    expect(weeks).toEqual([66_000, 56_000, 46_000, 36_000, 26_000, 16_000, 6_000, 0, 0]);
  });
});

describe("midnight", () => {
  const evening = at("2026-01-10T21:00:00"); // 22:00 local
  const midnight = at("2026-01-10T23:00:00");

  test("today begins anew without a reading, and yesterday stays in the week", () => {
    const ledger = enter(openLedger(1_000, evening, calendar, null), 1_500, evening + HOUR, calendar);
    expect(todayOf(ledger, midnight - 1, calendar)).toBe(500);
    expect(todayOf(ledger, midnight, calendar)).toBe(0);
    expect(sevenDaysOf(ledger, midnight, calendar)).toBe(500);
    expect(sevenDaysOf(ledger, midnight + 8 * DAY, calendar)).toBe(0);
  });

  test("what was gained over it is divided by time", () => {
    const ledger = enter(openLedger(1_000, evening, calendar, null), 1_800, midnight + 6 * HOUR, calendar);
    expect(todayOf(ledger, midnight + 6 * HOUR, calendar)).toBe(600);
    expect(sevenDaysOf(ledger, midnight + 6 * HOUR, calendar)).toBe(800);
  });

  test("weeks of absence are divided among their days, and eight are kept", () => {
    const ledger = enter(openLedger(0, midnight, calendar, null), 3_000, midnight + 30 * DAY, calendar);
    expect(ledger.days).toHaveLength(8);
    expect(todayOf(ledger, midnight + 30 * DAY, calendar)).toBe(0);
    expect(sevenDaysOf(ledger, midnight + 30 * DAY, calendar)).toBeCloseTo(600, 6);
  });
});

describe("a clock that jumps", () => {
  const noon = at("2026-06-10T10:00:00");
  const filled = (): Ledger => enter(enter(openLedger(0, noon - DAY, calendar, null), 1_000, noon - HOUR, calendar), 1_100, noon, calendar);

  test("one that was not set yet begins no day", () => {
    const ledger = enter(filled(), 1_200, 5_000, calendar);
    expect(ledger.days).toEqual(filled().days);
    expect(todayOf(ledger, 6_000, calendar)).toBe(todayOf(filled(), noon, calendar) + 100);
    expect(enter(ledger, 1_200, 7_000, calendar)).toBe(ledger);
    expect(todayOf(openLedger(50, 5_000, calendar, null), 5_000, calendar)).toBe(0);
  });

  test("one set back by seconds at midnight does not bring yesterday back", () => {
    const midnight = at("2026-06-10T22:00:00");
    const after = enter(filled(), 1_300, midnight + 1_000, calendar);
    const back = enter(after, 1_301, midnight - 2_000, calendar);
    expect(back.days).toEqual(after.days);
    expect(todayOf(back, midnight - 2_000, calendar)).toBeLessThan(2);
  });

  test("one that was years ahead comes back to the same day", () => {
    const ahead = enter(filled(), 1_150, noon + 20_000 * DAY, calendar);
    expect(ahead.days).toHaveLength(8);
    const back = enter(ahead, 1_200, noon + HOUR, calendar);
    expect(todayOf(back, noon + HOUR, calendar)).toBeLessThanOrEqual(200);
    expect(todayOf(back, noon + HOUR, calendar)).toBeGreaterThanOrEqual(0);
  });

  test("one that was a day ahead counts that day's energy to the present one", () => {
    const ledger = filled();
    const today = todayOf(ledger, noon, calendar);
    const ahead = enter(ledger, 1_150, noon + DAY, calendar);
    expect(todayOf(enter(ahead, 1_200, noon + HOUR, calendar), noon + HOUR, calendar)).toBe(today + 100);
    const threeAhead = enter(ledger, 1_150, noon + 3 * DAY, calendar);
    expect(enter(threeAhead, 1_200, noon + DAY + HOUR, calendar).lastWh).toBe(1_200);
  });

  test("a zone further east moves on, one further west waits", () => {
    const ledger = filled();
    const east = createCalendar("Pacific/Kiritimati");
    const moved = enter(ledger, 1_100, noon, east);
    expect(moved.days).toHaveLength(ledger.days.length + 1);
    expect(todayOf(moved, noon, east)).toBe(0);
    expect(enter(ledger, 1_150, noon + 1, createCalendar("Pacific/Midway")).days).toEqual(ledger.days);
  });

  test("a day that was jumped over begins where the days ahead began", () => {
    const ledger = openLedger(0, noon, calendar, null);
    const ahead: Ledger = { days: [...ledger.days, { day: ledger.days[0]!.day + 9, wh: 40 }], lastWh: 60, lastAt: noon + 9 * DAY };
    const back = enter(ahead, 70, noon + 2 * DAY, calendar);
    expect(todayOf(back, noon + 2 * DAY, calendar)).toBe(30);
  });
});

test.each(["Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kolkata"])(
  "F-26: over a year in %s the days add up to what the counter gained",
  (zone) => {
    const days = createCalendar(zone);
    let now = at("2026-01-01T13:17:00");
    let wh = 1_000;
    let ledger = openLedger(wh, now, days, null);
    let day = days.dayAt(now);
    let today = 0;
    let sum = 0;
    let shown = 0;
    for (let index = 0; index < 366 * 12; index += 1) {
      now += 2 * HOUR;
      wh += index % 12 < 6 ? 250 : 0;
      const before = ledger;
      ledger = enter(ledger, wh, now, days);
      if (days.dayAt(now) !== day) {
        // Yesterday ends with its share of what was gained over midnight.
        const start = ledger.days.at(-1)!.wh;
        sum += start - before.days.at(-1)!.wh;
        shown += 1;
        day = days.dayAt(now);
      }
      today = todayOf(ledger, now, days);
    }
    expect(sum + today).toBeCloseTo(wh - 1_000, 6);
    expect(shown).toBe(366);
  },
);

describe("the limits of a day, exactly", () => {
  const noon = at("2026-01-10T11:00:00");

  test("a seed may be the whole lifetime, and nothing, but no more than can be made in its time", () => {
    const today = (todayWh: number, lifetimeWh = 5_000_000) =>
      todayOf(openLedger(5_000_000, noon, calendar, seed(todayWh, null, lifetimeWh)), noon, calendar);
    expect(today(8_000, 8_000)).toBe(8_000);
    expect(today(90_005)).toBe(90_005);
    expect(today(90_006)).toBe(0);
    const week = (sevenDaysWh: number, todayWh = 0) =>
      sevenDaysOf(openLedger(5_000_000, noon, calendar, seed(todayWh, sevenDaysWh)), noon, calendar);
    // Six days and a half.
    expect(week(6.5 * 24 * 7_500 + 5)).toBeCloseTo(6.5 * 24 * 7_500 + 5, 6);
    expect(week(6.5 * 24 * 7_500 + 6)).toBe(0);
    expect(openLedger(5_000_000, noon, calendar, seed(8_000, 8_000)).days).toHaveLength(7);
    expect(openLedger(5_000_000, noon, calendar, seed(8_000, 7_999)).days).toHaveLength(1);
    expect(openLedger(5_000_000, noon, calendar, seed(null, 8_000)).days).toHaveLength(1);
  });

  test("eight days are kept, the last one today", () => {
    const ledger = enter(openLedger(0, noon, calendar, null), 3_000, noon + 30 * DAY, calendar);
    const today = calendar.dayAt(noon + 30 * DAY);
    expect(ledger.days.map(({ day }) => today - day)).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    expect(ledger.lastAt).toBe(noon + 30 * DAY);
  });

  test("a clock that is set back keeps the time of the last reading, until it is back by an hour", () => {
    const midnight = at("2026-01-10T23:00:00");
    const after = enter(openLedger(0, noon, calendar, null), 10, midnight + 30 * 60_000, calendar);
    const held = enter(after, 11, midnight - 29 * 60_000, calendar);
    expect(held).toEqual({ days: after.days, lastWh: 11, lastAt: after.lastAt });
    const turned = enter(after, 11, midnight - 30 * 60_000, calendar);
    expect(turned.days).toHaveLength(1);
    expect(turned.lastAt).toBe(midnight - 30 * 60_000);
    const forward = enter(after, 12, midnight + HOUR, calendar);
    expect(forward.lastAt).toBe(midnight + HOUR);
  });

  test("another zone counts the same days by other numbers; the same one changes nothing", () => {
    const evening = at("2026-01-10T21:00:00");
    const ledger = enter(openLedger(1_000, evening - DAY, calendar, null), 1_500, evening, calendar);
    expect(rezone(ledger, calendar)).toBe(ledger);
    const tokyo = createCalendar("Asia/Tokyo");
    const moved = rezone(ledger, tokyo);
    expect(moved.days).toEqual(ledger.days.map(({ day, wh }) => ({ day: day + 1, wh })));
    expect(todayOf(moved, evening, tokyo)).toBe(todayOf(ledger, evening, calendar));
  });
});
