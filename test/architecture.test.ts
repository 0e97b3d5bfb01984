import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

const SOURCE = new URL("../src/", import.meta.url).pathname;
const MOST_LINES = 300;
/** Files that are longer still, and may not grow: to be parted, then taken out of here. */
const LONGER: Readonly<Record<string, number>> = {};

interface Rule {
  /** Other rooms that it may import from. */
  readonly rooms: readonly string[];
  /** npm packages that it may import. */
  readonly packages: readonly string[];
  /** Whether it may import from Node: what is pure does not. */
  readonly node: boolean;
}

const FOUNDATION = ["model", "lib"];
const PURE: Rule = { rooms: FOUNDATION, packages: [], node: false };

/** Who may import whom. A room is a folder of `src`, or a file there, with the folder of its name. */
const RULES: Readonly<Record<string, Rule>> = {
  model: { rooms: [], packages: [], node: false },
  lib: { rooms: ["model"], packages: [], node: true },
  energy: PURE,
  entities: PURE,
  homeassistant: { ...PURE, node: true },
  auth: { rooms: FOUNDATION, packages: ["jose", "undici", "p-retry"], node: true },
  envoy: { rooms: FOUNDATION, packages: ["undici", "p-retry", "fast-xml-parser"], node: true },
  mqtt: { rooms: FOUNDATION, packages: ["mqtt", "aedes"], node: true },
  web: { rooms: FOUNDATION, packages: [], node: true },
  simulator: { rooms: ["model"], packages: ["selfsigned", "jose"], node: true },
  config: { rooms: FOUNDATION, packages: ["convict", "yaml"], node: true },
  log: { rooms: FOUNDATION, packages: ["pino"], node: true },
};

/** What joins the rooms may import all of them: the command line, and every file of `src` itself that has no rule. */
function joins(file: string): boolean {
  const room = roomOf(file);
  return room === "cli" || (!file.includes("/") && RULES[room] === undefined);
}

interface Import {
  readonly from: string;
  /** A file below `src`, `node:…`, or the name of a package. */
  readonly to: string;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".ts"))
  .sort();
const texts = new Map(files.map((file) => [file, readFileSync(join(SOURCE, file), "utf8")]));
const imports = files.flatMap((file) => importsOf(file, texts.get(file) ?? ""));

function importsOf(from: string, text: string): Import[] {
  const found = text.matchAll(/^\s*(?:import|export)\b[^;"]*?\bfrom\s*"([^"]+)"|\bimport\s*\(\s*"([^"]+)"|^\s*import\s+"([^"]+)"/gm);
  const targets = new Set([...found].map(([, declared, dynamic, bare]) => declared ?? dynamic ?? bare ?? ""));
  return [...targets].map((target) => ({ from, to: target.startsWith(".") ? normalize(join(dirname(from), target)) : packageOf(target) }));
}

function packageOf(target: string): string {
  if (target.startsWith("node:")) return target;
  return target
    .split("/")
    .slice(0, target.startsWith("@") ? 2 : 1)
    .join("/");
}

function roomOf(file: string): string {
  return (file.split("/")[0] ?? "").replace(/\.ts$/, "");
}

function mayImport({ from, to }: Import): boolean {
  if (joins(from)) return true;
  const room = roomOf(from);
  const rule = RULES[room];
  if (rule === undefined) return false;
  if (to.startsWith("node:")) return rule.node;
  if (!files.includes(to)) return rule.packages.includes(to);
  return roomOf(to) === room || rule.rooms.includes(roomOf(to));
}

/** The first way from a file back to itself, as the files on it. */
function cycleFrom(start: string): string[] | null {
  const seen = new Set<string>();
  const walk = (file: string, way: readonly string[]): string[] | null => {
    for (const { to } of imports.filter(({ from }) => from === file)) {
      if (to === start) return [...way, file, start];
      if (seen.has(to)) continue;
      seen.add(to);
      const found = walk(to, [...way, file]);
      if (found !== null) return found;
    }
    return null;
  };
  return walk(start, []);
}

describe("who imports whom", () => {
  test.each(imports.map((each) => ({ ...each, allowed: mayImport(each) })))("$from may import $to", ({ allowed }) => {
    expect(allowed).toBe(true);
  });

  test("there are rooms, and their imports are seen", () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(files.length);
  });

  test.each([
    ["auth/session.ts", "mqtt/mqtt.ts"],
    ["model/view.ts", "lib/clock.ts"],
    ["energy/books.ts", "node:fs"],
    ["homeassistant/state.ts", "undici"],
    ["new-room/file.ts", "model/view.ts"],
    ["web/page.ts", "bridge.ts"],
    ["config.ts", "auth/token.ts"],
  ])("%s may not import %s", (from, to) => {
    expect(mayImport({ from, to })).toBe(false);
  });

  test("every form of import is seen", () => {
    const text =
      'import type { A } from "./a.ts";\nimport {\n  B,\n} from "../lib/b.ts";\nexport { c } from "./c.ts";\nawait import("jose");\nimport "@x/y/z";';
    expect(importsOf("auth/file.ts", text).map(({ to }) => to)).toEqual(["auth/a.ts", "lib/b.ts", "auth/c.ts", "jose", "@x/y"]);
  });
});

describe("each file", () => {
  test.each(files)("%s imports nothing that imports it", (file) => {
    expect(cycleFrom(file)).toBeNull();
  });

  test.each(files)(`%s has at most ${MOST_LINES} lines`, (file) => {
    expect((texts.get(file) ?? "").split("\n").length - 1).toBeLessThanOrEqual(LONGER[file] ?? MOST_LINES);
  });

  test.each(files)("%s exports by name", (file) => {
    expect(texts.get(file)).not.toMatch(/^\s*export\s+default\b|\bas\s+default\b/m);
  });
});
