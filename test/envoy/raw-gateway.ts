import { createServer as createTcp, type Server, type Socket } from "node:net";
import { createServer as createTls, type TlsOptions } from "node:tls";
import { noAuthorization } from "../../src/envoy/authorization.ts";
import { type Client, type ClientOptions, createClient } from "../../src/envoy/client.ts";
import type { PinStore } from "../../src/envoy/pin.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { silentLogger } from "../../src/lib/logger.ts";

/** A gateway on loopback that is told byte by byte what it answers. */
export interface RawGateway {
  readonly port: number;
  /** The head of each request that came. */
  readonly requests: readonly string[];
  readonly connections: number;
  close(): Promise<void>;
}

export type Answer = (socket: Socket, head: string, count: number) => void;

/** Speaks TLS where it is given a key. */
export async function startRaw(answer: Answer, tls?: TlsOptions): Promise<RawGateway> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const serve = (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    let text = "";
    socket.on("data", (piece) => {
      const isTlsHello = tls === undefined && piece[0] === 0x16;
      if (isTlsHello) {
        socket.destroy();
        return;
      }
      text += piece.toString("latin1");
      for (let end = text.indexOf("\r\n\r\n"); end >= 0; end = text.indexOf("\r\n\r\n")) {
        const head = text.slice(0, end);
        text = text.slice(end + 4 + Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0));
        requests.push(head);
        answer(socket, head, requests.length);
      }
    });
  };
  const server: Server = tls === undefined ? createTcp(serve) : createTls(tls, serve);
  server.on("tlsClientError", () => {});
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    requests,
    get connections() {
      return connections;
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** One whole answer. */
export function http(body: string | Buffer, status = 200, headers = ""): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([Buffer.from(`HTTP/1.1 ${status} X\r\nContent-Length: ${bytes.length}\r\n${headers}\r\n`), bytes]);
}

/** Remembers one fingerprint in memory. */
export function memoryPin(fingerprint: string | null = null): PinStore {
  let accepted = fingerprint;
  return {
    accepted: () => accepted,
    accept(seen) {
      accepted = seen;
    },
  };
}

/** A client with tests' limits; waits between tries are not waited for. */
export function clientOf(host: string, options: Partial<ClientOptions> = {}): Client {
  return createClient({
    host,
    authorization: noAuthorization,
    tls: "pin",
    pin: memoryPin(),
    clock: { ...systemClock, sleep: async (_, signal) => signal?.throwIfAborted() },
    random: () => 0.5,
    logger: silentLogger,
    ...options,
    limits: { connect: 1000, read: 1500, total: 3000, ...options.limits },
  });
}
