import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { codeOf, type Files } from "../lib/files.ts";
import type { Logger } from "../lib/logger.ts";
import { BridgeError } from "../model/errors.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Most cloud logins in any hour and in any 24 hours, whatever happens: Enlighten locks accounts that log in too often. */
export const LOGINS_AN_HOUR = 3;
export const LOGINS_A_DAY = 12;

export interface LoginBudget {
  /**
   * Counts one login before it is sent, on disk too. Throws `login_budget` with `retryAfterMs` where no more are allowed now. The function
   * that it gives takes the count back, for a login that never left this machine.
   */
  take(): Promise<() => Promise<void>>;
  /** Writes what the disk did not take, so that a restart knows of it. Never rejects. */
  keep(): Promise<void>;
}

export interface LoginBudgetOptions {
  readonly directory: string;
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** A login as the file has it: wall time, and by which process (a process knows its own ages better than the file). */
interface Entry {
  readonly id: string;
  readonly at: number;
  readonly by: string;
}

/** A login with its age on the clock that never jumps. */
interface Login {
  readonly id: string;
  readonly by: string;
  /** Monotonic ms. */
  readonly at: number;
}

/**
 * The account's logins of the last 24 hours, in `logins.json`, so that a crash loop does not reset them. Ages count by the clock that never
 * jumps: a wall clock that jumps forward while the bridge runs frees nothing, and one that jumps back makes older entries count as just now, so for a day at most.
 * A file that makes no sense counts as a full hour's logins, once: damage frees nothing either.
 */
export function createLoginBudget({ directory, files, clock, logger }: LoginBudgetOptions): LoginBudget {
  const path = join(directory, "logins.json");
  const me = randomUUID();
  const logins = new Map<string, Login>();
  let damageCounted = false;
  let complained = false;
  let unsaved = false;
  let queue: Promise<unknown> = Promise.resolve();

  function complain(error: unknown): void {
    if (complained) return;
    complained = true;
    const code = codeOf(error);
    logger.warn({ path, code }, `${path} cannot be used (${code}): cloud logins are counted in memory only; make it writable`);
  }

  /** Takes in what other processes and earlier runs wrote. True where the file has to be put right. */
  async function readOthers(): Promise<boolean> {
    const entries = await entriesInFile();
    if (entries === null) {
      if (damageCounted) return false;
      damageCounted = true;
      for (let count = 0; count < LOGINS_AN_HOUR; count += 1) remember("unreadable", clock.monotonic());
      return true;
    }
    let ahead = false;
    for (const entry of entries) {
      if (entry.by === me) continue;
      ahead ||= entry.at > clock.now();
      logins.set(entry.id, { id: entry.id, by: entry.by, at: seenAt(clock.now() - entry.at, logins.get(entry.id)?.at ?? null) });
    }
    const listed = new Set(entries.map(({ id }) => id));
    for (const { id, at } of logins.values()) if (at <= clock.monotonic() - DAY && !listed.has(id)) logins.delete(id);
    return ahead;
  }

  /** Of an entry of this age: the youngest that it ever seemed, since a wall clock that is ahead for a while makes it older than it is. */
  function seenAt(age: number, known: number | null): number {
    if (known === null) return clock.monotonic() - Math.max(0, age);
    return age < 0 ? known : Math.max(known, clock.monotonic() - age);
  }

  async function putRight(): Promise<void> {
    if (await readOthers()) await save();
  }

  async function entriesInFile(): Promise<Entry[] | null> {
    try {
      const text = await files.read(path);
      return text === null ? [] : entriesOf(text);
    } catch (error) {
      complain(error);
      return [];
    }
  }

  function remember(by: string, at: number): string {
    const id = randomUUID();
    logins.set(id, { id, by, at });
    return id;
  }

  async function save(): Promise<void> {
    const recent = [...logins.values()].filter(({ at }) => at > clock.monotonic() - DAY);
    const entries: Entry[] = recent.map(({ id, by, at }) => ({ id, by, at: Math.round(clock.now() - (clock.monotonic() - at)) }));
    try {
      await files.write(path, `${JSON.stringify({ logins: entries })}\n`);
      complained = false;
      unsaved = false;
    } catch (error) {
      unsaved = true;
      complain(error);
    }
  }

  async function takeOne(): Promise<() => Promise<void>> {
    await putRight();
    const times = [...logins.values()].map(({ at }) => at);
    const waitMs = waitFor(times, clock.monotonic());
    if (waitMs > 0) throw overBudget(waitMs);
    const id = remember(me, clock.monotonic());
    await save();
    return () =>
      inTurn(async () => {
        if (logins.delete(id)) await save();
      });
  }

  function inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = queue.then(task);
    queue = result.catch(() => {});
    return result;
  }

  // At the start and not only at the first login: the wall clock may be wrong by then.
  void inTurn(putRight);
  return { take: () => inTurn(takeOne), keep: () => inTurn(async () => (unsaved ? save() : undefined)) };
}

/** Over the hour and the day, ms: the cloud's clock is not ours. */
const MARGIN = 1_000;

/** Milliseconds until one more login is allowed, after those at `times` (ms on the same clock as `now`). */
export function waitFor(times: readonly number[], now: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  const after = (most: number, window: number) => (sorted.length < most ? 0 : sorted[sorted.length - most]! + window + MARGIN - now);
  return Math.max(0, after(LOGINS_AN_HOUR, HOUR), after(LOGINS_A_DAY, DAY));
}

function overBudget(retryAfterMs: number): BridgeError {
  return new BridgeError(
    "login_budget",
    `Enlighten was logged in to ${LOGINS_AN_HOUR} times within an hour or ${LOGINS_A_DAY} times within a day: waiting, so that the account is not locked`,
    { retryAfterMs },
  );
}

/** The logins in the text of the file; `null` where it makes no sense. */
function entriesOf(text: string): Entry[] | null {
  try {
    const { logins } = JSON.parse(text) as { logins: Entry[] };
    const sound = logins.every(({ id, at, by }) => Number.isFinite(at) && typeof by === "string" && typeof id === "string");
    return sound ? logins : null;
  } catch {
    return null;
  }
}
