import { type Account, NEW_ACCOUNT } from "./account.ts";
import type { DayStart, Ledger } from "./days.ts";
import type { Doubt } from "./judge.ts";
import type { Line } from "./line.ts";
import type { SteadyPoint } from "./steady.ts";

/** The form of the file; a change of it adds a step to `UPGRADES`. */
export const VERSION = 1;

/** Each step makes a file of its version one of the next; the first is for version 1. */
export type Upgrade = (file: Fields) => Fields;
const UPGRADES: readonly Upgrade[] = [];

type Fields = { readonly [key: string]: unknown };

/** What is kept on disk. */
export interface BookFile {
  readonly steady: SteadyPoint;
  /** Written at a stop: the values are exactly what was published last. */
  readonly clean: boolean;
  /** The zone whose days these are; `null` where it was not written. */
  readonly timeZone: string | null;
  readonly accounts: ReadonlyMap<string, Account>;
}

/** The text of the file: JSON, one counter a line. */
export function encodeBooks({ steady, clean, timeZone, accounts }: BookFile): string {
  const lines = [...accounts].map(([id, account]) => `${JSON.stringify(id)}:${JSON.stringify(encodeAccount(account))}`);
  return `{"version":${VERSION},"clean":${clean},"timeZone":${JSON.stringify(timeZone)},"steady":${JSON.stringify(steady)},"counters":{\n${lines.join(",\n")}\n}}\n`;
}

function encodeAccount({ guard, flow, ceilingWh, ledger }: Account): Fields {
  const { valueWh, line, doubt, left } = guard;
  return {
    value: valueWh,
    ...(line === null ? {} : { line: encodeLine(line) }),
    ...(doubt === null ? {} : { doubt: [doubt.firstWh, doubt.firstAt, doubt.rawWh, doubt.at, doubt.count] }),
    ...(left.length === 0 ? {} : { left: left.map(encodeLine) }),
    ...(flow === null ? {} : { estimate: ceilingWh }),
    ...(ledger === null
      ? {}
      : { last: [ledger.lastWh, ledger.lastAt], days: ledger.days.map(({ day }) => day), starts: ledger.days.map(({ wh }) => wh) }),
  };
}

function encodeLine({ rawWh, beforeWh, offsetWh, at, roseAt }: Line): number[] {
  return [rawWh, beforeWh, offsetWh, at, roseAt];
}

/** Reads the file. Throws an `Error` with a short reason where it is torn, not ours, or of a newer version. */
export function decodeBooks(text: string, upgrades: readonly Upgrade[] = UPGRADES): BookFile {
  const file = upgrade(fields(JSON.parse(text)), upgrades);
  const { ms, wall } = fields(file["steady"]) as { ms?: unknown; wall?: unknown };
  const clean = file["clean"] === true;
  const timeZone = file["timeZone"];
  const counters = Object.entries(fields(file["counters"]));
  return {
    steady: { ms: number(ms), wall: number(wall) },
    clean,
    timeZone: typeof timeZone === "string" ? timeZone : null,
    accounts: new Map(counters.map(([id, counter]) => [id, decodeAccount(fields(counter), clean)])),
  };
}

function upgrade(file: Fields, upgrades: readonly Upgrade[]): Fields {
  const version = number(file["version"]);
  const newest = upgrades.length + 1;
  if (!Number.isInteger(version) || version < 1) throw new Error("its version is no version");
  if (version > newest) throw new Error(`written by a newer version (${version})`);
  return upgrades.slice(version - 1).reduce((older, step) => step(older), file);
}

function decodeAccount(counter: Fields, clean: boolean): Account {
  const estimateWh = counter["estimate"] === undefined ? null : number(counter["estimate"]);
  const valueWh = estimateWh ?? (counter["value"] === null ? null : number(counter["value"]));
  return {
    ...NEW_ACCOUNT,
    guard: {
      valueWh,
      line: counter["line"] === undefined ? null : decodeLine(counter["line"]),
      doubt: counter["doubt"] === undefined ? null : decodeDoubt(counter["doubt"]),
      left: counter["left"] === undefined ? [] : list(counter["left"]).map(decodeLine),
    },
    flow: estimateWh === null ? null : { wh: estimateWh, last: null },
    ledger: counter["last"] === undefined ? null : decodeLedger(counter, valueWh),
    withheld: !clean && estimateWh === null,
  };
}

function decodeLine(value: unknown): Line {
  const [rawWh, beforeWh, offsetWh, at, roseAt] = list(value).map(number);
  return { rawWh: number(rawWh), beforeWh: number(beforeWh), offsetWh: number(offsetWh), at: number(at), roseAt: number(roseAt) };
}

function decodeDoubt(value: unknown): Doubt {
  const [firstWh, firstAt, rawWh, at, count] = list(value).map(number);
  return { firstWh: number(firstWh), firstAt: number(firstAt), rawWh: number(rawWh), at: number(at), count: number(count) };
}

function decodeLedger(counter: Fields, valueWh: number | null): Ledger {
  const [lastWh, lastAt] = list(counter["last"]).map(number);
  const starts = list(counter["starts"]).map(number);
  const days: DayStart[] = list(counter["days"]).map((day, index) => ({ day: number(day), wh: number(starts[index]) }));
  if (days.length === 0) throw new Error("a counter without days");
  return { days, lastWh: Math.max(number(lastWh), valueWh ?? 0), lastAt: number(lastAt) };
}

function fields(value: unknown): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Error("not the books of a gateway");
  return value as Fields;
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error("a list is missing");
  return value;
}

function number(value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Error("a number is missing");
  return value;
}
