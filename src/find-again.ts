import type { Clock } from "./lib/clock.ts";
import { every } from "./lib/every.ts";
import type { Logger } from "./lib/logger.ts";

export interface FollowOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The address where it is now, as soon as it is found; ends when the signal aborts. */
  readonly find: (signal: AbortSignal) => Promise<string>;
  /** It has not answered where it was. */
  readonly isAway: () => boolean;
  /** Keeps it at an address until the signal aborts. `former`: where it was before, and what is known of it there. */
  readonly keep: (host: string, former: string | null, signal: AbortSignal) => Promise<void>;
}

/** A gateway that is away is looked for so often, ms. */
const LOOK_MS = 60_000;

/** Keeps a gateway that was configured without an address where it is found, and follows it when it gets another one. */
export async function follow(options: FollowOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger, find, isAway, keep } = options;
  let former: string | null = null;
  let host: string | null = await find(signal);
  while (host !== null) {
    const here: string = host;
    const moved = new AbortController();
    const until = AbortSignal.any([signal, moved.signal]);
    host = null;
    const look = async () => {
      if (!isAway()) return;
      const found = await find(until);
      if (found === here) return;
      logger.info({ from: here, to: found }, `the gateway moved from ${here} to ${found}`);
      host = found;
      moved.abort();
    };
    await Promise.all([keep(here, former, until), every(LOOK_MS, clock, until, look)]);
    former = here;
  }
}
