import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { Message, Stage } from "../model/message.ts";
import type { BrokerAddress, IncomingMessage, LinkTimes, OpenLink, ProtocolVersion } from "./link-types.ts";
import type { Topics } from "./topics.ts";

/** Everything the bridge says and hears over MQTT. Nothing here throws after `start`. */
export interface Mqtt {
  start(): void;
  /** Publishes every availability and the bridge's state `offline`, then disconnects; within 3 s whatever the broker does. */
  stop(): Promise<void>;
  /** What shall stand on these topics from now on. Sent when it differs from what the broker acknowledged, in stage order. */
  offer(stage: Stage, messages: readonly Message[]): void;
  /** Sends once, now; dropped (and counted) without a connection. */
  event(message: Message, correlationData?: Buffer | null): void;
  /** Removes a retained topic from the broker, and from what is offered again. */
  forget(topic: string): void;
  /** Offers everything again, also devices that a user deleted in Home Assistant. */
  announce(): void;
  /** Own retained discovery topics found on the broker at the start that nobody offered since. */
  orphans(): readonly string[];
  stats(): MqttStats;
}

export interface MqttStats {
  readonly connected: boolean;
  readonly protocol: ProtocolVersion | null;
  readonly published: number;
  /** Events that came while there was no connection, and messages that the broker did not take. */
  readonly dropped: number;
  readonly reconnects: number;
  readonly inFlight: number;
  readonly topics: number;
  /** Why there is no connection, in one line; `null` while connected. */
  readonly problem: string | null;
}

export interface MqttOptions {
  readonly broker: BrokerAddress;
  readonly protocol: "auto" | "5" | "3.1.1";
  readonly topics: Topics;
  /** Home Assistant's birth message; `null` to ignore it. */
  readonly birth: { readonly topic: string; readonly payload: string } | null;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  readonly discovery: DiscoveryRules;
  /** Live commands; retained ones never come here. */
  readonly onCommand: (message: IncomingMessage) => void;
  /** A user deleted this device in Home Assistant; it is not announced again before the next start or `announce`. */
  readonly onDeviceDeleted?: (topic: string) => void;
  /** Own retained discovery topics found at the first connect; those that stay unannounced are the wiring's to forget. */
  readonly onRetained?: (topics: readonly string[]) => void;
  readonly times?: Partial<LinkTimes>;
  /** ms during which retained discovery is collected at the first connect; 2 s unless told. */
  readonly collectMs?: number;
  /** ms between two changes of one device's discovery; 5 s unless told. */
  readonly settleMs?: number;
  readonly heartbeatMs?: number;
  /** A link that is no socket, for a simulation: it lives by `clock` alone. */
  readonly edge?: { readonly openLink: OpenLink; readonly soon: (task: () => void) => void };
}

/** What the publisher has to know of discovery payloads. */
export interface DiscoveryRules {
  isOwn(payload: string): boolean;
  /** What must be sent before `next` so that components that it lacks vanish; `null` when none do. */
  removalStep(before: string, next: Message): Message | null;
}
