import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, isIP } from "node:net";
import { BridgeError } from "../model/errors.ts";
import { metrics } from "./metrics.ts";
import { statusPage } from "./page.ts";
import type { Health, StatusSupplier } from "./status.ts";

export interface WebOptions {
  readonly host: string;
  /** 0 for any free one. */
  readonly port: number;
  /** Names under which it may be asked for, besides addresses and `localhost`. */
  readonly hosts: readonly string[];
  /** Asked for by page and metrics; `null`: open to whoever can connect. */
  readonly password: string | null;
  readonly status: StatusSupplier;
  readonly health: Health;
}

export interface Web {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Serves `/`, `/healthz` and `/metrics`, read only. Throws a `BridgeError("config")` where it cannot listen. */
export async function startWeb(options: WebOptions): Promise<Web> {
  const server = createServer(
    { requestTimeout: 10_000, headersTimeout: 5_000, keepAliveTimeout: 5_000, maxHeaderSize: 8_192 },
    (request, response) => send(request, response, safely(request, options)),
  );
  server.maxConnections = 32;
  await listening(server, options);
  return {
    address: { host: options.host, port: (server.address() as AddressInfo).port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, { host, port }: WebOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      reject(
        new BridgeError("config", `web.listen: cannot listen on ${host}:${port} (${cause.code}): choose another port, or off`, { cause }),
      );
    });
    server.listen(port, host, () => resolve());
  });
}

function safely(request: IncomingMessage, options: WebOptions): Answer {
  try {
    return answer(request, options);
  } catch {
    return plain(500, "The page could not be made; the bridge goes on.");
  }
}

function answer(request: IncomingMessage, options: WebOptions): Answer {
  if (request.method !== "GET" && request.method !== "HEAD") return { ...plain(405, "Only GET."), headers: { allow: "GET, HEAD" } };
  if (!isOwnName(request.headers.host, options.hosts)) return plain(421, "This page does not go by that name: put it into web.hosts.");
  const path = (request.url ?? "/").split("?")[0];
  if (path === "/healthz") return healthAnswer(options.health());
  if (path !== "/" && path !== "/metrics") return plain(404, "There is /, /metrics and /healthz.");
  if (options.password !== null && !knows(request.headers.authorization, options.password)) {
    return { ...plain(401, "The password is web.password."), headers: { "www-authenticate": 'Basic realm="envoy2mqtt", charset="UTF-8"' } };
  }
  if (path === "/metrics") return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: metrics(options.status()) };
  const nonce = randomBytes(16).toString("base64");
  const headers = { "content-security-policy": policy(`style-src 'nonce-${nonce}'`) };
  return { status: 200, type: "text/html; charset=utf-8", body: statusPage(options.status(), nonce), headers };
}

function healthAnswer(trouble: string | null): Answer {
  return trouble === null ? plain(200, "ok") : plain(503, trouble);
}

function plain(status: number, text: string): Answer {
  return { status, type: "text/plain; charset=utf-8", body: `${text}\n` };
}

const policy = (extra: string): string => `default-src 'none'; ${extra}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`;

/** Only addresses and names that are ours: a page elsewhere that points its own name at us (DNS rebinding) is refused. */
function isOwnName(host: string | undefined, hosts: readonly string[]): boolean {
  const name = /^(\[[^\]]+\]|[^:]+)(:\d+)?$/.exec(host ?? "")?.[1]?.toLowerCase();
  if (name === undefined) return false;
  return isIP(name.replace(/^\[|\]$/g, "")) !== 0 || name === "localhost" || hosts.some((own) => own.toLowerCase() === name);
}

function knows(header: string | undefined, password: string): boolean {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? "") ?? [];
  if (encoded === undefined) return false;
  const given = Buffer.from(encoded, "base64")
    .toString()
    .replace(/^[^:]*:/, "");
  const hash = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(given), hash(password));
}

function send(request: IncomingMessage, response: ServerResponse, { status, type, body, headers }: Answer): void {
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "content-security-policy": policy("style-src 'none'"),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}
