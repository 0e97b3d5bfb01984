import type { SimulatorClock } from "./clock.ts";
import type { SimulatedReply, SimulatedRequest } from "./message.ts";
import type { Scheme } from "./port.ts";

/** A simulated server without sockets: `GatewayCore` and `CloudCore` both are. */
export interface SimulatedServer {
  handle(request: SimulatedRequest): SimulatedReply | null;
  accepts(scheme: Scheme): boolean;
}

/** Time that can be waited for. The daemon's `Clock` fits. */
export interface WaitingClock extends SimulatorClock {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface InProcessOptions {
  readonly server: SimulatedServer;
  readonly clock: WaitingClock;
  readonly scheme: Scheme;
  /** How long a silent answer is waited for, ms; 45 s where not given. */
  readonly readMs?: number;
  /** 16 MiB where not given. */
  readonly replyBytes?: number;
  /** What an answer takes where nothing is wrong, ms; 0 where not given. */
  readonly latencyMs?: number;
}

export interface InProcessRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface InProcessReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Requests to a simulated server in virtual time; fits where a connection of an HTTP client does. */
export interface InProcessHttp {
  /** Rejects with an error whose `code` is the one that undici or the operating system gives for the same trouble. */
  exchange(request: InProcessRequest, signal: AbortSignal): Promise<InProcessReply>;
  close(): Promise<void>;
}

const READ_MS = 45_000;
const REPLY_BYTES = 16 * 1024 * 1024;

export function createInProcessHttp(options: InProcessOptions): InProcessHttp {
  const { server, clock, scheme, readMs = READ_MS, replyBytes = REPLY_BYTES, latencyMs = 0 } = options;
  return {
    async exchange(request, signal) {
      signal.throwIfAborted();
      if (!server.accepts(scheme)) throw trouble("ECONNREFUSED");
      const headers = lowerCased(request.headers);
      const answered = server.handle({ scheme, method: request.method, path: request.path, headers, body: request.body ?? "" });
      if (answered === null) throw trouble("ECONNRESET");
      const delay = latencyMs + answered.delayMs;
      if (delay > 0) await clock.sleep(Math.min(delay, readMs), signal);
      if (delay > readMs) throw trouble("UND_ERR_HEADERS_TIMEOUT");
      const body = typeof answered.body === "string" ? new TextEncoder().encode(answered.body) : answered.body;
      await carry(answered, body.length, { clock, signal, readMs });
      if (body.length > replyBytes) throw trouble("UND_ERR_RES_EXCEEDED_MAX_SIZE");
      return { status: answered.status, headers: answered.headers, body };
    },
    close: async () => {},
  };
}

interface Way {
  readonly clock: WaitingClock;
  readonly signal: AbortSignal;
  readonly readMs: number;
}

/** Waits as long as the body takes, or fails as its delivery does. */
async function carry({ delivery }: SimulatedReply, bytes: number, { clock, signal, readMs }: Way): Promise<void> {
  switch (delivery.how) {
    case "whole":
      return;
    case "drip":
      return clock.sleep(delivery.everyMs * bytes, signal);
    case "hang":
      await clock.sleep(readMs, signal);
      throw trouble("UND_ERR_HEADERS_TIMEOUT");
    case "stall":
      await clock.sleep(readMs, signal);
      throw trouble("UND_ERR_BODY_TIMEOUT");
    case "truncate":
      throw trouble("UND_ERR_SOCKET");
    case "endless":
      throw trouble("UND_ERR_RES_EXCEEDED_MAX_SIZE");
    case "two-lengths":
      throw trouble("HPE_INVALID_TRANSFER_ENCODING");
    case "reset":
      throw trouble("ECONNRESET");
  }
}

function trouble(code: string): Error {
  return Object.assign(new Error(`simulated: ${code}`), { code });
}

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
