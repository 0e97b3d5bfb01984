import { describe, expect, test } from "vitest";
import { createCalendar, isTimeZone } from "../../src/energy/calendar.ts";

const HOUR = 3_600_000;
const dayOf = (date: string) => Date.parse(`${date}T00:00:00Z`) / 86_400_000;

describe("the days of a time zone", () => {
  test.each([
    ["Europe/Amsterdam", "2026-03-29", "2026-03-28T23:00:00Z", 23],
    ["Europe/Amsterdam", "2026-10-25", "2026-10-24T22:00:00Z", 25],
    ["Europe/Amsterdam", "2026-06-01", "2026-05-31T22:00:00Z", 24],
    ["America/Los_Angeles", "2026-11-01", "2026-11-01T07:00:00Z", 25],
    ["Asia/Kolkata", "2026-11-01", "2026-10-31T18:30:00Z", 24],
    ["Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00:00Z", 24.5],
    // Midnight does not exist on this day.
    ["Africa/Cairo", "2026-04-24", "2026-04-23T22:00:00Z", 23],
    ["Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z", 24],
    ["UTC", "2026-01-01", "2026-01-01T00:00:00Z", 24],
  ])("F-26: in %s %s begins at %s and has %d hours", (zone, date, begins, hours) => {
    const calendar = createCalendar(zone);
    const day = dayOf(date);
    const start = calendar.startOf(day);
    expect(new Date(start).toISOString()).toBe(begins.replace("Z", ".000Z"));
    expect((calendar.startOf(day + 1) - start) / HOUR).toBe(hours);
    expect(calendar.dayAt(start)).toBe(day);
    expect(calendar.dayAt(start - 1)).toBe(day - 1);
    expect(calendar.dayAt(calendar.startOf(day + 1) - 1)).toBe(day);
  });

  test("many days are asked for without keeping them all", () => {
    const calendar = createCalendar("Europe/Amsterdam");
    const starts = Array.from({ length: 400 }, (_, index) => calendar.startOf(20_000 + index));
    expect(starts.every((start, index) => index === 0 || start > starts[index - 1]!)).toBe(true);
  });

  test("knows which zones there are", () => {
    expect(isTimeZone("Europe/Amsterdam")).toBe(true);
    expect(isTimeZone("Mars/Olympus")).toBe(false);
    expect(isTimeZone("")).toBe(false);
  });
});
