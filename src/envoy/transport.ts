import { Client as Connection } from "undici";
import type { Trust } from "./pin.ts";

export interface OutgoingExchange {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface RawReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Uint8Array;
}

/** ms, and bytes for `replyBytes`. */
export interface Limits {
  /** Until TCP and TLS stand. */
  readonly connect: number;
  /** Between two pieces of an answer. */
  readonly read: number;
  /** From the request's turn to the last byte of its answer. */
  readonly total: number;
  readonly replyBytes: number;
}

/** Sends one request over one origin's connection. Rejects with whatever the network gives. */
export interface Transport {
  exchange(request: OutgoingExchange, signal: AbortSignal): Promise<RawReply>;
  close(): Promise<void>;
}

/** Opens the way to one origin; nothing is sent before `trust` has met its key. */
export type OpenTransport = (origin: string, trust: Trust, limits: Limits, keepAlive: boolean) => Transport;

/** An idle connection is let go after this: gateways have few, and others may want one. */
const IDLE = 30_000;

/** One keep-alive connection, no pipelining; with `keepAlive` off a new one for each request. */
export function createTransport(origin: string, trust: Trust, limits: Limits, keepAlive: boolean): Transport {
  const connection = new Connection(origin, {
    connect: trust.connect,
    pipelining: keepAlive ? 1 : 0,
    keepAliveTimeout: IDLE,
    keepAliveMaxTimeout: IDLE,
    headersTimeout: limits.read,
    bodyTimeout: limits.read,
    maxResponseSize: limits.replyBytes,
  });
  return {
    async exchange({ method, path, headers, body }, signal) {
      const reply = await connection.request({ method, path, headers, body, signal });
      return { status: reply.statusCode, headers: reply.headers, body: await reply.body.bytes() };
    },
    close: () => connection.destroy(),
  };
}
