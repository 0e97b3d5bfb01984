import type { Json } from "../model/json.ts";
import type { Maybe } from "../model/snapshot.ts";

const LATEST = 8_640_000_000_000_000;

/** Kilowatt hours with three decimals, of watt hours. */
export function kwh(wattHours: number | null | undefined): number | null {
  return typeof wattHours === "number" ? round(wattHours, 0) / 1000 : null;
}

/** Whole; never `-0`. */
export function whole(value: number | null | undefined): number | null {
  return typeof value === "number" ? round(value, 0) : null;
}

/** The positive part of a signed value, such as what is imported. */
export function positive(value: number | null): number | null {
  return value === null ? null : Math.max(0, value);
}

/** The negative part of a signed value, as a positive number, such as what is exported. */
export function negative(value: number | null): number | null {
  return value === null ? null : Math.max(0, 0 - value);
}

/** Watts of milliwatts (and VA of mVA). */
export function fromMilli(value: Maybe | undefined): number | null {
  return typeof value === "number" ? round(value / 1000, 3) : null;
}

/** ISO 8601 in UTC, of milliseconds since 1970; `null` for none, for 0 (never) and for what is no date. */
export function iso(ms: number | null | undefined): string | null {
  return typeof ms === "number" && ms > 0 && ms <= LATEST ? new Date(ms).toISOString() : null;
}

/** `true` and `false` of a word, `null` of any other word. */
export function oneOf(value: string | null | undefined, yes: readonly string[], no: readonly string[]): boolean | null {
  if (typeof value !== "string") return null;
  if (yes.includes(value)) return true;
  return no.includes(value) ? false : null;
}

/** What has no flat shape, as one text of JSON; `null` for an unknown one. */
export function documentText(document: Json | undefined): string | null {
  return document === null || document === undefined ? null : JSON.stringify(document);
}

/** Home Assistant's state strings are at most 255 characters long. */
export function brief(text: string | null): string | null {
  return text === null || text.length <= 255 ? text : `${text.slice(0, 254)}…`;
}

function round(value: number, decimals: number): number {
  const factor = 10 ** decimals;
  return Math.round(value * factor) / factor + 0;
}
