import convict from "convict";
import { BridgeError } from "../model/errors.ts";
import type { Setting } from "./settings.ts";

/** Settings as they were found: sections in sections. */
export type Tree = { [key: string]: unknown };

export function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Wrong configuration in one line. */
export function wrong(where: string, what: string): BridgeError {
  return new BridgeError("config", `${where} ${what}`);
}

/** Puts `value` at `path` (sections before a dot), making sections where there are none. */
export function put(tree: Tree, path: string, value: unknown): void {
  const keys = path.split(".");
  const last = keys.pop() as string;
  let section = tree;
  for (const key of keys) {
    if (typeof section[key] !== "object" || section[key] === null) section[key] = {};
    section = section[key] as Tree;
  }
  section[last] = value;
}

/** What stands at `path`; `undefined` if nothing does. */
export function at(tree: Tree, path: string): unknown {
  let value: unknown = tree;
  for (const key of path.split(".")) value = isTree(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return value;
}

/** Removes what stands at `path` and gives it back. */
export function take(tree: Tree, path: string): unknown {
  const keys = path.split(".");
  const last = keys.pop() as string;
  const section = keys.length === 0 ? tree : at(tree, keys.join("."));
  if (!isTree(section) || !Object.hasOwn(section, last)) return undefined;
  const value = section[last];
  delete section[last];
  return value;
}

/** A copy without keys that hold nothing: a section of which every line is a comment. */
export function withoutNulls(tree: Tree): Tree {
  const entries = Object.entries(tree).filter(([, value]) => value !== null);
  return Object.fromEntries(entries.map(([key, value]) => [key, isTree(value) ? withoutNulls(value) : value]));
}

/**
 * Holds `tree` against `settings`, strictly, and fills in what is missing. `label` says what a key is called where it was
 * found. Throws a `BridgeError` for the first key that is unknown or wrong; the value itself is not repeated.
 */
export function checked(tree: Tree, settings: readonly Setting[], label: (path: string) => string): Tree {
  const problems: BridgeError[] = [];
  const schema: Tree = {};
  for (const setting of settings) {
    checkSection(tree, setting.path, label);
    const format = (value: unknown): void => {
      const problem = value === null ? null : setting.form.check(value);
      if (problem !== null) problems.push(wrong(label(setting.path), problem));
    };
    // With a default of its own, convict would turn "10 minutes" into 10 and "nope" into true.
    put(schema, setting.path, { doc: setting.doc, format, default: null, sensitive: setting.secret === true });
  }
  const config = convict<Tree>(schema as convict.Schema<Tree>, { env: {}, args: [] });
  config.load(tree);
  try {
    config.validate({ allowed: "strict" });
  } catch (cause) {
    throw unknownKey(cause, tree, settings, label);
  }
  const [first] = problems;
  if (first !== undefined) throw first;
  const properties = config.getProperties();
  for (const { path, default: otherwise } of settings) if (at(properties, path) === null) put(properties, path, otherwise);
  return properties;
}

function checkSection(tree: Tree, path: string, label: (path: string) => string): void {
  for (let dot = path.indexOf("."); dot !== -1; dot = path.indexOf(".", dot + 1)) {
    const section = path.slice(0, dot);
    const value = at(tree, section);
    if (value !== undefined && !isTree(value)) throw wrong(label(section), "must be a section with keys of its own");
  }
}

function unknownKey(cause: unknown, tree: Tree, settings: readonly Setting[], label: (path: string) => string): BridgeError {
  const known = settings.map(({ path }) => path);
  const path = firstUnknown(tree, known, "");
  if (path === null) return new BridgeError("config", String(cause).split("\n")[0] as string, { cause });
  return wrong(label(path), `is not a known key${suggestion(path, known)}`);
}

function firstUnknown(tree: Tree, known: readonly string[], prefix: string): string | null {
  for (const [key, value] of Object.entries(tree)) {
    const path = prefix + key;
    if (known.includes(path)) continue;
    if (!known.some((name) => name.startsWith(`${path}.`))) return path;
    const inside = firstUnknown(value as Tree, known, `${path}.`);
    if (inside !== null) return inside;
  }
  return null;
}

/** `; did you mean …?` where one of `known` is close to `given`, else nothing. */
export function suggestion(given: string, known: readonly string[], prefix = ""): string {
  const ranked = known.map((name) => ({ name, distance: distance(given, name) })).sort((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best !== undefined && best.distance <= 2 ? `; did you mean ${prefix}${best.name}?` : "";
}

/** Letters to add, drop or change to make `b` of `a`. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
