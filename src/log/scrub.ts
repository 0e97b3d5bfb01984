/** Stands where a secret was. */
export const REMOVED = "[removed]";

/** A secret shorter than this would take ordinary words out of every line. */
const SHORTEST = 4;

/** Three parts of base64url of which the first begins as JSON does: a token, whole or cut off. */
const TOKEN = /eyJ[\w-]{5,}(\.[\w-]*){0,2}/g;
/** User and password in a URL; `sessionId=…` and the like in cookies and queries; `Bearer …`, `Basic …`, `Digest …`. */
const IN_URL = /(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/?#@]*@/gi;
const NAMED = /\b(session_?id|manager_token|access_token|password|passwd|token)(=|%3D)[^\s&;,"']+/gi;
const IN_JSON = /("(?:session_?id|manager_token|access_token|password|passwd|token)"\s*:\s*")[^"]+/gi;
const SCHEME = /\b(bearer|basic)\s+[\w.~+/=-]{8,}/gi;
/** Fields whose whole value is a secret, whatever it looks like. */
const SECRET_KEY = /^(password|passwd|token|access_?token|manager_?token|session_?id|cookie|set-cookie|authorization|secret)$/i;

/** Takes secrets out of text and of whole log entries. */
export interface Scrub {
  text(text: string): string;
  fields(fields: Record<string, unknown>): Record<string, unknown>;
}

/** Takes out every one of `secrets` (as it is, URL-encoded, base64, or with JSON's escapes) and whatever looks like one. */
export function createScrub(secrets: () => readonly string[]): Scrub {
  const variants = remembered(secrets);
  const text = (given: string): string => {
    let clean = given;
    for (const variant of variants()) clean = clean.replaceAll(variant, REMOVED);
    return clean
      .replace(TOKEN, REMOVED)
      .replace(IN_URL, `$1${REMOVED}@`)
      .replace(NAMED, `$1$2${REMOVED}`)
      .replace(IN_JSON, `$1${REMOVED}`)
      .replace(SCHEME, `$1 ${REMOVED}`);
  };
  const value = (given: unknown): unknown => {
    if (typeof given === "string") return text(given);
    if (typeof given === "number") return text(String(given)) === String(given) ? given : REMOVED;
    if (Array.isArray(given)) return given.map(value);
    return typeof given === "object" && given !== null ? object(given) : given;
  };
  const object = (given: object): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(given).map(([key, part]) => [text(key), SECRET_KEY.test(key) && typeof part === "string" ? REMOVED : value(part)]),
    );
  const fields = ({ level, time, ...rest }: Record<string, unknown>): Record<string, unknown> => ({ level, time, ...object(rest) });
  return { text, fields };
}

/** Every form of each secret, longest first; worked out again only when the list changes. */
function remembered(secrets: () => readonly string[]): () => readonly string[] {
  let last = "";
  let variants: readonly string[] = [];
  return () => {
    const now = secrets().filter((secret) => secret.length >= SHORTEST);
    const key = JSON.stringify(now);
    if (key !== last) {
      last = key;
      variants = [...new Set(now.flatMap(formsOf))].sort((a, b) => b.length - a.length);
    }
    return variants;
  };
}

function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret);
  const encoded = encodeURIComponent(secret.toWellFormed());
  const form = new URLSearchParams({ s: secret }).toString().slice(2);
  return [secret, encoded, form, bytes.toString("base64"), bytes.toString("base64url"), JSON.stringify(secret).slice(1, -1)];
}
