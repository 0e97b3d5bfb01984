import type { SourceHealth } from "../model/health.ts";
import type { Facts } from "./facts.ts";

const FAILURES = 3;
/** A token that nobody can renew is a problem as soon as there is little time left to bring another. */
const WARN_MS = 30 * 86_400_000;

/** What a person should know or do, in one line; `null` while all is well. */
export function problemOf({ lifecycle, health, now }: Facts): string | null {
  const { state, reason, renewal, tokenExpires } = lifecycle;
  if (state === "refused" || state === "outage" || state === "expired" || state === "refreshing") return reason;
  if (renewal === "failing") return "The token could not be renewed yet; the present one stays in use.";
  if (renewal === "impossible" && tokenExpires !== null && tokenExpires - now < WARN_MS)
    return "The token expires soon and nothing can renew it: set a new token, or Enlighten user and password.";
  return failing(health);
}

function failing(health: readonly SourceHealth[]): string | null {
  const failed = health.filter(({ failures }) => failures >= FAILURES);
  const [first] = failed;
  if (first === undefined) return null;
  const others = failed.length === 1 ? "" : ` (and ${failed.length - 1} more)`;
  return `${first.source}${others} cannot be read: ${first.lastError ?? "no answer"}`;
}
