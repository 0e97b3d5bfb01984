import { type Message, STAGES, type Stage } from "../model/message.ts";

/** What shall stand on one topic, and what the broker is known to have. Times are monotonic milliseconds. */
export interface Entry {
  message: Message;
  readonly rank: number;
  /** When it was last said to be true. */
  offeredAt: number;
  /** Payload acknowledged on this link. */
  acknowledged: string | null;
  sentAt: number;
  /** Payload that subscribers saw last, on this link or an earlier one. */
  seen: string | null;
  inFlight: boolean;
  /** To be sent before `message`: the way out for what vanished. */
  step: Message | null;
  notBefore: number;
  /** A user removed it elsewhere: not offered again before the next start or `announce`. */
  withheld: boolean;
  /** Size and moment of a refusal that would come again. */
  refused: { readonly bytes: number; readonly at: number; readonly byLimit: boolean } | null;
  /** Hang-ups with only this in flight. */
  strikes: number;
  denied: boolean;
}

/** Removal steps go first, so that no reader is left when a value's key goes; then the stages; last what says that all is there. */
export const RANK = { step: 0, values: 1, discovery: 2, availability: 3, last: 4 } as const;

const REFUSAL_LASTS_MS = 3_600_000;

/** What must go out before `next` so that what it lacks vanishes; `null` when nothing does. */
export type RemovalStep = (before: string, next: Message) => Message | null;

/** Last value wins: one entry per topic, and for each rank the topics that still have to be sent, in the order of the first offer. */
export class Desired {
  readonly entries: Map<string, Entry> = new Map();
  readonly #due: readonly Map<string, Entry>[] = Object.values(RANK).map(() => new Map());
  readonly #removalStep: RemovalStep;

  constructor(removalStep: RemovalStep) {
    this.#removalStep = removalStep;
  }

  get(topic: string): Entry | undefined {
    return this.entries.get(topic);
  }

  put(message: Message, rank: number, now: number): Entry {
    const known = this.entries.get(message.topic);
    if (known !== undefined && known.rank === rank) {
      known.message = message;
      known.offeredAt = now;
      return known;
    }
    if (known !== undefined) this.settle(known);
    const entry: Entry = {
      message,
      rank,
      offeredAt: now,
      acknowledged: null,
      sentAt: Number.NEGATIVE_INFINITY,
      seen: known?.seen ?? null,
      inFlight: false,
      step: null,
      notBefore: 0,
      withheld: false,
      refused: null,
      strikes: 0,
      denied: false,
    };
    this.entries.set(message.topic, entry);
    return entry;
  }

  remove(entry: Entry): void {
    this.settle(entry);
    if (this.entries.get(entry.message.topic) === entry) this.entries.delete(entry.message.topic);
  }

  /** To be sent; what vanishes with it is removed first. */
  change(entry: Entry): void {
    this.settle(entry);
    const { seen, message, rank } = entry;
    const removes = rank === RANK.discovery && seen !== null && message.payload !== "" && seen !== message.payload;
    entry.step = removes ? this.#removalStep(seen, message) : null;
    this.mark(entry);
  }

  /** To be sent when its turn comes. */
  mark(entry: Entry): void {
    if (!entry.withheld) this.#due[entry.step === null ? entry.rank : RANK.step]!.set(entry.message.topic, entry);
  }

  settle(entry: Entry): void {
    for (const due of this.#due) due.delete(entry.message.topic);
  }

  /** The next to be sent at `now` whose rank is at most `upTo`. */
  next(now: number, upTo: number): Entry | null {
    for (const due of this.#due.slice(0, upTo + 1)) {
      for (const entry of due.values()) if (!entry.inFlight && entry.notBefore <= now) return entry;
    }
    return null;
  }

  /** When the first of those that wait for their time is due; `null` when none does. */
  wakeAt(now: number): number | null {
    let first: number | null = null;
    for (const due of this.#due) {
      for (const { notBefore } of due.values()) if (notBefore > now && (first === null || notBefore < first)) first = notBefore;
    }
    return first;
  }

  ofRank(rank: number): readonly Entry[] {
    return [...this.entries.values()].filter((entry) => entry.rank === rank);
  }
}

export function rankOf(stage: Stage): number {
  return STAGES.indexOf(stage) + 1;
}

/** True while a refusal still stands: about as large as what was refused, and not long ago. */
export function stillRefused(entry: Entry, bytes: number, now: number): boolean {
  return entry.refused !== null && bytes > entry.refused.bytes * 0.75 && now - entry.refused.at < REFUSAL_LASTS_MS;
}

/**
 * The message as it is to be sent at `now`: an old value only lasts for the rest of its time.
 *
 * @returns `null` when its time is over: it would bring back watts that are long gone.
 */
export function aged(message: Message, offeredAt: number, now: number): Message | null {
  if (message.expiry === null) return message;
  const left = Math.ceil(message.expiry - (now - offeredAt) / 1_000);
  return left <= 0 ? null : { ...message, expiry: left };
}
