/**
 * Every way in which something outside can fail us. Code decides by `code`, never by a message.
 *
 * - `unreachable`: no connection, or it broke. `timeout`: connected, but no whole answer in time.
 * - `unauthorized`: 401 or 403. `http`: any other status that is not 2xx (`status` says which).
 * - `not_json`, `not_an_envoy`, `implausible`, `too_large`: it answered, but not with what we can use.
 * - `certificate`: the certificate is not the accepted one; nothing secret was sent.
 * - `token_*`: the token is unreadable, past its `exp`, or for another gateway.
 * - `cloud_unreachable`, `login_refused`, `mfa`, `no_access`, `login_budget`: Enlighten.
 * - `wrong_gateway`: another serial than the configured one. `no_credentials`: nothing to log in with.
 * - `no_production`: no endpoint gives production. `storage`: a file cannot be read or written. `config`: wrong configuration.
 * - `firmware_changed`: `/info` says another firmware than the one that was probed.
 * - `command`: a control was used with what this gateway does not have or take; nothing was sent.
 * - `aborted`: we were told to stop.
 */
export type ErrorCode =
  | "unreachable"
  | "timeout"
  | "unauthorized"
  | "http"
  | "not_json"
  | "not_an_envoy"
  | "implausible"
  | "too_large"
  | "certificate"
  | "token_unreadable"
  | "token_expired"
  | "token_wrong_gateway"
  | "token_refused"
  | "cloud_unreachable"
  | "login_refused"
  | "mfa"
  | "no_access"
  | "login_budget"
  | "wrong_gateway"
  | "no_credentials"
  | "no_production"
  | "firmware_changed"
  | "storage"
  | "config"
  | "command"
  | "aborted";

export interface BridgeErrorOptions {
  readonly cause?: unknown;
  /** HTTP status, where there was one. */
  readonly status?: number;
  /** Milliseconds to wait before another try, where the other side said so. */
  readonly retryAfterMs?: number;
}

/** An error that says in one line what is wrong and what to do. The message never holds a secret. */
export class BridgeError extends Error {
  override readonly name = "BridgeError";
  readonly code: ErrorCode;
  readonly status: number | null;
  readonly retryAfterMs: number | null;

  constructor(code: ErrorCode, message: string, options: BridgeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
  }
}

/** True for a `BridgeError` with one of `codes` (any, where none are given). */
export function isBridgeError(error: unknown, ...codes: readonly ErrorCode[]): error is BridgeError {
  return error instanceof BridgeError && (codes.length === 0 || codes.includes(error.code));
}
