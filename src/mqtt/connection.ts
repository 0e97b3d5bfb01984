import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import { openLink } from "./link.ts";
import {
  type BrokerAddress,
  ConnectError,
  type Ending,
  type IncomingMessage,
  type Link,
  type LinkTimes,
  type OpenLink,
  type ProtocolVersion,
} from "./link-types.ts";
import { PROTOCOL_REFUSALS, reasonText, TAKEN_OVER } from "./reasons.ts";

export interface ConnectionOptions {
  readonly broker: BrokerAddress;
  readonly protocol: "auto" | "5" | "3.1.1";
  readonly times: LinkTimes;
  readonly willTopic: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** A link of another kind than a socket. */
  readonly openLink?: OpenLink;
}

/** What the connection tells; `onLink` and `onEnd` come in turns. */
export interface ConnectionHandlers {
  onLink(link: Link): void;
  onEnd(ending: Ending): void;
  onMessage(message: IncomingMessage): void;
}

export interface ConnectionStatus {
  readonly connected: boolean;
  readonly protocol: ProtocolVersion | null;
  /** Links after the first. */
  readonly reconnects: number;
  readonly problem: string | null;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 60_000;
/** A link that held this long was a good one: the next wait is short again. */
const HELD_MS = 30_000;
/** Two programs with one client id throw each other out, over and over, on a broker that never refuses a connection between. */
const TAKEOVERS = 3;
/** A broker that hangs up on MQTT 5 without a word is asked in 3.1.1 after this many tries. */
const SILENT_REFUSALS = 2;

/** Keeps one link to the broker: a fresh client each time, so that nothing an old one got stuck on lives on. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #handlers: ConnectionHandlers;
  #link: Link | null = null;
  #links = 0;
  #protocol: ProtocolVersion;
  /** The broker took this version. */
  #proven = false;
  #failures = 0;
  #silent = 0;
  #shortLinks = 0;
  #problem: string | null = "not connected yet";
  #told: string | null = null;

  constructor(options: ConnectionOptions, handlers: ConnectionHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#protocol = options.protocol === "3.1.1" ? 4 : 5;
  }

  get status(): ConnectionStatus {
    const protocol = this.#link?.protocol ?? null;
    return { connected: this.#link !== null, protocol, reconnects: Math.max(0, this.#links - 1), problem: this.#problem };
  }

  /** Connects, again and again, until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const link = await this.#connect(signal);
      if (signal.aborted) {
        link?.destroy("stopped");
        return;
      }
      if (link !== null) await this.#serve(link, signal);
      await this.#options.clock.sleep(this.#wait(), signal).catch(() => {});
    }
  }

  async #connect(signal: AbortSignal): Promise<Link | null> {
    const { broker, times, willTopic } = this.#options;
    const protocol = this.#protocol;
    const onMessage = this.#handlers.onMessage;
    try {
      const open = this.#options.openLink ?? openLink;
      return await open({ broker, protocol, times, willTopic, onMessage }, signal);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
      return null;
    }
  }

  async #serve(link: Link, signal: AbortSignal): Promise<void> {
    const since = this.#options.clock.monotonic();
    this.#link = link;
    this.#links += 1;
    this.#proven = true;
    this.#silent = 0;
    this.#problem = null;
    this.#told = null;
    const { url } = this.#options.broker;
    this.#options.logger.info(
      { url, protocol: link.protocol },
      `Connected to the broker ${url} (MQTT ${link.protocol === 5 ? "5" : "3.1.1"}).`,
    );
    this.#handlers.onLink(link);
    const ending = await link.closed;
    this.#link = null;
    this.#handlers.onEnd(ending);
    if (!signal.aborted) this.#ended(ending, this.#options.clock.monotonic() - since);
  }

  #ended(ending: Ending, heldMs: number): void {
    this.#failures = heldMs >= HELD_MS ? 0 : this.#failures + 1;
    this.#shortLinks = ending.hungUp && heldMs < HELD_MS ? this.#shortLinks + 1 : 0;
    if (ending.code === TAKEN_OVER) this.#failures = Number.POSITIVE_INFINITY;
    const again = this.#shortLinks === TAKEOVERS && ending.code === null;
    if (again) this.#failures = Number.POSITIVE_INFINITY;
    const hint = again ? `; several times in a row: ${reasonText(TAKEN_OVER)}, or the broker refuses what we send` : "";
    this.#say(`Lost the broker ${this.#options.broker.url}: ${ending.reason}${hint}.`);
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#shortLinks = 0;
    const { url } = this.#options.broker;
    const reason = error instanceof Error ? error.message : String(error);
    const kind = error instanceof ConnectError ? error.kind : "unreachable";
    const code = error instanceof ConnectError ? error.code : null;
    if (kind === "refused" && code !== null && PROTOCOL_REFUSALS.has(code)) this.#otherProtocol();
    else if (kind === "hungUp") this.#silentRefusal();
    const verb = kind === "refused" ? "refused us" : "cannot be reached";
    this.#say(`The broker ${url} ${verb}: ${reason}. Trying again.`);
  }

  #silentRefusal(): void {
    this.#silent += 1;
    if (!this.#proven && this.#silent >= SILENT_REFUSALS) this.#otherProtocol();
  }

  /** The version that a broker took is asked for first, until the broker refuses it by name. */
  #otherProtocol(): void {
    if (this.#options.protocol !== "auto") return;
    this.#protocol = this.#protocol === 5 ? 4 : 5;
    this.#silent = 0;
    this.#failures = 0;
    const { url } = this.#options.broker;
    this.#options.logger.info(
      { url },
      `The broker ${url} refuses MQTT ${this.#protocol === 5 ? "3.1.1" : "5"}: using ${this.#protocol === 5 ? "5" : "3.1.1"}.`,
    );
  }

  /** The same trouble is told once, then only for those who debug. */
  #say(problem: string): void {
    this.#problem = problem;
    const level = this.#told === problem ? "debug" : "warn";
    this.#told = problem;
    this.#options.logger[level]({}, problem);
  }

  /** 1 s to 60 s, doubled each time, up to a quarter less so that many bridges do not come at once. */
  #wait(): number {
    const doubled = FIRST_WAIT_MS * 2 ** Math.max(0, this.#failures - 1);
    return Math.min(LONGEST_WAIT_MS, doubled) * (1 - this.#options.random() / 4);
  }
}
