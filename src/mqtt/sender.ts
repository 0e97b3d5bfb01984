import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { Message } from "../model/message.ts";
import { aged, type Desired, type Entry, RANK, stillRefused } from "./desired.ts";
import { type Ending, type Link, PublishError } from "./link-types.ts";
import { packetSize } from "./packet-size.ts";
import { TAKEN_OVER, TOO_LARGE } from "./reasons.ts";

export interface SenderOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settleMs: number;
  /** Runs it a turn later. */
  readonly soon: (run: () => void) => void;
}

interface Pending {
  readonly message: Message;
  readonly correlationData: Buffer | null;
}

const WINDOW = 16;
const MOST_EVENTS = 100;
/** A link that ends sooner than this by a hang-up did not like what we sent. */
const SHORT_MS = 30_000;
const STRIKES = 2;
/** Few brokers mind a message as small as a value; links break for many other reasons. */
const SMALL_BYTES = 1_000;
const STRIKES_IF_SMALL = 5;
/** A link that breaks although nothing is sent on it for so long breaks for another reason than what we send. */
const QUIET_MS = 1_000;
/** A will of our old session that arrives late would otherwise stay. */
const REASSERT_MS = 2_000;
const GIVE_UP_MS = 500;
const ECHO_MS = 10_000;

/** Sends what is due on the link that there is, in order, sixteen at a time. */
export class Sender {
  readonly #desired: Desired;
  /** The entry that says that all is there. */
  readonly #state: Entry;
  readonly #options: SenderOptions;
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
  /** On this link something was sent. */
  #spoke = false;
  /** Nothing is sent yet, to see whether the link breaks all the same. */
  #quiet = false;
  #pumping = false;
  #wakeAt: number | null = null;
  #published = 0;
  #dropped = 0;

  constructor(desired: Desired, state: Entry, options: SenderOptions) {
    this.#desired = desired;
    this.#state = state;
    this.#options = options;
  }

  get counts(): { readonly published: number; readonly dropped: number; readonly inFlight: number } {
    return { published: this.#published, dropped: this.#dropped, inFlight: this.#inFlight };
  }

  /** Something is not published. */
  drop(): void {
    this.#dropped += 1;
  }

  event(message: Message, correlationData: Buffer | null): void {
    if (this.#link === null || this.#events.length >= MOST_EVENTS) {
      this.#dropped += 1;
      return;
    }
    this.#events.push({ message, correlationData });
    this.soon();
  }

  /** True for a while after we removed a topic ourselves. */
  hasEmptied(topic: string): boolean {
    return this.#now() - (this.#emptied.get(topic) ?? -ECHO_MS) < ECHO_MS;
  }

  /** @param upTo only what ranks up to this is sent, until `release`. */
  up(link: Link, upTo: number): void {
    this.#link = link;
    this.#linkSince = this.#now();
    this.#gone = new AbortController();
    this.#sendUpTo = upTo;
    this.#wakeAt = null;
    this.#online = false;
    this.#spoke = false;
    this.#suspect = null;
    this.#emptied.clear();
    this.#quiet = this.#careful && [...this.#desired.entries.values()].some(({ strikes }) => strikes > 0);
    if (this.#quiet)
      this.#options.clock.sleep(QUIET_MS, this.#gone.signal).then(
        () => this.#speak(),
        () => {},
      );
  }

  #speak(): void {
    this.#quiet = false;
    this.#pump();
  }

  release(): void {
    this.#sendUpTo = RANK.last;
    this.soon();
  }

  down(ending: Ending): void {
    this.detach();
    const early = ending.hungUp && !this.#online && this.#now() - this.#linkSince < SHORT_MS;
    if (!early || ending.code === TAKEN_OVER) return;
    if (!this.#spoke) this.#acquit();
    else if (this.#suspect !== null) this.#blame(this.#suspect);
    this.#careful = true;
  }

  /** Sends nothing more; gives the link to whoever wants to say a last word. */
  detach(): Link | null {
    const link = this.#link;
    this.#link = null;
    this.#gone.abort();
    this.#dropped += this.#events.length;
    this.#events = [];
    return link;
  }

  /** `online` once more. */
  reassert(): void {
    if (this.#state.acknowledged === null) return;
    this.#desired.mark(this.#state);
    this.soon();
  }

  /** Offers made in one turn go out in stage order, whatever the order of the calls. */
  soon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    this.#options.soon(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    while (this.#link !== null && !this.#quiet && this.#inFlight < (this.#careful ? 1 : WINDOW)) {
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
    this.#spoke = true;
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
    else if (message.payload !== entry.message.payload) this.#desired.change(entry);
    if (entry === this.#state) this.#everythingSent();
  }

  #everythingSent(): void {
    this.#careful = false;
    this.#acquit();
    if (this.#online) return;
    this.#online = true;
    this.#options.clock.sleep(REASSERT_MS, this.#gone.signal).then(
      () => this.reassert(),
      () => {},
    );
  }

  #acquit(): void {
    for (const entry of this.#desired.entries.values()) entry.strikes = 0;
  }

  #failed(link: Link, entry: Entry, message: Message, error: unknown): void {
    if (!(error instanceof PublishError)) throw error;
    if (error.kind === "refused") {
      this.#dropped += 1;
      entry.step = null;
      if (!entry.denied) this.#options.logger.warn({ topic: message.topic }, `The broker did not take ${message.topic}: ${error.message}.`);
      entry.denied = true;
      if (error.code === TOO_LARGE) entry.refused = { bytes: packetSize(message, link.protocol), at: this.#now(), byLimit: false };
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
    const over = limit !== null && bytes > limit;
    // A limit may have been raised since; a broken connection is not tried again so soon.
    if (stillRefused(entry, bytes, this.#now()) && (over || !entry.refused?.byLimit)) return false;
    entry.refused = null;
    if (over) this.#refuse(entry, bytes, `the broker takes ${limit} at most (Mosquitto: max_packet_size)`, true);
    return !over;
  }

  #refuse(entry: Entry, bytes: number, why: string, byLimit: boolean): void {
    const { topic } = entry.message;
    entry.refused = { bytes, at: this.#now(), byLimit };
    this.#dropped += 1;
    this.#options.logger.error({ topic, bytes }, `${topic} is not published: it has ${bytes} bytes, and ${why}. Everything else goes on.`);
  }

  /** With one message at a time, that one is to blame; twice, because a broker may also be killed at that very moment. */
  #blame(suspect: Entry): void {
    const bytes = packetSize(suspect.message, 4);
    suspect.strikes += 1;
    if (suspect.strikes < (bytes < SMALL_BYTES ? STRIKES_IF_SMALL : STRIKES) || suspect === this.#state) return;
    suspect.strikes = 0;
    this.#desired.settle(suspect);
    this.#refuse(
      suspect,
      bytes,
      "each time the broker gets it, the connection breaks (Mosquitto: max_packet_size, message_size_limit)",
      false,
    );
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}
