import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { Renewal } from "../model/lifecycle.ts";
import { backOffMs, CLOUD_BACK_OFF } from "./backoff.ts";
import { findCandidates } from "./candidates.ts";
import type { Credentials } from "./credentials.ts";
import { asBridgeError } from "./events.ts";
import type { Event } from "./lifecycle.ts";
import { type Login, noAccount } from "./login.ts";
import type { TokenStore } from "./ports.ts";
import { byFreshness, checkToken, isExpired, refreshAt, type Token } from "./token.ts";
import type { Alarm } from "./waits.ts";

export interface RenewalOptions {
  readonly credentials: Credentials;
  readonly login: Login;
  readonly store: TokenStore;
  readonly configured: () => string | null;
  readonly alarm: Alarm;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** How the tries went so far; outlives a single stretch of reading, so that a flapping link does not ask the cloud anew each time. */
  readonly retry: Retry;
  /** Told when the renewal's standing or the token in use changed; `reason` in plain words. */
  readonly onChange: (renewal: Renewal, reason: string) => void;
}

/** The wall clock may jump, so no wait for a moment of it is longer than this, ms. */
const LONGEST_LOOK_AWAY = 3_600_000;
const READING = "reading the gateway";

/**
 * Looks after the token while the gateway is read: takes a newer one that somebody configured, renews it from the cloud when it is due, and
 * keeps the present one for as long as it lasts. Ends with `expired` at its `exp`; rejects when `signal` aborts.
 */
export async function keepRenewed(options: RenewalOptions, serial: string, signal: AbortSignal): Promise<Event> {
  const { credentials, clock, alarm, login, retry } = options;
  while (true) {
    await takeNewer(options, serial);
    const token = credentials.token();
    if (token !== null && isExpired(token, clock.now())) return { type: "expired", message: `the token expired at ${day(token)}` };
    if (token === null || clock.now() < refreshAt(token)) options.onChange("ok", READING);
    else await renew(options, token, serial, signal);
    const left = timeLeft(credentials.token(), clock, retry, login.possible);
    if ((await alarm.wait(left, signal)) === "wake") {
      login.release();
      retry.notBefore = Number.NEGATIVE_INFINITY;
    }
  }
}

export interface Retry {
  failures: number;
  /** Monotonic ms. */
  notBefore: number;
  /** Why the last try failed. */
  reason: string;
}

export function noRetry(): Retry {
  return { failures: 0, notBefore: Number.NEGATIVE_INFINITY, reason: "" };
}

/** A stored or configured token that was issued later than the one in use takes its place. */
async function takeNewer({ credentials, clock, store, configured }: RenewalOptions, serial: string): Promise<void> {
  const present = credentials.token();
  if (present === null) return;
  const { usable } = await findCandidates({ serial, now: clock.now(), known: [present], store, configured });
  const best = usable[0];
  if (best === undefined || best.text === present.text || byFreshness(best, present) >= 0) return;
  credentials.useToken(best);
  await store.save(serial, best.text);
}

async function renew(options: RenewalOptions, token: Token, serial: string, signal: AbortSignal): Promise<void> {
  const { credentials, login, store, clock, random, logger, retry, onChange } = options;
  if (!login.possible) return onChange("impossible", `${READING}; the token expires at ${day(token)} and ${noAccount(serial)}`);
  if (clock.monotonic() < retry.notBefore) return onChange("failing", retry.reason);
  try {
    const fresh = checkToken(await login.obtain(serial, signal), serial, clock.now());
    login.freshTokenAccepted();
    credentials.useToken(fresh);
    await store.save(serial, fresh.text);
    retry.failures = 0;
    logger.info({ serial, expires: new Date(fresh.expires).toISOString() }, `the token is renewed, it lasts until ${day(fresh)}`);
    onChange("ok", READING);
  } catch (error) {
    signal.throwIfAborted();
    const { message, retryAfterMs } = asBridgeError(error);
    retry.failures += 1;
    retry.notBefore = clock.monotonic() + Math.max(backOffMs(CLOUD_BACK_OFF, retry.failures, random), retryAfterMs ?? 0);
    retry.reason = `${READING}; the token, which expires at ${day(token)}, cannot be renewed yet: ${message}`;
    onChange("failing", retry.reason);
  }
}

/** Until there is something to look at, ms. */
function timeLeft(token: Token | null, clock: Clock, retry: Retry, canLogIn: boolean): number {
  if (token === null) return LONGEST_LOOK_AWAY;
  const untilDue = refreshAt(token) - clock.now();
  const untilTry = canLogIn ? Math.max(untilDue, retry.notBefore - clock.monotonic()) : untilDue > 0 ? untilDue : LONGEST_LOOK_AWAY;
  return Math.max(1, Math.min(LONGEST_LOOK_AWAY, untilTry, token.expires - clock.now()));
}

const day = (token: Token) => new Date(token.expires).toISOString();
