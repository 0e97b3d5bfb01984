const LATEST = 8_640_000_000_000_000;

/** ISO 8601 in UTC, of milliseconds since 1970; `null` for none, and for what is no date. */
export function iso(ms: number | null): string | null {
  return ms === null || !(Math.abs(ms) <= LATEST) ? null : new Date(ms).toISOString();
}
