import type { Message, Stage } from "../model/message.ts";
import { aged, Desired, type Entry, RANK, rankOf, stillRefused } from "./desired.ts";
import { type Ending, type Link, PublishError } from "./link-types.ts";
import { packetSize } from "./packet-size.ts";
import type { PublisherCounts, PublisherOptions } from "./publisher-types.ts";
import { TOO_LARGE } from "./reasons.ts";
import { topicFault } from "./topics.ts";

interface Pending {
  readonly message: Message;
  readonly correlationData: Buffer | null;
}

const WINDOW = 16;
const MOST_EVENTS = 100;
const MOST_TOPICS = 20_000;
/** A link that ends sooner than this by a hang-up did not like what we sent. */
const SHORT_MS = 30_000;
const STRIKES = 2;
const GIVE_UP_MS = 500;
const ECHO_MS = 10_000;
/** A will of our old session that arrives late would otherwise stay. */
const REASSERT_MS = 2_000;

/** Keeps the broker's retained topics equal to what was offered last. Nothing is queued: away, it only remembers the last value. */
export class Publisher {
  readonly #options: Required<PublisherOptions>;
  readonly #desired = new Desired();
  readonly #state: Entry;
  #events: Pending[] = [];
  #link: Link | null = null;
  #linkSince = 0;
  #gone = new AbortController();
  #sendUpTo: number = RANK.last;
  #inFlight = 0;
  /** When we emptied a topic ourselves: MQTT 3.1.1 sends it back to us. */
  readonly #emptied: Map<string, number> = new Map();
  /** One at a time and acknowledged each, to find the message on which the broker hangs up. */
  #careful = false;
  /** Sent alone and not acknowledged yet. */
  #suspect: Entry | null = null;
  /** On this link everything was sent. */
  #online = false;
  #pumping = false;
  #wakeAt: number | null = null;
  #published = 0;
  #dropped = 0;

  constructor(options: PublisherOptions) {
    this.#options = { heartbeatMs: 300_000, settleMs: 5_000, soon: setImmediate, ...options };
    const online: Message = { topic: options.stateTopic, payload: "online", retain: true, qos: 1, expiry: null, json: false };
    this.#state = this.#desired.put(online, RANK.last, this.#now());
  }

  get counts(): PublisherCounts {
    const { size } = this.#desired.entries;
    return { published: this.#published, dropped: this.#dropped, inFlight: this.#inFlight, topics: size - 1 };
  }

  offer(stage: Stage, messages: readonly Message[]): void {
    for (const message of messages) this.#offerOne(rankOf(stage), message);
    this.#pumpSoon();
  }

  /** Once and now: dropped, and counted, without a link. */
  event(message: Message, correlationData: Buffer | null = null): void {
    if (this.#link === null || topicFault(message.topic) !== null || this.#events.length >= MOST_EVENTS) {
      this.#dropped += 1;
      return;
    }
    this.#events.push({ message, correlationData });
    this.#pumpSoon();
  }

  /** Removes a retained topic, also one that was never offered. */
  forget(topic: string): void {
    const known = this.#desired.get(topic);
    const gone: Message = { topic, payload: "", retain: true, qos: 1, expiry: null, json: false };
    const entry = this.#desired.put(gone, known?.rank ?? RANK.values, this.#now());
    entry.step = null;
    entry.withheld = false;
    entry.refused = null;
    entry.notBefore = 0;
    this.#desired.settle(entry);
    this.#desired.mark(entry);
    this.#pumpSoon();
  }

  /** A topic whose present payload was found on the broker, published by an earlier run. */
  seen(topic: string, payload: string): void {
    const entry = this.#desired.get(topic);
    if (entry !== undefined && entry.seen === null) {
      entry.seen = payload;
      this.#change(entry);
    }
  }

  isOffered(topic: string): boolean {
    const entry = this.#desired.get(topic);
    return entry !== undefined && entry.message.payload !== "";
  }

  /** The topic was found emptied. Returns whether somebody else did it to one that we offer; that is not fought. */
  emptied(topic: string): boolean {
    const entry = this.#desired.get(topic);
    if (entry === undefined || entry.message.payload === "" || this.#now() - (this.#emptied.get(topic) ?? -ECHO_MS) < ECHO_MS) return false;
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
      this.#change(entry);
    }
    this.#pumpSoon();
  }

  /** `online` once more, whoever said otherwise. */
  reassert(): void {
    if (this.#state.acknowledged === null) return;
    this.#desired.mark(this.#state);
    this.#pumpSoon();
  }

  /** @param upTo only what ranks up to this is sent, until `release`. */
  linkUp(link: Link, upTo: number = RANK.last): void {
    this.#link = link;
    this.#linkSince = this.#now();
    this.#gone = new AbortController();
    this.#sendUpTo = upTo;
    this.#wakeAt = null;
    this.#online = false;
    this.#suspect = null;
    this.#emptied.clear();
    for (const entry of this.#desired.entries.values()) entry.notBefore = 0;
    this.republish(false);
  }

  release(): void {
    this.#sendUpTo = RANK.last;
    this.#pumpSoon();
  }

  linkDown(ending: Ending): void {
    this.#link = null;
    this.#gone.abort();
    this.#dropped += this.#events.length;
    this.#events = [];
    const early = ending.hungUp && !this.#online && this.#now() - this.#linkSince < SHORT_MS;
    if (!early) return;
    if (this.#suspect !== null) this.#blame(this.#suspect);
    this.#careful = true;
  }

  /** Publishes `offline` for everything and the bridge itself. Resolves to whether the broker acknowledged it all. */
  async sayOffline(): Promise<boolean> {
    const link = this.#link;
    this.#link = null;
    this.#gone.abort();
    if (link === null) return false;
    const gateways = this.#desired.ofRank(RANK.availability).map(({ message }) => message);
    const all = [...gateways, this.#state.message].filter(({ payload }) => payload !== "");
    const sent = await Promise.allSettled(all.map((message) => link.publish({ ...message, payload: "offline" })));
    return sent.every(({ status }) => status === "fulfilled");
  }

  #offerOne(rank: number, message: Message): void {
    const fault = topicFault(message.topic);
    const full = this.#desired.entries.size > MOST_TOPICS && this.#desired.get(message.topic) === undefined;
    if (fault !== null || full) {
      this.#dropped += 1;
      this.#options.logger.error({ topic: message.topic }, `A message is not published: ${fault ?? `more than ${MOST_TOPICS} topics`}.`);
      return;
    }
    const before = this.#desired.get(message.topic);
    const same = before !== undefined && before.rank === rank && before.message.payload === message.payload;
    const entry = this.#desired.put(message, rank, this.#now());
    if (!same || this.#heartbeatDue(entry)) this.#change(entry);
  }

  #heartbeatDue({ rank, message, sentAt }: Entry): boolean {
    if (rank !== RANK.values) return false;
    const third = message.expiry === null ? Number.POSITIVE_INFINITY : (message.expiry * 1_000) / 3;
    return this.#now() - sentAt >= Math.min(this.#options.heartbeatMs, third);
  }

  #change(entry: Entry): void {
    this.#desired.settle(entry);
    const { seen, message, rank } = entry;
    const removes = rank === RANK.discovery && seen !== null && message.payload !== "";
    entry.step = removes ? this.#options.removalStep(seen, message) : null;
    this.#desired.mark(entry);
  }

  /** Offers made in one turn go out in stage order, whatever the order of the calls. */
  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#options.soon(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#link !== null && this.#inFlight < (this.#careful ? 1 : WINDOW)) {
      const entry = this.#desired.next(this.#now(), this.#sendUpTo);
      if (entry !== null) void this.#send(this.#link, entry);
      else if (this.#events.length > 0) void this.#sendEvent(this.#link, this.#events.shift()!);
      else {
        this.#sleep();
        return;
      }
    }
  }

  #sleep(): void {
    const at = this.#desired.wakeAt(this.#now());
    if (at === null || (this.#wakeAt !== null && this.#wakeAt <= at)) return;
    this.#wakeAt = at;
    const wake = () => {
      this.#wakeAt = null;
      this.#pump();
    };
    this.#options.clock.sleep(at - this.#now(), this.#gone.signal).then(wake, () => {});
  }

  async #send(link: Link, entry: Entry): Promise<void> {
    const { step } = entry;
    const message = step ?? aged(entry.message, entry.offeredAt, this.#now());
    this.#desired.settle(entry);
    entry.sentAt = this.#now();
    if (message === null || !this.#fits(link, entry, message)) return;
    if (message.payload === "") this.#emptied.set(message.topic, this.#now());
    if (this.#careful) this.#suspect = entry;
    entry.inFlight = true;
    this.#inFlight += 1;
    try {
      await link.publish(this.#careful ? { ...message, qos: 1 } : message);
      this.#acknowledge(entry, message, step !== null);
    } catch (error) {
      this.#failed(link, entry, message, error);
    } finally {
      entry.inFlight = false;
      this.#inFlight -= 1;
      if (link === this.#link) this.#pump();
    }
  }

  #acknowledge(entry: Entry, message: Message, wasStep: boolean): void {
    this.#published += 1;
    this.#suspect = null;
    entry.seen = message.payload === "" ? null : message.payload;
    entry.strikes = 0;
    entry.denied = false;
    if (entry.rank === RANK.discovery) entry.notBefore = this.#now() + this.#options.settleMs;
    if (wasStep) {
      entry.step = null;
      this.#desired.mark(entry);
      return;
    }
    entry.acknowledged = message.payload;
    if (message.payload === "" && entry.message.payload === "") this.#desired.remove(entry);
    // Offered while this one was under way: what has to vanish is only known now.
    else if (message.payload !== entry.message.payload) this.#change(entry);
    if (entry === this.#state) this.#everythingSent();
  }

  #everythingSent(): void {
    this.#careful = false;
    for (const entry of this.#desired.entries.values()) entry.strikes = 0;
    if (this.#online) return;
    this.#online = true;
    this.#options.clock.sleep(REASSERT_MS, this.#gone.signal).then(
      () => this.reassert(),
      () => {},
    );
  }

  #failed(link: Link, entry: Entry, message: Message, error: unknown): void {
    if (!(error instanceof PublishError)) throw error;
    if (error.kind === "refused") {
      this.#dropped += 1;
      entry.step = null;
      if (!entry.denied) this.#options.logger.warn({ topic: message.topic }, `The broker did not take ${message.topic}: ${error.message}.`);
      entry.denied = true;
      if (error.code === TOO_LARGE) entry.refused = { bytes: packetSize(message, link.protocol), at: this.#now() };
      return;
    }
    this.#desired.mark(entry);
    this.#giveUp(link, error.kind === "silent" ? `the broker did not acknowledge ${message.topic} in time` : error.message);
  }

  /** Nothing more is sent on a link that failed; its end is on the way, or is brought about. */
  #giveUp(link: Link, reason: string): void {
    if (link !== this.#link) return;
    this.#link = null;
    this.#options.clock.sleep(GIVE_UP_MS, this.#gone.signal).then(
      () => link.destroy(reason),
      () => {},
    );
  }

  async #sendEvent(link: Link, { message, correlationData }: Pending): Promise<void> {
    if (link.maximumPacketSize !== null && packetSize(message, link.protocol, correlationData?.length) > link.maximumPacketSize) {
      this.#dropped += 1;
      this.#options.logger.warn({ topic: message.topic }, `An event on ${message.topic} is larger than the broker takes.`);
      return;
    }
    this.#inFlight += 1;
    try {
      await link.publish(message, correlationData);
      this.#published += 1;
    } catch (error) {
      this.#dropped += 1;
      if (!(error instanceof PublishError) || error.kind !== "refused") this.#giveUp(link, (error as Error).message);
      this.#options.logger.debug({ topic: message.topic }, `An event was not delivered: ${(error as Error).message}.`);
    } finally {
      this.#inFlight -= 1;
      if (link === this.#link) this.#pump();
    }
  }

  #fits(link: Link, entry: Entry, message: Message): boolean {
    const bytes = packetSize(message, link.protocol);
    const limit = link.maximumPacketSize;
    if (stillRefused(entry, bytes, this.#now())) return false;
    entry.refused = null;
    if (limit === null || bytes <= limit) return true;
    this.#refuse(entry, bytes, `the broker takes ${limit} at most (Mosquitto: max_packet_size)`);
    return false;
  }

  #refuse(entry: Entry, bytes: number, why: string): void {
    const { topic } = entry.message;
    entry.refused = { bytes, at: this.#now() };
    this.#dropped += 1;
    this.#options.logger.error({ topic, bytes }, `${topic} is not published: it has ${bytes} bytes, and ${why}. Everything else goes on.`);
  }

  /** With one message at a time, that one is to blame; twice, because a broker may also be killed at that very moment. */
  #blame(suspect: Entry): void {
    suspect.strikes += 1;
    if (suspect.strikes < STRIKES || suspect === this.#state) return;
    suspect.strikes = 0;
    this.#desired.settle(suspect);
    const bytes = packetSize(suspect.message, 4);
    this.#refuse(suspect, bytes, "each time the broker gets it, the connection breaks (Mosquitto: max_packet_size, message_size_limit)");
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}
