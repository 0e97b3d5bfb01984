import type { Desired, Entry } from "./desired.ts";
import type { Ending } from "./link-types.ts";
import { packetSize } from "./packet-size.ts";
import { TAKEN_OVER } from "./reasons.ts";

/** Twice, because a broker may also be killed at that very moment. */
const STRIKES = 2;
/** Few brokers mind a message as small as a value; links break for many other reasons. */
const SMALL_BYTES = 1_000;
const STRIKES_IF_SMALL = 5;

/** Finds the message on which a broker hangs up, where links break soon after they came about. */
export class Suspicion {
  readonly #desired: Desired;
  /** Says that all is there; without it nothing could ever be. */
  readonly #state: Entry;
  #careful = false;
  /** Sent alone and not acknowledged yet. */
  #suspect: Entry | null = null;
  /** On this link something was sent. */
  #spoke = false;

  constructor(desired: Desired, state: Entry) {
    this.#desired = desired;
    this.#state = state;
  }

  /** One at a time, and acknowledged each. */
  get careful(): boolean {
    return this.#careful;
  }

  /** True where nothing should be sent for a while: a link that breaks all the same breaks for another reason than what we send. */
  linkUp(): boolean {
    this.#spoke = false;
    this.#suspect = null;
    return this.#careful && [...this.#desired.entries.values()].some(({ strikes }) => strikes > 0);
  }

  sending(entry: Entry): void {
    this.#spoke = true;
    if (this.#careful) this.#suspect = entry;
  }

  acknowledged(entry: Entry): void {
    this.#suspect = null;
    entry.strikes = 0;
  }

  everythingSent(): void {
    this.#careful = false;
    this.#acquit();
  }

  /** The link broke before everything was sent. Gives the entry that is to blame, with enough evidence. */
  brokeEarly(ending: Ending): Entry | null {
    if (ending.code === TAKEN_OVER) return null;
    this.#careful = true;
    if (!this.#spoke) this.#acquit();
    const suspect = this.#suspect;
    if (suspect === null || suspect === this.#state) return null;
    suspect.strikes += 1;
    if (suspect.strikes < (packetSize(suspect.message, 4) < SMALL_BYTES ? STRIKES_IF_SMALL : STRIKES)) return null;
    suspect.strikes = 0;
    return suspect;
  }

  #acquit(): void {
    for (const entry of this.#desired.entries.values()) entry.strikes = 0;
  }
}
