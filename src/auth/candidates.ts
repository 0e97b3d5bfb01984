import { type BridgeError, isBridgeError } from "../model/errors.ts";
import type { TokenStore } from "./ports.ts";
import { byFreshness, checkToken, type Token } from "./token.ts";

export interface Candidates {
  /** Tokens that pass the local checks, best first. */
  readonly usable: readonly Token[];
  /** What is wrong with the last of those that do not; `null` where there are none. */
  readonly problem: BridgeError | null;
}

export interface CandidateSources {
  readonly serial: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Tokens in use now and before. */
  readonly known: readonly (Token | null)[];
  readonly store: TokenStore;
  readonly configured: () => string | null;
}

/**
 * All tokens at hand: in use, stored, configured. The one that was issued last comes first, so a token that a person has just configured goes
 * before a stored one, and a renewed one before the configured one that it replaced.
 */
export async function findCandidates({ serial, now, known, store, configured }: CandidateSources): Promise<Candidates> {
  const texts = new Set<string>();
  for (const text of [...known.map((token) => token?.text), await store.load(serial), configured()?.trim()]) {
    if (text) texts.add(text);
  }
  const usable: Token[] = [];
  let problem: BridgeError | null = null;
  for (const text of texts) {
    try {
      usable.push(checkToken(text, serial, now));
    } catch (error) {
      if (!isBridgeError(error)) throw error;
      problem = error;
    }
  }
  return { usable: usable.sort(byFreshness), problem };
}
