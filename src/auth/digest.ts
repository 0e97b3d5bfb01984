import { md5 } from "./local-user.ts";
import type { LocalUser, SeenResponse, SentRequest, SessionAuthorization } from "./ports.ts";

interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string | null;
  /** False for servers of RFC 2069, which offer no `qop`. */
  readonly qop: boolean;
}

/**
 * Digest authorization of RFC 2617 (MD5, qop=auth). After the first challenge every request carries the answer to it beforehand, with the
 * nonce counted up, so a session costs one request more and not one for each. A new challenge is answered once; a second refusal stands.
 */
export function createDigest(user: LocalUser, random: () => number): SessionAuthorization {
  let challenge: Challenge | null = null;
  let uses = 0;
  let justAnswered = false;

  return {
    headersFor(request: SentRequest): Record<string, string> {
      if (challenge === null) return {};
      uses += 1;
      return { authorization: digestHeader(user, challenge, request, uses, cnonceFrom(random)) };
    },
    answered(_request: SentRequest, response: SeenResponse): boolean {
      const fresh = response.status === 401 ? readChallenge(response.headers["www-authenticate"]) : null;
      if (fresh === null) {
        justAnswered = false;
        return false;
      }
      if (fresh.nonce !== challenge?.nonce) uses = 0;
      challenge = fresh;
      justAnswered = !justAnswered;
      return justAnswered;
    },
  };
}

function digestHeader(user: LocalUser, challenge: Challenge, { method, uri }: SentRequest, uses: number, cnonce: string): string {
  const { realm, nonce, opaque, qop } = challenge;
  const nc = uses.toString(16).padStart(8, "0");
  const secret = md5(`${user.username}:${realm}:${user.password}`);
  const target = md5(`${method}:${uri}`);
  const response = md5(qop ? `${secret}:${nonce}:${nc}:${cnonce}:auth:${target}` : `${secret}:${nonce}:${target}`);
  const parts = [
    `username="${quoted(user.username)}"`,
    `realm="${quoted(realm)}"`,
    `nonce="${quoted(nonce)}"`,
    `uri="${uri}"`,
    "algorithm=MD5",
    `response="${response}"`,
  ];
  if (opaque !== null) parts.push(`opaque="${quoted(opaque)}"`);
  if (qop) parts.push("qop=auth", `nc=${nc}`, `cnonce="${cnonce}"`);
  return `Digest ${parts.join(", ")}`;
}

function cnonceFrom(random: () => number): string {
  return Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join("");
}

/** The digest challenge of a `WWW-Authenticate` header; `null` where there is none that MD5 answers. */
function readChallenge(header: string | readonly string[] | undefined): Challenge | null {
  const text = (typeof header === "string" ? [header] : (header ?? [])).join(", ");
  const start = text.search(/\bdigest\s/i);
  if (start < 0) return null;
  const values = new Map<string, string>();
  for (const [, name = "", inQuotes, bare] of text.slice(start + 6).matchAll(/([a-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/gi)) {
    if (!values.has(name.toLowerCase())) values.set(name.toLowerCase(), inQuotes?.replace(/\\(.)/g, "$1") ?? bare ?? "");
  }
  const nonce = values.get("nonce");
  const algorithm = values.get("algorithm") ?? "MD5";
  const offers = values
    .get("qop")
    ?.toLowerCase()
    .split(/[\s,]+/);
  if (nonce === undefined || algorithm.toUpperCase() !== "MD5" || offers?.includes("auth") === false) return null;
  return { realm: values.get("realm") ?? "", nonce, opaque: values.get("opaque") ?? null, qop: offers !== undefined };
}

const quoted = (text: string) => text.replace(/["\\]/g, "\\$&").replace(/[\r\n]/g, "");
