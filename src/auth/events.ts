import { BridgeError, type ErrorCode, isBridgeError } from "../model/errors.ts";
import type { Event } from "./lifecycle.ts";

const NEEDS_PERSON: readonly ErrorCode[] = [
  "certificate",
  "wrong_gateway",
  "no_credentials",
  "config",
  "login_refused",
  "mfa",
  "no_access",
  "token_wrong_gateway",
  "token_unreadable",
  "token_refused",
];

/**
 * The event that a failed request to a gateway means, after it had been usable for `heldMs`. What is not known to need a person, or another
 * login, is taken for a pause: trying again costs little.
 */
export function eventOf(error: BridgeError, heldMs: number): Event {
  const { code, message } = error;
  if (code === "unauthorized") return { type: "unauthorized", message, heldMs };
  if (code === "firmware_changed") return { type: "changed", message };
  if (code === "token_expired") return { type: "expired", message };
  if (NEEDS_PERSON.includes(code)) return { type: "needs-person", code, message };
  return { type: "unreachable", message, heldMs, retryAfterMs: error.retryAfterMs ?? 0 };
}

/** The event that a failed try to get a token means. `away`: the cloud was not even connected to. */
export function cloudEventOf(error: BridgeError, away: boolean): Event {
  const { code, message } = error;
  if (isRefusal(error)) return { type: "needs-person", code, message };
  return { type: "cloud-down", message, away, retryAfterMs: error.retryAfterMs ?? 0 };
}

/** True where the cloud will say the same again until somebody does something. */
export function isRefusal({ code }: BridgeError): boolean {
  return NEEDS_PERSON.includes(code) || code === "token_expired";
}

/** Any thrown thing as a `BridgeError`. What is not one is a mistake of ours; its text may hold anything, so only its kind is told. */
export function asBridgeError(error: unknown): BridgeError {
  if (isBridgeError(error)) return error;
  const kind = error instanceof Error ? error.name : typeof error;
  return new BridgeError("unreachable", `an unexpected ${kind} in envoy2mqtt: please report it; trying again`, { cause: error });
}
