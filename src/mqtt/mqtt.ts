import { systemClock } from "../lib/clock.ts";
import type { Message, Stage } from "../model/message.ts";
import { Connection } from "./connection.ts";
import { RANK } from "./desired.ts";
import { DEFAULT_TIMES, type IncomingMessage, type Link, type Subscription } from "./link-types.ts";
import type { Mqtt, MqttOptions, MqttStats } from "./mqtt-types.ts";
import { Publisher } from "./publisher.ts";
import { RetainedDiscovery } from "./retained-discovery.ts";

/** Home Assistant has just started when it says so; all bridges of the house answer, each after its own time. */
const BIRTH_FIRST_MS = 2_000;
const BIRTH_SPREAD_MS = 8_000;
const SAY_OFFLINE_MS = 1_200;

export function createMqtt(options: MqttOptions): Mqtt {
  return new Client(options);
}

/** Joins connection, publisher and what is heard. */
class Client implements Mqtt {
  readonly #options: MqttOptions;
  readonly #publisher: Publisher;
  readonly #connection: Connection;
  readonly #retained: RetainedDiscovery;
  readonly #stopping = new AbortController();
  #link: Link | null = null;
  #ended = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #stopped: Promise<void> | null = null;
  #birthDue = false;

  constructor(options: MqttOptions) {
    const { topics, clock, random, logger, broker, protocol, discovery, settleMs, heartbeatMs, edge } = options;
    this.#options = options;
    this.#retained = new RetainedDiscovery(discovery);
    this.#publisher = new Publisher({
      stateTopic: topics.bridgeState,
      clock,
      logger,
      removalStep: discovery.removalStep,
      ...(edge === undefined ? {} : { soon: edge.soon }),
      ...(settleMs === undefined ? {} : { settleMs }),
      ...(heartbeatMs === undefined ? {} : { heartbeatMs }),
    });
    const times = { ...DEFAULT_TIMES, ...options.times };
    this.#connection = new Connection(
      {
        broker,
        protocol,
        times,
        willTopic: topics.bridgeState,
        clock,
        random,
        logger,
        ...(edge === undefined ? {} : { openLink: edge.openLink }),
      },
      {
        onLink: (link) => this.#linkUp(link),
        onEnd: (ending) => {
          this.#link = null;
          this.#ended.abort();
          this.#publisher.linkDown(ending);
        },
        onMessage: (message) => this.#receive(message),
      },
    );
  }

  start(): void {
    this.#running = this.#connection.run(this.#stopping.signal);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  offer(stage: Stage, messages: readonly Message[]): void {
    this.#publisher.offer(stage, messages);
    if (stage !== "discovery" || this.#retained.collecting) return;
    for (const { topic } of messages) this.#compare(topic);
  }

  event(message: Message, correlationData: Buffer | null = null): void {
    this.#publisher.event(message, correlationData);
  }

  forget(topic: string): void {
    this.#retained.remove(topic);
    this.#publisher.forget(topic);
  }

  announce(): void {
    this.#publisher.republish(true);
  }

  orphans(): readonly string[] {
    return [...this.#retained.found.keys()].filter((topic) => !this.#publisher.isOffered(topic));
  }

  stats(): MqttStats {
    return { ...this.#connection.status, ...this.#publisher.counts };
  }

  async #stop(): Promise<void> {
    const link = this.#link;
    this.#stopping.abort();
    if (link !== null) {
      const over = new AbortController();
      // Real time, as sockets have no other: a frozen broker must not keep us from ending.
      const { sleep } = this.#options.edge === undefined ? systemClock : this.#options.clock;
      const late = sleep(SAY_OFFLINE_MS, over.signal).then(
        () => false,
        () => false,
      );
      const said = await Promise.race([this.#publisher.sayOffline(), late]);
      over.abort();
      if (said) await link.end();
      else link.destroy("stopped, and the broker does not answer");
    }
    await this.#running;
  }

  #linkUp(link: Link): void {
    this.#link = link;
    this.#ended = new AbortController();
    this.#birthDue = false;
    const { collecting } = this.#retained;
    // Removal can only be told of what is known to be there: discovery waits for it, values do not.
    this.#publisher.linkUp(link, collecting ? RANK.values : RANK.last);
    void this.#subscribe(link, collecting);
  }

  async #subscribe(link: Link, collecting: boolean): Promise<void> {
    const { topics, birth, logger, clock, collectMs = 2_000 } = this.#options;
    const live: readonly Subscription[] = [topics.setFilter, topics.requestFilter, topics.bridgeState].map((filter) => ({
      filter,
      retained: false,
    }));
    const status = birth === null ? [] : [{ filter: birth.topic, retained: true }];
    try {
      const refused = await link.subscribe([{ filter: topics.deviceConfigFilter, retained: collecting }, ...status, ...live]);
      for (const filter of refused) {
        logger.warn({ filter }, `The broker refused our subscription to ${filter}: check its access rules; what comes there is not heard.`);
      }
      if (collecting) await clock.sleep(collectMs, this.#ended.signal);
    } catch (error) {
      if (link === this.#link) link.destroy(`the broker did not take our subscriptions: ${(error as Error).message}`);
      return;
    }
    if (collecting) this.#collected();
    this.#publisher.release();
  }

  #collected(): void {
    this.#retained.finish();
    for (const topic of this.#publisher.offered("discovery")) this.#compare(topic);
    this.#options.onRetained?.([...this.#retained.found.keys()]);
  }

  #compare(topic: string): void {
    const payload = this.#retained.found.get(topic);
    if (payload !== undefined) this.#publisher.seen(topic, payload);
  }

  #receive(message: IncomingMessage): void {
    try {
      this.#route(message);
    } catch (error) {
      this.#options.logger.error(
        { topic: message.topic },
        `A message on ${message.topic} could not be handled: ${(error as Error).message}`,
      );
    }
  }

  #route(message: IncomingMessage): void {
    const { topics, birth, onCommand } = this.#options;
    const { topic, retain } = message;
    if (birth !== null && topic === birth.topic) {
      if (message.payload.toString() === birth.payload) void this.#onBirth();
    } else if (topic === topics.bridgeState) {
      if (!retain && message.payload.toString() === "offline" && !this.#stopping.signal.aborted) this.#publisher.reassert();
    } else if (topics.isDeviceConfig(topic)) {
      this.#onConfig(topic, message.payload.toString(), retain);
    } else if (!retain) {
      onCommand(message);
    }
  }

  #onConfig(topic: string, payload: string, retain: boolean): void {
    this.#retained.receive(topic, payload, retain);
    if (payload !== "" || !this.#publisher.emptied(topic)) return;
    this.#options.logger.info(
      { topic },
      `${topic} was removed, as Home Assistant does when a user deletes the device: not announced again before the next start.`,
    );
    this.#options.onDeviceDeleted?.(topic);
  }

  async #onBirth(): Promise<void> {
    if (this.#birthDue) return;
    this.#birthDue = true;
    const { clock, random } = this.#options;
    try {
      await clock.sleep(BIRTH_FIRST_MS + random() * BIRTH_SPREAD_MS, this.#ended.signal);
    } catch {
      return;
    }
    this.#birthDue = false;
    this.#publisher.republish(false);
  }
}
