import { Agent, request } from "undici";
import type { Clock } from "../lib/clock.ts";
import { codeOf } from "../lib/files.ts";
import { BridgeError } from "../model/errors.ts";

/** One answer of the cloud. */
export interface Reply {
  readonly status: number;
  readonly body: string;
  /** `Retry-After` in ms; 0 without one. */
  readonly retryAfterMs: number;
}

export interface PostOptions {
  readonly url: string;
  readonly contentType: string;
  readonly body: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** PEM of further authorities to trust, for a cloud of one's own; verification itself cannot be switched off. */
  readonly ca: string | null;
}

/** From the first byte sent to the last one received, ms. */
export const CLOUD_TIMEOUT_MS = 10_000;
/** A token or a login answer has under 2 kB. */
const MAX_BODY = 65_536;
const MAX_RETRY_AFTER_MS = 86_400_000;

/**
 * One POST on a connection of its own. Certificates are verified, redirects are not followed, the whole takes at most 10 s. Throws
 * `cloud_unreachable` where no whole answer came.
 */
export async function post(options: PostOptions): Promise<Reply> {
  const { url, clock, signal } = options;
  const host = new URL(url).host;
  const ended = new AbortController();
  const agent = new Agent({ connect: options.ca === null ? {} : { ca: options.ca }, maxResponseSize: MAX_BODY });
  clock.sleep(CLOUD_TIMEOUT_MS, AbortSignal.any([ended.signal, signal])).then(
    () => ended.abort(new BridgeError("timeout", TIMED_OUT)),
    () => {},
  );
  try {
    return await exchange(options, agent, AbortSignal.any([ended.signal, signal]));
  } catch (error) {
    if (signal.aborted) throw toldToStop(error);
    throw noAnswer(host, ended.signal.aborted ? TIMED_OUT : `no answer (${codeOf(error)})`, error);
  } finally {
    ended.abort();
    await agent.destroy();
  }
}

const TIMED_OUT = "no whole answer within 10 s";

function toldToStop(cause: unknown): BridgeError {
  return new BridgeError("aborted", "told to stop", { cause });
}

function noAnswer(host: string, why: string, cause: unknown): BridgeError {
  return new BridgeError("cloud_unreachable", `${host}: ${why}; check this machine's internet access and clock`, { cause });
}

async function exchange({ url, contentType, body, clock }: PostOptions, dispatcher: Agent, signal: AbortSignal): Promise<Reply> {
  const headers = { "content-type": contentType, accept: "application/json" };
  const response = await request(url, { method: "POST", headers, body, dispatcher, signal });
  return {
    status: response.statusCode,
    body: await response.body.text(),
    retryAfterMs: retryAfter(response.headers["retry-after"], clock.now()),
  };
}

/** `Retry-After` as seconds or as a date, in ms from `now`: 0 … 24 h. */
export function retryAfter(header: string | string[] | undefined, now: number): number {
  if (typeof header !== "string") return 0;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.min(MAX_RETRY_AFTER_MS, Math.max(0, ms)) : 0;
}

/** True where the failed `post` never got through to the cloud, so nothing was counted there. */
export function neverConnected(error: BridgeError): boolean {
  const code = codeOf(error.cause);
  return CONNECTING.has(code) || /CERT|TLS|SSL|SIGNATURE/.test(code);
}

const CONNECTING = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EHOSTDOWN",
  "UND_ERR_CONNECT_TIMEOUT",
]);
