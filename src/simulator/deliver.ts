import type { IncomingMessage, ServerResponse } from "node:http";
import type { SimulatedReply, SimulatedRequest } from "./message.ts";

/** Reads a whole request from its socket. */
export async function receive(scheme: "https" | "http", request: IncomingMessage): Promise<SimulatedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const headers: Record<string, string | undefined> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  return { scheme, method: request.method ?? "GET", path: request.url ?? "/", headers, body: Buffer.concat(chunks).toString() };
}

/** Carries a reply out on a socket, with its delay and its fault. Ends early when the other side goes away. */
export async function deliver(reply: SimulatedReply, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.on("error", () => gone.abort());
  if (reply.delayMs > 0) await pause(reply.delayMs, gone.signal);
  if (gone.signal.aborted) return;
  const body = typeof reply.body === "string" ? Buffer.from(reply.body) : Buffer.from(reply.body);
  const socket = response.socket;
  switch (reply.delivery.how) {
    case "hang":
      return;
    case "reset":
      socket?.destroy();
      return;
    case "two-lengths":
      socket?.end(twoLengths(reply, body));
      return;
    case "endless":
      return endless(reply, response, gone.signal);
    default:
      response.writeHead(reply.status, { ...reply.headers, "content-length": body.length });
      response.flushHeaders();
  }
  if (reply.delivery.how === "stall") return;
  if (reply.delivery.how === "drip") return drip(body, reply.delivery.everyMs, response, gone.signal);
  if (reply.delivery.how === "truncate") {
    response.write(body.subarray(0, reply.delivery.after ?? body.length >> 1), () => socket?.end());
    return;
  }
  response.end(body);
}

function twoLengths(reply: SimulatedReply, body: Buffer): string {
  const chunk = `${body.length.toString(16)}\r\n${body.toString("latin1")}\r\n0\r\n\r\n`;
  const head = `HTTP/1.1 ${reply.status} OK\r\ncontent-type: ${reply.headers["content-type"] ?? "text/plain"}\r\n`;
  return `${head}content-length: ${body.length}\r\ntransfer-encoding: chunked\r\n\r\n${chunk}`;
}

async function endless(reply: SimulatedReply, response: ServerResponse, gone: AbortSignal): Promise<void> {
  response.writeHead(reply.status, reply.headers);
  const block = Buffer.alloc(64 * 1024, " ");
  while (!gone.aborted) {
    if (response.write(block)) await pause(0, gone);
    else await drained(response, gone);
  }
}

async function drip(body: Buffer, everyMs: number, response: ServerResponse, gone: AbortSignal): Promise<void> {
  for (let at = 0; at < body.length && !gone.aborted; at += 1) {
    response.write(body.subarray(at, at + 1));
    await pause(everyMs, gone);
  }
  response.end();
}

function pause(ms: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    if (gone.aborted) end();
    else gone.addEventListener("abort", end, { once: true });
  });
}

function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (gone.aborted) return resolve();
    response.once("drain", resolve);
    gone.addEventListener("abort", () => resolve(), { once: true });
  });
}
