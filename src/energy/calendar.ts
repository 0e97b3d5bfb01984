const DAY_MS = 86_400_000;
/** No zone is further than this from UTC. */
const FURTHEST_MS = 26 * 3_600_000;
const MOST_STARTS = 64;

/** The days of a time zone. A day is numbered by the days from 1970-01-01 to its date. */
export interface Calendar {
  /** The IANA name. */
  readonly timeZone: string;
  /** The day that the wall clock shows at `at` (epoch ms). */
  dayAt(at: number): number;
  /** The first moment of a day, epoch ms. */
  startOf(day: number): number;
}

/** Whether the machine knows this IANA time zone. */
export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The days of `timeZone` (IANA name, must be known), with 23 and 25 hours where the clock is changed, and midnights that do not exist. */
export function createCalendar(timeZone: string): Calendar {
  const format = new Intl.DateTimeFormat("en-u-ca-gregory-nu-latn", { timeZone, year: "numeric", month: "numeric", day: "numeric" });
  // Asking Intl is slow, and almost every question is about the present day or the last midnights.
  const starts = new Map<number, number>();
  let known: { readonly day: number; readonly from: number; readonly to: number } | null = null;

  function ask(at: number): number {
    const parts: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(at)) parts[type] = value;
    return Date.UTC(Number(parts["year"]), Number(parts["month"]) - 1, Number(parts["day"])) / DAY_MS;
  }

  function startOf(day: number): number {
    const start = starts.get(day) ?? findStart(day);
    if (starts.size >= MOST_STARTS) starts.clear();
    starts.set(day, start);
    return start;
  }

  function findStart(day: number): number {
    let before = day * DAY_MS - FURTHEST_MS;
    let from = day * DAY_MS + FURTHEST_MS;
    while (from - before > 1) {
      const middle = Math.floor((before + from) / 2);
      if (ask(middle) < day) before = middle;
      else from = middle;
    }
    return from;
  }

  return {
    timeZone,
    startOf,
    dayAt(at) {
      if (known !== null && at >= known.from && at < known.to) return known.day;
      const day = ask(at);
      known = { day, from: startOf(day), to: startOf(day + 1) };
      return day;
    },
  };
}
