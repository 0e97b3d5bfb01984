import type { Message, Stage } from "../model/message.ts";
import { Desired, type Entry, RANK, rankOf } from "./desired.ts";
import type { Ending, Link } from "./link-types.ts";
import type { PublisherCounts, PublisherOptions } from "./publisher-types.ts";
import { Sender } from "./sender.ts";
import { topicFault } from "./topics.ts";

const MOST_TOPICS = 20_000;

/** Keeps the broker's retained topics equal to what was offered last. Nothing is queued: away, it only remembers the last value. */
export class Publisher {
  readonly #options: Required<PublisherOptions>;
  readonly #desired: Desired;
  readonly #state: Entry;
  readonly #sender: Sender;

  constructor(options: PublisherOptions) {
    this.#options = { heartbeatMs: 300_000, settleMs: 5_000, soon: setImmediate, ...options };
    const online: Message = { topic: options.stateTopic, payload: "online", retain: true, qos: 1, expiry: null, json: false };
    this.#desired = new Desired(options.removalStep);
    this.#state = this.#desired.put(online, RANK.last, this.#now());
    this.#sender = new Sender(this.#desired, this.#state, this.#options);
  }

  get counts(): PublisherCounts {
    return { ...this.#sender.counts, topics: this.#desired.entries.size - 1 };
  }

  offer(stage: Stage, messages: readonly Message[]): void {
    for (const message of messages) this.#offerOne(rankOf(stage), message);
    this.#sender.soon();
  }

  /** Once and now: dropped, and counted, without a link. */
  event(message: Message, correlationData: Buffer | null = null): void {
    if (topicFault(message.topic) === null) this.#sender.event(message, correlationData);
    else this.#sender.drop();
  }

  /** Removes a retained topic, also one that was never offered. */
  forget(topic: string): void {
    const known = this.#desired.get(topic);
    const gone: Message = { topic, payload: "", retain: true, qos: 1, expiry: null, json: false };
    const entry = this.#desired.put(gone, known?.rank ?? RANK.values, this.#now());
    entry.withheld = false;
    entry.refused = null;
    entry.notBefore = 0;
    this.#desired.change(entry);
    this.#sender.soon();
  }

  /** A topic whose present payload was found on the broker, published by an earlier run. */
  seen(topic: string, payload: string): void {
    const entry = this.#desired.get(topic);
    if (entry === undefined || entry.seen !== null) return;
    entry.seen = payload;
    this.#desired.change(entry);
  }

  isOffered(topic: string): boolean {
    const entry = this.#desired.get(topic);
    return entry !== undefined && entry.message.payload !== "";
  }

  /** The topic was found emptied. Returns whether somebody else did it to one that we offer; that is not fought. */
  emptied(topic: string): boolean {
    const entry = this.#desired.get(topic);
    if (entry === undefined || entry.message.payload === "" || this.#sender.hasEmptied(topic)) return false;
    entry.withheld = true;
    entry.seen = null;
    this.#desired.settle(entry);
    return true;
  }

  offered(stage: Stage): readonly string[] {
    return this.#desired.ofRank(rankOf(stage)).map(({ message }) => message.topic);
  }

  /** Everything again in stage order, the state last. */
  republish(alsoWithheld: boolean): void {
    for (const entry of this.#desired.entries.values()) {
      if (alsoWithheld) entry.withheld = false;
      entry.acknowledged = null;
      this.#desired.change(entry);
    }
    this.#sender.soon();
  }

  /** `online` once more, whoever said otherwise. */
  reassert(): void {
    this.#sender.reassert();
  }

  /** @param upTo only what ranks up to this is sent, until `release`. */
  linkUp(link: Link, upTo: number = RANK.last): void {
    this.#sender.up(link, upTo);
    for (const entry of this.#desired.entries.values()) entry.notBefore = 0;
    this.republish(false);
  }

  release(): void {
    this.#sender.release();
  }

  linkDown(ending: Ending): void {
    this.#sender.down(ending);
  }

  /** Publishes `offline` for everything and the bridge itself. Resolves to whether the broker acknowledged it all. */
  async sayOffline(): Promise<boolean> {
    const link = this.#sender.detach();
    if (link === null) return false;
    const gateways = this.#desired.ofRank(RANK.availability).map(({ message }) => message);
    const all = [...gateways, this.#state.message].filter(({ payload }) => payload !== "");
    const sent = await Promise.allSettled(all.map((message) => link.publish({ ...message, payload: "offline" })));
    return sent.every(({ status }) => status === "fulfilled");
  }

  #offerOne(rank: number, message: Message): void {
    const before = this.#desired.get(message.topic);
    if (before?.message === message && before.rank === rank) {
      before.offeredAt = this.#now();
      if (this.#heartbeatDue(before)) this.#desired.change(before);
      return;
    }
    const full = before === undefined && this.#desired.entries.size > MOST_TOPICS;
    const fault = full ? `there are more than ${MOST_TOPICS} topics` : topicFault(message.topic);
    if (fault !== null) {
      this.#sender.drop();
      this.#options.logger.error({ topic: message.topic }, `A message is not published: ${fault}.`);
      return;
    }
    const same = before !== undefined && before.rank === rank && before.message.payload === message.payload;
    const entry = this.#desired.put(message, rank, this.#now());
    if (!same || this.#heartbeatDue(entry)) this.#desired.change(entry);
  }

  #heartbeatDue({ rank, message, sentAt }: Entry): boolean {
    if (rank !== RANK.values) return false;
    const third = message.expiry === null ? Number.POSITIVE_INFINITY : (message.expiry * 1_000) / 3;
    return this.#now() - sentAt >= Math.min(this.#options.heartbeatMs, third);
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}
