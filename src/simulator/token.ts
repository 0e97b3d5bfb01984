import { generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto";

/** What an Enphase token says. Times are epoch seconds. */
export interface TokenClaims {
  /** Serial of the gateway that it is for. */
  readonly aud: string;
  readonly iss: string;
  /** `owner` (about a year) or `installer` (12 hours). */
  readonly enphaseUser: string;
  readonly username: string;
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

/** A key pair (ES256) that signs tokens; its public half is what gateways trust. */
export interface TokenKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export function createTokenKey(): TokenKey {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** A JWT, signed with ES256. */
export function signToken(claims: Partial<TokenClaims>, key: TokenKey): string {
  const content = `${encode({ kid: "7d10005d-1899-4000-8000-000000000000", typ: "JWT", alg: "ES256" })}.${encode(claims)}`;
  const signature = sign("sha256", Buffer.from(content), { key: key.privateKey, dsaEncoding: "ieee-p1363" });
  return `${content}.${signature.toString("base64url")}`;
}

/** The claims of a JWT as far as they can be read, without looking at the signature; `null` where it is none. */
export function readClaims(token: string): Partial<TokenClaims> | null {
  const [, payload = "", signature] = token.split(".");
  if (signature === undefined) return null;
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    return typeof claims === "object" && claims !== null ? claims : null;
  } catch {
    return null;
  }
}

/** As `readClaims`, for tokens that are read again and again. */
export function createClaimsReader(): typeof readClaims {
  const known = new Map<string, Partial<TokenClaims> | null>();
  return (token) => {
    const claims = known.has(token) ? (known.get(token) ?? null) : readClaims(token);
    if (known.size > 100) known.clear();
    known.set(token, claims);
    return claims;
  };
}

/** True where `key` signed the token. */
export function isSignedBy(token: string, key: KeyObject): boolean {
  const at = token.lastIndexOf(".");
  if (at < 0) return false;
  const signature = Buffer.from(token.slice(at + 1), "base64url");
  return verify("sha256", Buffer.from(token.slice(0, at)), { key, dsaEncoding: "ieee-p1363" }, signature);
}
