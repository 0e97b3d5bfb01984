import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { Message } from "../model/message.ts";

export interface PublisherOptions {
  /** Topic on which `online` says that everything is there. */
  readonly stateTopic: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What must go out before `next` so that what it lacks vanishes. */
  readonly removalStep: (before: string, next: Message) => Message | null;
  /** ms after which an unchanged value is sent again when it is offered again. */
  readonly heartbeatMs?: number;
  /** ms between two changes of one device's discovery; Home Assistant sets up the first meanwhile. */
  readonly settleMs?: number;
  /** Runs a task once what runs now has come to its next wait; `setImmediate` unless told. */
  readonly soon?: (task: () => void) => void;
}

export interface PublisherCounts {
  readonly published: number;
  readonly dropped: number;
  readonly inFlight: number;
  readonly topics: number;
}
