import type { Clock } from "../lib/clock.ts";
import { BridgeError } from "../model/errors.ts";
import { createDigest } from "./digest.ts";
import type { LocalUser, SessionAuthorization } from "./ports.ts";
import { isExpired, type Token } from "./token.ts";

/** The credential in use at one gateway. */
export interface Credentials {
  readonly authorization: SessionAuthorization;
  /** The token in use; `null` with digest, or without any. */
  token(): Token | null;
  /** The token that was in use before; should the gateway refuse the new one, this may still be good. */
  previous(): Token | null;
  /** A new token; the cookie of the one before goes. */
  useToken(token: Token): void;
  /** Below firmware 7. The same user as before goes on with its nonce. */
  useDigest(user: LocalUser): void;
  /** The gateway's session cookie goes, the token stays. */
  dropCookie(): void;
}

interface Digest {
  readonly user: LocalUser;
  readonly authorization: SessionAuthorization;
}

/** Nobody is known yet. */
const NOBODY: SessionAuthorization = {
  headersFor() {
    throw new BridgeError("no_credentials", "not logged in to the gateway yet");
  },
  answered: () => false,
};

export function createCredentials(clock: Clock, random: () => number): Credentials {
  let token: Token | null = null;
  let previous: Token | null = null;
  let digest: Digest | null = null;
  let current = NOBODY;
  const cookies = new Map<string, string>();

  const bearer: SessionAuthorization = {
    headersFor() {
      if (token === null || isExpired(token, clock.now())) {
        throw new BridgeError("token_expired", "the token has expired: it is not sent any more, a new one is needed");
      }
      const authorization = `Bearer ${token.text}`;
      return cookies.size === 0 ? { authorization } : { authorization, cookie: [...cookies].map((pair) => pair.join("=")).join("; ") };
    },
    answered(_request, { status, headers }) {
      if (status >= 200 && status < 300) keepCookies(headers["set-cookie"]);
      return false;
    },
  };

  function keepCookies(header: string | readonly string[] | undefined): void {
    for (const line of typeof header === "string" ? [header] : (header ?? [])) {
      const [, name, value] = /^\s*([\w-]{1,64})=([!#-+\--:<-[\]-~]{1,4096})\s*(?:;|$)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined && (cookies.has(name) || cookies.size < MAX_COOKIES)) cookies.set(name, value);
    }
  }

  return {
    authorization: {
      headersFor: (request) => current.headersFor(request),
      answered: (request, response) => current.answered(request, response),
    },
    token: () => token,
    previous: () => previous,
    useToken(fresh) {
      if (fresh.text !== token?.text) {
        cookies.clear();
        previous = token;
      }
      token = fresh;
      current = bearer;
    },
    useDigest(user) {
      if (digest?.user.username !== user.username || digest.user.password !== user.password) {
        digest = { user, authorization: createDigest(user, random) };
      }
      token = null;
      cookies.clear();
      current = digest.authorization;
    },
    dropCookie: () => cookies.clear(),
  };
}

/** The gateway sets one, `sessionId`. */
const MAX_COOKIES = 8;
