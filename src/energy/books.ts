import type { Clock } from "../lib/clock.ts";
import type { Files } from "../lib/files.ts";
import type { Logger } from "../lib/logger.ts";
import type { CounterReading, CounterValue, EnergyValues, PowerReading } from "../model/energy.ts";
import type { BridgeEvent } from "../model/view.ts";

export interface BooksOptions {
  /** Where the books of this gateway are kept, JSON; replaced as a whole. */
  readonly file: string;
  /** IANA name of the zone whose midnights part the days; `null` or unknown: the machine's own. */
  readonly timeZone: string | null;
  readonly clock: Clock;
  readonly files: Files;
  readonly logger: Logger;
}

/** What a recording gave: all values, and what happened to the counters on the way. */
export interface Recorded {
  readonly values: EnergyValues;
  readonly events: readonly BridgeEvent[];
}

/** The energy books of one gateway. */
export interface Books {
  /**
   * Takes what was just read; readings that were given before (same `at`, same value) change nothing. The values are the same object
   * as long as nothing changed. Never throws.
   */
  record(readings: readonly CounterReading[], powers: readonly PowerReading[], now?: number): Recorded;
  /** The values as of `now` (epoch ms, the clock's where it is left out): at midnight `todayWh` starts anew without a reading. */
  values(now?: number): EnergyValues;
  /** The gateway's zone, once it is known. */
  setTimeZone(timeZone: string | null): void;
  /** Writes the books where something changed; about once a minute. Never rejects: what the disk refuses is said once and tried again. */
  save(): Promise<void>;
  /** The last save before a stop: a start after it goes on at the exact value. Never rejects. */
  close(): Promise<void>;
}

/** Opens the books. Never rejects: a file that cannot be read is set aside as `<file>.bad`, and the counters go on from the readings. */
export async function openBooks({ clock }: BooksOptions): Promise<Books> {
  let values: EnergyValues = new Map();
  return {
    record(readings, powers, _now = clock.now()) {
      const next = new Map<string, CounterValue>();
      for (const { id, wh } of readings) next.set(id, { lifetimeWh: wh, todayWh: null, sevenDaysWh: null, estimated: false });
      for (const { id } of powers) next.set(id, { lifetimeWh: null, todayWh: null, sevenDaysWh: null, estimated: true });
      values = next;
      return { values, events: [] };
    },
    values: () => values,
    setTimeZone() {},
    async save() {},
    async close() {},
  };
}
