import type { Clock } from "../lib/clock.ts";
import type { Files } from "../lib/files.ts";
import type { Logger } from "../lib/logger.ts";
import type { CounterId, CounterReading, CounterValue, EnergyValues, PowerReading } from "../model/energy.ts";
import type { BridgeEvent } from "../model/view.ts";
import { type Account, aheadWh, count, estimate, type Moment, NEW_ACCOUNT, show } from "./account.ts";
import { encodeBooks } from "./book-file.ts";
import { createCalendar, isTimeZone } from "./calendar.ts";
import { rezone } from "./days.ts";
import type { Rebase } from "./judge.ts";
import { createKeeper } from "./keeper.ts";
import { createSteadyTime } from "./steady.ts";

export interface BooksOptions {
  /** Where the books of this gateway are kept, JSON; replaced as a whole. */
  readonly file: string;
  /** IANA name of the zone whose midnights part the days; `null`: as before the restart; that or an unknown one at first: the machine's own. */
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
  /** The gateway's zone, once it is known; `null` changes nothing. */
  setTimeZone(timeZone: string | null): void;
  /** Writes the books where something changed; about once a minute. Never rejects: what the disk refuses is said once and tried again. */
  save(): Promise<void>;
  /** The last save before a stop: a start after it goes on at the exact value. Never rejects. */
  close(): Promise<void>;
}

/** Opens the books. Never rejects: a file that cannot be read is set aside as `<file>.bad`, and the counters go on from the readings. */
export async function openBooks({ file, timeZone, clock, files, logger }: BooksOptions): Promise<Books> {
  const keeper = createKeeper(file, files, logger);
  const kept = await keeper.load();
  const steady = createSteadyTime(kept?.steady ?? null, clock);
  const accounts = new Map<string, Account>(kept?.accounts);
  let asked = timeZone ?? kept?.timeZone ?? null;
  let calendar = createCalendar(zoneOf(asked, logger));
  let shown: EnergyValues = new Map();
  let shownDay: number | null = null;
  let dirty = kept !== null;
  let saving: Promise<void> = Promise.resolve();

  function record(readings: readonly CounterReading[], powers: readonly PowerReading[], now = clock.now()): Recorded {
    const moment: Moment = { wall: now, steady: steady.read(now), calendar };
    const events: BridgeEvent[] = [];
    for (const reading of readings) {
      const { account, rebase } = count(accounts.get(reading.id) ?? NEW_ACCOUNT, reading, moment);
      put(reading.id, account);
      if (rebase !== null) events.push(tell(reading.id, rebase, account.guard.valueWh ?? 0, now));
    }
    for (const power of powers) put(power.id, estimate(accounts.get(power.id) ?? NEW_ACCOUNT, power, moment));
    // A killed bridge must not judge a change a second time.
    if (events.length > 0) void save(false);
    return { values: values(now), events };
  }

  function put(id: CounterId, account: Account): void {
    if (accounts.get(id) === account) return;
    accounts.set(id, account);
    shownDay = null;
    dirty = true;
  }

  function tell(counter: CounterId, { cause, fromWh, toWh }: Rebase, valueWh: number, at: number): BridgeEvent {
    const details = { counter, from_kwh: kwh(fromWh), to_kwh: kwh(toWh), cause, published_kwh: kwh(valueWh) };
    logger.info(
      details,
      `the gateway's counter ${counter} went from ${details.from_kwh} to ${details.to_kwh} kWh (${cause}): ours goes on`,
    );
    return { type: "counter_reset", at, details };
  }

  function values(now = clock.now()): EnergyValues {
    const day = calendar.dayAt(now);
    if (day === shownDay) return shown;
    shownDay = day;
    const next = new Map<CounterId, CounterValue>();
    let changed = accounts.size !== shown.size;
    for (const [id, account] of accounts) {
      const before = shown.get(id);
      const value = show(account, before, now, calendar);
      changed ||= value !== before;
      next.set(id, value);
    }
    if (changed) shown = next;
    return shown;
  }

  function rezoneAll(): void {
    for (const [id, account] of accounts) if (account.ledger !== null) put(id, { ...account, ledger: rezone(account.ledger, calendar) });
  }

  async function write(clean: boolean): Promise<void> {
    if (!dirty) return;
    dirty = false;
    const written = new Map([...accounts].map(([id, account]) => [id, writtenAhead(account, clean)]));
    const saved = await keeper.save(encodeBooks({ steady: steady.point(), clean, timeZone: calendar.timeZone, accounts: written }));
    if (!saved) dirty = true;
    for (const [id, { flow, ceilingWh }] of written) {
      if (flow === null) continue;
      // Without a disk nothing is gained by holding an estimate back.
      accounts.set(id, { ...accounts.get(id)!, ceilingWh: saved ? ceilingWh : Number.POSITIVE_INFINITY });
    }
  }

  function save(clean: boolean): Promise<void> {
    saving = saving.then(() => write(clean));
    return saving;
  }

  if (kept !== null && kept.timeZone !== calendar.timeZone) rezoneAll();
  // From now on a crash must be seen as one.
  if (kept?.clean === true) await save(false);

  return {
    record,
    values,
    setTimeZone(name) {
      if (name === null || name === asked) return;
      asked = name;
      const zone = zoneOf(name, logger);
      if (zone === calendar.timeZone) return;
      calendar = createCalendar(zone);
      rezoneAll();
      shownDay = null;
    },
    save: () => save(false),
    close() {
      dirty = true;
      return save(true);
    },
  };
}

function writtenAhead(account: Account, clean: boolean): Account {
  if (account.flow === null) return account;
  return { ...account, ceilingWh: clean ? Math.max(account.flow.wh, account.guard.valueWh ?? 0) : aheadWh(account.flow) };
}

function zoneOf(name: string | null, logger: Logger): string {
  if (name !== null && isTimeZone(name)) return name;
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (name !== null)
    logger.warn({ timeZone: name }, `the time zone ${name} is not known here: days begin at midnight of ${own}; set time_zone`);
  return own;
}

/** kWh to the Wh. */
function kwh(wh: number): number {
  return Math.round(wh) / 1000;
}
