import { createHash } from "node:crypto";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { request as httpsRequest } from "node:https";

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly raw: Buffer;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly insecureHTTPParser?: boolean;
  /** Accepted certificates; any certificate where not given. */
  readonly ca?: string;
  /** Sees the first bytes as they come. */
  readonly onData?: (chunk: Buffer) => void;
}

/** One request on its own connection, with Node's own client. */
export function request(url: string, sent: Sent = {}): Promise<Received> {
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https") ? httpsRequest : httpRequest;
    const { body, onData, ca, ...options } = sent;
    const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
    const outgoing = send(url, { agent: false, ...trust, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        onData?.(chunk);
      });
      response.on("error", reject);
      response.on("end", () => {
        const raw = Buffer.concat(chunks);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: raw.toString(), raw });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** The `Authorization` header that answers a digest challenge. */
export function digestHeader(
  challenge: string,
  options: { readonly method: string; readonly uri: string; readonly user: string; readonly password: string; readonly count: number },
): string {
  const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? "";
  const [realm, nonce, cnonce] = [field("realm"), field("nonce"), "abcdef"];
  const nc = options.count.toString(16).padStart(8, "0");
  const response = md5(
    `${md5(`${options.user}:${realm}:${options.password}`)}:${nonce}:${nc}:${cnonce}:auth:${md5(`${options.method}:${options.uri}`)}`,
  );
  const fields = `username="${options.user}", realm="${realm}", nonce="${nonce}", uri="${options.uri}"`;
  return `Digest ${fields}, qop=auth, nc=${nc}, cnonce="${cnonce}", response="${response}"`;
}
