import { createHash } from "node:crypto";
import { UNAUTHORIZED_PAGE } from "./faults.ts";
import type { SimulatedReply, SimulatedRequest } from "./message.ts";
import { reply } from "./message.ts";

const REALM = "enphaseenergy.com";
/** The oldest go: a gateway has little memory. */
const MOST_NONCES = 100;
const md5 = (text: string) => createHash("md5").update(text).digest("hex");

/** Digest authorization of firmware below 7 (RFC 2617: MD5, qop `auth`). */
export interface DigestGuard {
  /** `null`: let through. Else the 401 with its challenge. */
  check(request: SimulatedRequest, serial: string, now: number): SimulatedReply | null;
  /** Forgets every nonce. */
  forget(): void;
}

export interface DigestOptions {
  /** User → password, besides `envoy` and `installer`. */
  readonly users?: Readonly<Record<string, string>>;
  /** How long a nonce is good, ms. */
  readonly nonceLifetimeMs: number;
}

export function createDigestGuard(options: DigestOptions): DigestGuard {
  const nonces = new Map<string, { readonly since: number; count: number }>();
  let issued = 0;
  const challenge = (now: number, stale: boolean) => {
    issued += 1;
    const nonce = md5(`${issued} ${now}`);
    nonces.set(nonce, { since: now, count: 0 });
    for (const oldest of nonces.keys()) if (nonces.size > MOST_NONCES) nonces.delete(oldest);
    const header = `Digest realm="${REALM}", qop="auth", nonce="${nonce}", algorithm=MD5${stale ? ", stale=true" : ""}`;
    return reply(401, UNAUTHORIZED_PAGE, "text/html", { "www-authenticate": header });
  };
  return {
    check(request, serial, now) {
      const given = parseDigest(request.headers["authorization"]);
      if (given === null) return challenge(now, false);
      const nonce = nonces.get(given["nonce"] ?? "");
      const password = passwordOf(given["username"] ?? "", serial, options.users ?? {});
      if (password === null || given["response"] !== expected(given, request, password)) return challenge(now, false);
      const count = Number.parseInt(given["nc"] ?? "", 16);
      if (nonce === undefined || now - nonce.since > options.nonceLifetimeMs || !(count > nonce.count)) return challenge(now, true);
      nonce.count = count;
      return null;
    },
    forget: () => nonces.clear(),
  };
}

function parseDigest(header: string | undefined): Readonly<Record<string, string>> | null {
  if (header === undefined || !/^digest /i.test(header)) return null;
  const fields: Record<string, string> = {};
  for (const match of header.slice(7).matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)) fields[match[1] ?? ""] = match[2] ?? match[3] ?? "";
  return fields;
}

function expected(given: Readonly<Record<string, string>>, request: SimulatedRequest, password: string): string | null {
  if (given["uri"] !== request.path || given["qop"] !== "auth" || given["realm"] !== REALM) return null;
  const user = md5(`${given["username"]}:${REALM}:${password}`);
  const target = md5(`${request.method}:${request.path}`);
  return md5(`${user}:${given["nonce"]}:${given["nc"]}:${given["cnonce"]}:auth:${target}`);
}

function passwordOf(user: string, serial: string, users: Readonly<Record<string, string>>): string | null {
  if (users[user] !== undefined) return users[user];
  if (user === "envoy") return serial.slice(-6);
  return user === "installer" ? installerPassword(serial) : null;
}

/** The password of user `installer`, computed from the serial (firmware below 7). */
export function installerPassword(serial: string): string {
  const digits = md5(`[e]installer@${REALM}#${serial} EnPhAsE eNeRgY `);
  let zeros = digits.split("0").length - 1;
  let ones = digits.split("1").length - 1;
  let password = "";
  for (const digit of [...digits.slice(-8)].reverse()) {
    if (zeros === 3 || zeros === 6 || zeros === 9) zeros -= 1;
    zeros = Math.min(20, Math.max(0, zeros));
    if (ones === 9 || ones === 15) ones -= 1;
    ones = Math.min(26, Math.max(0, ones));
    if (digit === "0") {
      password += String.fromCharCode("f".charCodeAt(0) + zeros);
      zeros -= 1;
    } else if (digit === "1") {
      password += String.fromCharCode("@".charCodeAt(0) + ones);
      ones -= 1;
    } else password += digit;
  }
  return password;
}
