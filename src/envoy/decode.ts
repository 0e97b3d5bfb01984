/**
 * Reads what a gateway answered, field by field: whatever is missing, of another type, not finite or beyond all reason becomes
 * `null` and is said once as drift. Nothing here throws.
 */

/** Takes a line that says where an answer is not of the known shape. It never names a serial, so that a whole fleet says it once. */
export type Drift = (what: string) => void;

/** A JSON object of which nothing is known yet. */
export type JsonObject = { readonly [key: string]: unknown };

/** Beyond this no power, energy, time or count of a house lies; it is also where JSON numbers lose their last digit. */
const HUGE = Number.MAX_SAFE_INTEGER;
const LONGEST_TEXT = 4096;

/** A JSON object, not a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A finite number of a size that can be. */
export function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && Math.abs(value) <= HUGE;
}

/** Rounds to an integer, a half to the even neighbour, and never to -0: as Python's `round`. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const part = value - below;
  const up = part > 0.5 || (part === 0.5 && below % 2 !== 0);
  return (up ? below + 1 : below) + 0;
}

/** The objects of a list; anything else in it is left out and said. A value that is no list gives none. */
export function objects(value: unknown, where: string, drift: Drift): readonly JsonObject[] {
  if (!Array.isArray(value)) {
    drift(`${where}: not a list`);
    return [];
  }
  const good = value.filter(isObject);
  if (good.length !== value.length) drift(`${where}: an entry is not an object`);
  return good;
}

/** One object's fields. Each method gives `null` where the field cannot be used, and says so through `drift`. */
export interface Fields {
  /** A number as it stands. */
  number(key: string): number | null;
  /** A number rounded half to even. */
  integer(key: string): number | null;
  /** Epoch seconds, given as epoch milliseconds; 0 means never and gives `null`. */
  time(key: string): number | null;
  /** `true`, `false`, and also as text, and 1 and 0. */
  boolean(key: string): boolean | null;
  text(key: string): string | null;
  /** An identifier: text or a whole number, given as text; never empty. */
  id(key: string): string | null;
  /** One of `values`; an unknown one gives `null`. */
  oneOf<const T extends string>(key: string, values: readonly T[]): T | null;
  /** A list of texts. */
  texts(key: string): readonly string[] | null;
  object(key: string): JsonObject | null;
  /** The objects of a list; none where there is no list. */
  objects(key: string): readonly JsonObject[];
  /** The same fields, where a missing key or `null` is nothing to speak of: what only some firmware has. */
  readonly optional: Fields;
}

/** Reads the fields of `object`; `where` names the place in drift lines, such as `production eim`. */
export function fields(object: JsonObject, where: string, drift: Drift): Fields {
  return reader(object, where, drift, false);
}

function reader(object: JsonObject, where: string, drift: Drift, optional: boolean): Fields {
  function take<T>(key: string, what: string, convert: (value: unknown) => T | null): T | null {
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    if (value === undefined || value === null) {
      if (!optional) drift(`${where}: ${key} is missing`);
      return null;
    }
    const converted = convert(value);
    if (converted === null) drift(`${where}: ${key} is not ${what}`);
    return converted;
  }
  const self: Fields = {
    number: (key) => take(key, "a number", (value) => (isNumber(value) ? value + 0 : null)),
    integer: (key) => take(key, "a number", (value) => (isNumber(value) ? roundHalfEven(value) : null)),
    time: (key) => take(key, "a time", toTime) || null,
    boolean: (key) => take(key, "true or false", toBoolean),
    text: (key) => take(key, "a text", (value) => (isText(value) ? value : null)),
    id: (key) => take(key, "an identifier", toId),
    oneOf: (key, values) => take(key, "a known value", (value) => values.find((known) => known === value) ?? null),
    texts: (key) => take(key, "a list of texts", (value) => (Array.isArray(value) && value.every(isText) ? value : null)),
    object: (key) => take(key, "an object", (value) => (isObject(value) ? value : null)),
    objects: (key) => {
      const list = take(key, "a list", (value) => (Array.isArray(value) ? value : null));
      return list === null ? [] : objects(list, `${where}: ${key}`, drift);
    },
    get optional() {
      return optional ? self : reader(object, where, drift, true);
    },
  };
  return self;
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= LONGEST_TEXT;
}

/** The latest time that a JavaScript date can hold, in seconds. */
const LATEST = 8.64e12;

function toTime(value: unknown): number | null {
  return isNumber(value) && value >= 0 && value <= LATEST ? Math.round(value * 1000) : null;
}

function toBoolean(value: unknown): boolean | null {
  if (value === true || value === "true" || value === 1) return true;
  return value === false || value === "false" || value === 0 ? false : null;
}

function toId(value: unknown): string | null {
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== "string") return null;
  const trimmed = text.trim();
  return trimmed.length > 0 && trimmed.length <= 64 ? trimmed : null;
}
