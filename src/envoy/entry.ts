import type { BridgeError } from "../model/errors.ts";
import type { SourceHealth } from "../model/health.ts";
import type { Source } from "./source.ts";

/** How one source fares with the poller. */
export interface Entry {
  readonly source: Source;
  /** Monotonic. */
  due: number;
  failures: number;
  lastSuccess: number | null;
  replyMs: number | null;
  lastError: BridgeError | null;
  /** Since the gateway was probed. */
  asked: boolean;
  /** A refusal of it alone ended a run before, and did not help. */
  denied: boolean;
  readonly drifts: Set<string>;
}

/** A source that was never asked: it is due now. */
export function createEntry(source: Source): Entry {
  const fresh = { due: 0, failures: 0, lastSuccess: null, replyMs: null, lastError: null, asked: false, denied: false };
  return { source, ...fresh, drifts: new Set() };
}

export function healthOf({ source, lastSuccess, failures, replyMs, lastError }: Entry): SourceHealth {
  return { source: source.name, lastSuccess, failures, replyMs, lastError: lastError?.message ?? null };
}
