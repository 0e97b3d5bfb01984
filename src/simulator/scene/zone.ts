const DAY_MS = 86_400_000;

/** How far local time is ahead of UTC at a moment, ms. Throws a RangeError for a zone that does not exist. */
export function zoneOffset(timeZone: string, now: number): number {
  return createOffset(timeZone)(now);
}

/** As `zoneOffset`, for many moments: a zone is asked twice a day, and more often only on the days on which its clocks are changed. */
function createOffset(timeZone: string): (now: number) => number {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  const ask = (now: number): number => {
    const parts = format.formatToParts(now);
    const part = (type: string) => Number(parts.find((each) => each.type === type)?.value ?? 0);
    const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
    return local - Math.floor(now / 1000) * 1000;
  };
  let known = { day: Number.NaN, atStart: 0, atEnd: 0 };
  return (now) => {
    const day = Math.floor(now / DAY_MS);
    if (day !== known.day) known = { day, atStart: ask(day * DAY_MS), atEnd: ask((day + 1) * DAY_MS) };
    return known.atStart === known.atEnd ? known.atStart : ask(now);
  };
}

/** Finds the local midnights at and before a moment; remembers the last answers. */
export function midnights(timeZone: string): (now: number, daysBack: number) => number {
  const known = new Map<number, number>();
  const offsetAt = createOffset(timeZone);
  const find = (dayStart: number) => dayStart - offsetAt(dayStart - offsetAt(dayStart));
  return (now, daysBack) => {
    const day = Math.floor((now + offsetAt(now)) / DAY_MS) - daysBack;
    const found = known.get(day) ?? find(day * DAY_MS);
    if (known.size > 50) known.clear();
    known.set(day, found);
    return found;
  };
}
