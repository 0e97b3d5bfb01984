import type { Clock } from "../lib/clock.ts";
import { BridgeError } from "../model/errors.ts";
import { backOffMs, LOGIN_HOLD, REFUSED_BACK_OFF } from "./backoff.ts";
import { asBridgeError, isRefusal } from "./events.ts";
import type { Cloud } from "./ports.ts";

/** Gets tokens from the cloud, with restraint. */
export interface Login {
  readonly possible: boolean;
  /** Throws what the cloud said; while it is held off after a refusal, the same again without asking. */
  obtain(serial: string, signal: AbortSignal): Promise<string>;
  /** The gateway refused a token that was fresh from the cloud: another one would fare no better for a while. */
  freshTokenRefused(error: BridgeError): void;
  /** The gateway accepted a token that was fresh from the cloud. */
  freshTokenAccepted(): void;
  /** Somebody changed something: ask again at once. */
  release(): void;
}

/**
 * After a refusal the cloud is left alone for 1 h, then twice as long each time, up to 24 h, because accounts get locked by insisting. Whoever
 * asks meanwhile hears the last refusal again. A restart or `release` asks anew, within the login budget.
 */
export function createLogin(cloud: Cloud | null, clock: Clock): Login {
  let refusals = 0;
  let held: { readonly until: number; readonly error: BridgeError } | null = null;

  function hold(error: BridgeError): void {
    refusals += 1;
    const ms = backOffMs(LOGIN_HOLD, refusals, () => 1);
    held = { until: clock.monotonic() + (error.code === "mfa" ? Math.max(REFUSED_BACK_OFF.cap, ms) : ms), error };
  }

  return {
    possible: cloud !== null,
    async obtain(serial, signal) {
      if (cloud === null) throw new BridgeError("no_credentials", noAccount(serial));
      if (held !== null && clock.monotonic() < held.until) throw held.error;
      try {
        return await cloud.obtainToken(serial, signal);
      } catch (error) {
        const failure = asBridgeError(error);
        if (!signal.aborted && isRefusal(failure)) hold(failure);
        throw failure;
      }
    },
    freshTokenRefused: hold,
    freshTokenAccepted() {
      refusals = 0;
      held = null;
    },
    release() {
      held = null;
    },
  };
}

/** What to do where there is no token and no account. */
export function noAccount(serial: string): string {
  return `there is no Enlighten account to get a token with: configure user name and password, or make a token for ${serial} at https://entrez.enphaseenergy.com and configure it`;
}
