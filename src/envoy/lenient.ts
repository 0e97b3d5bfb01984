import { connect } from "node:net";
import type { Address } from "./address.ts";
import type { Limits, OutgoingExchange, RawReply, Transport } from "./transport.ts";

/**
 * Firmware 5.0.62 sends two lengths in one answer (twice `Content-Length`, or one beside `Transfer-Encoding`), which every strict parser
 * refuses. This reads it over plain http: chunks count before a length, and of two lengths the longer, unless the connection ends first.
 * A new connection for each request.
 */
export function createLenientTransport(address: Address, limits: Limits): Transport {
  return {
    exchange(request, signal) {
      return new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const socket = connect({ host: address.hostname, port: address.port ?? 80 });
        const received: Buffer[] = [];
        let size = 0;
        const settle = (finish: () => void) => {
          signal.removeEventListener("abort", abort);
          socket.destroy();
          finish();
        };
        const fail = (error: unknown) => settle(() => reject(error));
        const abort = () => fail(signal.reason);
        const tryFinish = (ended: boolean) => {
          const reply = parseReply(Buffer.concat(received), ended);
          if (reply !== null) settle(() => resolve(reply));
          else if (ended) fail(Object.assign(new Error("the connection ended within the answer"), { code: "ECONNRESET" }));
        };
        signal.addEventListener("abort", abort, { once: true });
        socket.setTimeout(limits.connect, () => fail(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" })));
        socket.on("connect", () => {
          socket.setTimeout(0);
          socket.write(formatRequest(request, address));
        });
        socket.on("data", (piece) => {
          received.push(piece);
          size += piece.length;
          if (size > limits.replyBytes) fail(Object.assign(new Error("too large"), { code: "UND_ERR_RES_EXCEEDED_MAX_SIZE" }));
          else tryFinish(false);
        });
        socket.on("end", () => tryFinish(true));
        socket.on("error", fail);
      });
    },
    close: async () => {},
  };
}

function formatRequest({ method, path, headers, body }: OutgoingExchange, address: Address): string {
  const host = address.hostname.includes(":") ? `[${address.hostname}]` : address.hostname;
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}${address.port === null ? "" : `:${address.port}`}`, "Connection: close"];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value.replace(/[\r\n]/g, "")}`);
  if (body !== null) lines.push(`Content-Length: ${Buffer.byteLength(body)}`);
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

/** The whole answer, or `null` while it is not complete. Throws nothing: what is no HTTP at all gives a status of 0. */
function parseReply(bytes: Buffer, ended: boolean): RawReply | null {
  const headEnd = bytes.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, headEnd).split("\r\n");
  const named = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).trim().toLowerCase();
    if (colon > 0) named.set(name, [...(named.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  const headers = Object.fromEntries(named);
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1] ?? 0);
  const body = parseBody(bytes.subarray(headEnd + 4), headers, ended);
  return body === null ? null : { status, headers, body };
}

function parseBody(bytes: Buffer, headers: Readonly<Record<string, readonly string[]>>, ended: boolean): Buffer | null {
  if (headers["transfer-encoding"]?.some((coding) => /chunked/i.test(coding))) return joinChunks(bytes);
  const lengths = (headers["content-length"] ?? [])
    .flatMap((value) => value.split(","))
    .map(Number)
    .filter(Number.isSafeInteger);
  const length = Math.max(0, ...lengths);
  if (lengths.length > 0 && bytes.length >= length) return bytes.subarray(0, length);
  // Without a length the end of the connection ends it; of two one is wrong. With one, an early end is a truncated answer.
  return ended && lengths.length !== 1 ? bytes : null;
}

function joinChunks(bytes: Buffer): Buffer | null {
  const chunks: Buffer[] = [];
  for (let at = 0; ; ) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    if (size === 0) return Buffer.concat(chunks);
    if (!(size > 0) || bytes.length < lineEnd + 4 + size) return null;
    chunks.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 4 + size;
  }
}

/** True for the failures of a strict parser that this transport reads over. */
export function isTooStrict(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" || code.startsWith("HPE_");
}
