import { decodeJwt, type JWTPayload } from "jose";
import { BridgeError } from "../model/errors.ts";

/** What a gateway's token says of itself. Times are epoch milliseconds. */
export interface Token {
  readonly text: string;
  /** Serials of the gateways it is for (`aud`). */
  readonly serials: readonly string[];
  readonly expires: number;
  /** `iat`; `null` where the token does not say. */
  readonly issued: number | null;
  /** `enphaseUser`: `owner` (lives a year), `installer` (12 hours); `null` where the token does not say. */
  readonly role: string | null;
}

const DAY = 86_400_000;
/** A tenth of the shortest life that Enphase gives, for tokens that do not say when they were issued. */
const SHORTEST_MARGIN = 72 * 60_000;
/** Enphase's tokens have some 500 characters. */
const MAX_LENGTH = 16_384;
const JWT = /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+){2}$/;

/**
 * Reads a token without verifying its signature: only the gateway can tell whether it accepts it. Throws `token_unreadable` where it is
 * no JWT, or has no `exp`.
 */
export function readToken(input: string): Token {
  const text = input.trim();
  const claims = text.length <= MAX_LENGTH && JWT.test(text) ? claimsOf(text) : null;
  const expires = claims === null ? null : milliseconds(claims.exp);
  if (claims === null || expires === null) throw new BridgeError("token_unreadable", UNREADABLE);
  const role = claims["enphaseUser"];
  return {
    text,
    serials: (Array.isArray(claims.aud) ? claims.aud : [claims.aud]).filter((serial) => typeof serial === "string"),
    expires,
    issued: milliseconds(claims.iat),
    role: typeof role === "string" ? printable(role) : null,
  };
}

const UNREADABLE =
  "The token is not a readable JWT with an expiry: copy the whole token from https://entrez.enphaseenergy.com, without quotes";

function claimsOf(text: string): JWTPayload | null {
  try {
    return decodeJwt(text);
  } catch {
    // The parser's message quotes the token.
    return null;
  }
}

function milliseconds(seconds: unknown): number | null {
  if (typeof seconds !== "number" || !Number.isFinite(new Date(seconds * 1000).getTime())) return null;
  return seconds * 1000;
}

/**
 * Reads a token and holds it against the gateway and the time (epoch ms) before it is used. Throws `token_unreadable`,
 * `token_wrong_gateway` or `token_expired`.
 */
export function checkToken(input: string, serial: string, now: number): Token {
  const token = readToken(input);
  if (!token.serials.includes(serial)) {
    const other = token.serials.map(printable).join(", ") || "no gateway";
    throw new BridgeError("token_wrong_gateway", `The token is for ${other}, not for this gateway ${serial}: make one for ${serial}`);
  }
  if (isExpired(token, now)) {
    const expired = new Date(token.expires).toISOString();
    throw new BridgeError("token_expired", `The token expired at ${expired}: a new one is needed`);
  }
  return token;
}

export function isExpired(token: Token, now: number): boolean {
  return token.expires <= now;
}

/**
 * When to renew, epoch ms: with a tenth of its life left, at most 30 days before its end. So an owner's token (a year) is renewed a
 * month early and an installer's (12 hours) about an hour early.
 */
export function refreshAt(token: Token): number {
  const margin = token.issued === null ? SHORTEST_MARGIN : (token.expires - token.issued) / 10;
  return token.expires - Math.min(30 * DAY, Math.max(0, margin));
}

/** The later issued first, then the longer lived: what a person or the cloud gave last counts. */
export function byFreshness(a: Token, b: Token): number {
  return (b.issued ?? 0) - (a.issued ?? 0) || b.expires - a.expires;
}

/** Text from outside, fit for a log line: claims hold whatever somebody wrote into them. */
function printable(text: string): string {
  return text.replace(/[^\w-]/g, "?").slice(0, 40);
}
