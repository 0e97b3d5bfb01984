import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { Message } from "../model/message.ts";
import { aged, type Desired, type Entry, RANK, stillRefused } from "./desired.ts";
import { type Ending, type Link, PublishError } from "./link-types.ts";
import { packetSize } from "./packet-size.ts";
import { TOO_LARGE } from "./reasons.ts";
import { Suspicion } from "./suspicion.ts";

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
  readonly #suspicion: Suspicion;
  /** On this link everything was sent. */
  #online = false;
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
    this.#suspicion = new Suspicion(desired, state);
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
    this.#emptied.clear();
    this.#quiet = this.#suspicion.linkUp();
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
    const guilty = early ? this.#suspicion.brokeEarly(ending) : null;
    if (guilty !== null) this.#blame(guilty);
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
    while (this.#link !== null && !this.#quiet && this.#inFlight < (this.#suspicion.careful ? 1 : WINDOW)) {
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
    this.#suspicion.sending(entry);
    entry.inFlight = true;
    this.#inFlight += 1;
    try {
      await link.publish(this.#suspicion.careful ? { ...message, qos: 1 } : message);
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
    this.#suspicion.acknowledged(entry);
    entry.seen = message.payload === "" ? null : message.payload;
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
    this.#suspicion.everythingSent();
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

  #blame(entry: Entry): void {
    this.#desired.settle(entry);
    const why = "each time the broker gets it, the connection breaks (Mosquitto: max_packet_size, message_size_limit)";
    this.#refuse(entry, packetSize(entry.message, 4), why, false);
  }

  #now(): number {
    return this.#options.clock.monotonic();
  }
}
