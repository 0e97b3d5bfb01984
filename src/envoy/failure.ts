import { BridgeError } from "../model/errors.ts";
import type { RawReply } from "./transport.ts";

/** What the network gave, as one of our errors. `where` is the URL; it never holds a secret. */
export function toBridgeError(error: unknown, where: string, signal: AbortSignal, deadline: AbortSignal): BridgeError {
  if (error instanceof BridgeError) return error;
  if (signal.aborted) return new BridgeError("aborted", `${where}: stopped`, { cause: error });
  const code = codeOf(error);
  if (deadline.aborted || code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
    return new BridgeError("timeout", `${where}: no whole answer in time; the gateway is busy or its network is bad`, { cause: error });
  }
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") {
    return new BridgeError("too_large", `${where}: the answer is larger than a gateway's can be`, { cause: error });
  }
  if (NOT_TRUSTED.test(code)) {
    return new BridgeError("certificate", `${where}: the certificate is not verified (${code}); Envoys sign their own: set tls to pin`, {
      cause: error,
    });
  }
  if (code.startsWith("HPE_") || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") {
    return new BridgeError("not_an_envoy", `${where}: the answer is not proper HTTP (${code}); is this the address of an Envoy?`, {
      cause: error,
    });
  }
  return new BridgeError("unreachable", `${where}: no connection${hint(code)}`, { cause: error });
}

const NOT_TRUSTED = /SELF_SIGNED|UNABLE_TO_|^CERT_|ERR_TLS_CERT|HOSTNAME_MISMATCH/;

const HINTS: { readonly [code: string]: string } = {
  ENOTFOUND: ": its name is not known; use the gateway's IP address",
  EAI_AGAIN: ": its name cannot be looked up now; use the gateway's IP address",
  ECONNREFUSED: " (refused): is this the gateway's address and port?",
  UND_ERR_CONNECT_TIMEOUT: " (no answer): is the gateway on and in this network?",
  UND_ERR_SOCKET: " (it broke off)",
  ECONNRESET: " (it broke off)",
};

function hint(code: string): string {
  return HINTS[code] ?? (code === "" ? "" : ` (${code})`);
}

/** True where a connection that stood broke off. */
export function isBroken(error: unknown): boolean {
  return error instanceof BridgeError && BROKEN.has(codeOf(error.cause));
}

const BROKEN: ReadonlySet<string> = new Set(["ECONNRESET", "UND_ERR_SOCKET", "EPIPE"]);

function codeOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
}

/** An answer that is not 2xx, as one of our errors; `null` for a good one. Redirects are errors: nothing is followed. */
export function statusError(reply: RawReply, where: string): BridgeError | null {
  const { status } = reply;
  if (status >= 200 && status < 300) return null;
  if (status === 401 || status === 403) return new BridgeError("unauthorized", `${where}: refused (HTTP ${status})`, { status });
  const retryAfterMs = retryAfter(reply);
  return new BridgeError("http", `${where}: HTTP ${status}`, { status, ...(retryAfterMs === null ? {} : { retryAfterMs }) });
}

/** The longest pause that a gateway may ask for. */
const LONGEST_PAUSE = 3600;

/** In ms. A gateway that starts says "Resource busy, please retry after 30 seconds" in the body of a 503. */
function retryAfter(reply: RawReply): number | null {
  const header = reply.headers["retry-after"];
  const said =
    header === undefined
      ? /retry after (\d{1,6}) sec/i.exec(Buffer.from(reply.body.subarray(0, 500)).toString("latin1"))?.[1]
      : String(header);
  const seconds = Number(said);
  return said === undefined || !Number.isFinite(seconds) || seconds < 0 ? null : Math.min(seconds, LONGEST_PAUSE) * 1000;
}

/** Holds nothing between two texts: making one for each answer would cost more than reading the answer. */
const UTF_8 = new TextDecoder("utf-8", { fatal: true });

/** The body as text. Throws `not_json` where it is no UTF-8. */
export function decodeText(body: Uint8Array, where: string): string {
  try {
    return UTF_8.decode(body);
  } catch (error) {
    throw notJson(where, "not UTF-8 text", error);
  }
}

/** The body as JSON. Throws `not_json`: HTML, truncated, `NaN`, two documents, nothing at all. */
export function decodeJson(body: Uint8Array, where: string): unknown {
  const text = decodeText(body, where);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notJson(where, `${describe(text)} instead of JSON`, error);
  }
}

function notJson(where: string, what: string, cause: unknown): BridgeError {
  return new BridgeError("not_json", `${where}: the answer is ${what}`, { cause });
}

function describe(text: string): string {
  const start = text.trimStart();
  if (start === "") return "empty";
  return start.startsWith("<") ? "HTML" : "broken or other text";
}
