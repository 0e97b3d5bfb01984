import type { KeyObject } from "node:crypto";
import { UNAUTHORIZED_PAGE } from "./faults.ts";
import type { SimulatedReply, SimulatedRequest } from "./message.ts";
import { cookie, reply } from "./message.ts";
import { createClaimsReader, isSignedBy } from "./token.ts";

/** A session cookie is good for ten minutes after its last use. */
const SESSION_MS = 10 * 60_000;

/** Which tokens are refused although they are good: those of before this moment, or all. */
export type RefusedTokens = "issued" | "all";

/** Token and session check of firmware 7 and later. */
export interface BearerGuard {
  /** Answers `/auth/check_jwt`. */
  checkJwt(request: SimulatedRequest, serial: string, now: number): SimulatedReply;
  /** Whether the request may pass, and as whom (`enphaseUser` of its token). */
  check(request: SimulatedRequest, serial: string, now: number): { readonly pass: boolean; readonly role: string | null };
  /** Forgets every session: protected paths want a new `/auth/check_jwt`. */
  loseSessions(): void;
  refuse(which: RefusedTokens, now: number): () => void;
}

export interface BearerOptions {
  /** Public key of whoever may sign tokens; any signature is taken where not given. */
  readonly trustedKey?: KeyObject | undefined;
  /** How many sessions are kept; the oldest goes. */
  readonly sessionLimit: number;
  readonly random: () => number;
}

export function createBearerGuard(options: BearerOptions): BearerGuard {
  const sessions = new Map<string, { usedAt: number; readonly role: string }>();
  const verified = new Map<string, boolean>();
  const readClaims = createClaimsReader();
  const seen = new Set<string>();
  let refusals: readonly ((token: string, issuedAt: number) => boolean)[] = [];
  let sessionWanted = false;

  const isSigned = (token: string) => {
    const known = verified.get(token) ?? (options.trustedKey === undefined || isSignedBy(token, options.trustedKey));
    verified.set(token, known);
    return known;
  };
  const roleOf = (request: SimulatedRequest, serial: string, now: number): string | null => {
    const token = bearerOf(request);
    const claims = token === null ? null : readClaims(token);
    if (token === null || claims === null || claims.aud !== serial || !((claims.exp ?? 0) * 1000 > now) || !isSigned(token)) return null;
    const refused = refusals.some((refuses) => refuses(token, (claims.iat ?? 0) * 1000));
    seen.add(token);
    return refused ? null : (claims.enphaseUser ?? "owner");
  };
  const sessionRole = (request: SimulatedRequest, now: number): string | null => {
    const session = sessions.get(cookie(request.headers["cookie"], "sessionId") ?? "");
    if (session === undefined || now - session.usedAt > SESSION_MS) return null;
    session.usedAt = now;
    return session.role;
  };
  return {
    checkJwt(request, serial, now) {
      const role = roleOf(request, serial, now);
      if (role === null) return reply(401, UNAUTHORIZED_PAGE, "text/html");
      const id = Math.floor(options.random() * 2 ** 48).toString(36);
      sessions.set(id, { usedAt: now, role });
      for (const oldest of sessions.keys()) if (sessions.size > options.sessionLimit) sessions.delete(oldest);
      sessionWanted = false;
      const headers = { "set-cookie": `sessionId=${id}; Path=/; Secure; HttpOnly` };
      return reply(200, "<!DOCTYPE html><h2>Valid token.</h2>\n", "text/html", headers);
    },
    check(request, serial, now) {
      const role = sessionRole(request, now);
      if (role !== null) return { pass: true, role };
      const tokenRole = sessionWanted ? null : roleOf(request, serial, now);
      return { pass: tokenRole !== null, role: tokenRole };
    },
    loseSessions() {
      sessions.clear();
      sessionWanted = true;
    },
    refuse(which, now) {
      const before = new Set(seen);
      const refuses = (token: string, issuedAt: number) => which === "all" || before.has(token) || issuedAt < now - 1000;
      refusals = [...refusals, refuses];
      sessions.clear();
      return () => {
        refusals = refusals.filter((other) => other !== refuses);
      };
    },
  };
}

/** The token in an `Authorization: Bearer` header, `null` without. */
export function bearerOf(request: SimulatedRequest): string | null {
  return /^bearer (.+)$/i.exec(request.headers["authorization"] ?? "")?.[1] ?? null;
}
