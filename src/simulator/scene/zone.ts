const DAY_MS = 86_400_000;

/** How far local time is ahead of UTC at a moment, ms. Throws a RangeError for a zone that does not exist. */
export function zoneOffset(timeZone: string, now: number): number {
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(now);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value ?? 0);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  return local - Math.floor(now / 1000) * 1000;
}

/** Finds the local midnights at and before a moment; remembers the last answer. */
export function midnights(timeZone: string): (now: number, daysBack: number) => number {
  const known = new Map<number, number>();
  const find = (dayStart: number) => dayStart - zoneOffset(timeZone, dayStart - zoneOffset(timeZone, dayStart));
  let offset: { readonly from: number; readonly value: number } | null = null;
  return (now, daysBack) => {
    if (offset === null || now < offset.from || now >= offset.from + 900_000) {
      const from = Math.floor(now / 900_000) * 900_000;
      offset = { from, value: zoneOffset(timeZone, from) };
    }
    const day = Math.floor((now + offset.value) / DAY_MS) - daysBack;
    const found = known.get(day) ?? find(day * DAY_MS);
    if (known.size > 50) known.clear();
    known.set(day, found);
    return found;
  };
}
