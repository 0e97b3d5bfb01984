import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { Certificate } from "./certificate.ts";

/** A TLS record of a handshake begins with this byte; no HTTP method does. */
const TLS_HANDSHAKE = 0x16;

export interface PortOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  readonly certificate: Certificate;
  /** Whether a connection of this scheme is taken; else it is cut. */
  readonly accepts: (scheme: Scheme) => boolean;
  /** Whether one more connection is taken; else it is cut. */
  readonly mayConnect?: () => boolean;
  readonly onRequest: (scheme: Scheme, request: IncomingMessage, response: ServerResponse) => void;
}

export type Scheme = "https" | "http";

/** One port that speaks http and https: the first byte of a connection tells which. */
export interface Port {
  /** 0 before the first `listen`, where none was given. */
  readonly number: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** Connections since the start. */
  readonly accepted: number;
  setCertificate(certificate: Certificate): void;
  /** Cuts every connection. */
  cut(): void;
  /** Refuses new connections and cuts the open ones. */
  stop(): Promise<void>;
  /** Listens, after `stop` on the same port again. */
  listen(): Promise<void>;
}

export function createPort(options: PortOptions): Port {
  const https = createHttpsServer({ ...options.certificate, keepAliveTimeout: 0 }, (request, response) =>
    options.onRequest("https", request, response),
  );
  const http = createHttpServer({ keepAliveTimeout: 0 }, (request, response) => options.onRequest("http", request, response));
  https.on("tlsClientError", (_error, socket) => socket.destroy());
  const sockets = new Set<Socket>();
  let number = options.port;
  let accepted = 0;
  let server: Server | null = null;

  const take = (socket: Socket) => {
    sockets.add(socket);
    accepted += 1;
    socket.on("error", () => socket.destroy());
    socket.on("close", () => sockets.delete(socket));
    socket.once("readable", () => {
      const first = socket.read(1) as Buffer | null;
      if (first === null) return;
      const scheme = first[0] === TLS_HANDSHAKE ? "https" : "http";
      if (!options.accepts(scheme) || options.mayConnect?.() === false) return void socket.resetAndDestroy();
      socket.unshift(first);
      (scheme === "https" ? https : http).emit("connection", socket);
    });
  };
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    get number() {
      return number;
    },
    get connections() {
      return sockets.size;
    },
    get accepted() {
      return accepted;
    },
    setCertificate: (certificate) => https.setSecureContext(certificate),
    cut,
    async stop() {
      const closing = server;
      server = null;
      if (closing === null) return;
      const closed = new Promise<void>((resolve) => closing.close(() => resolve()));
      cut();
      await closed;
    },
    async listen() {
      if (server !== null) return;
      server = createServer(take);
      await listenOn(server, number, options.host);
      number = (server?.address() as AddressInfo | null)?.port ?? number;
    },
  };
}

function listenOn(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.once("close", resolve);
    server.listen({ port, host }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}
