import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../", import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, ROOT), "utf8");
const ROWS = 68;

interface Row {
  readonly number: string;
  readonly words: readonly string[];
  readonly tests: readonly string[];
}

const rows: readonly Row[] = read("docs/failures.md")
  .split("\n")
  .filter((line) => /^\| F-\d\d \|/.test(line))
  .map((line) => {
    const [number = "", failure = "", what = "", tests = ""] = line.split(" | ").map((cell) => cell.replaceAll(/^\| | \|$/g, ""));
    return { number, words: [failure, what], tests: [...tests.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file as string) };
  });

/** Test files whose names of tests hold the number; the simulator's own are no proof of what the bridge does. */
function testsNamed(number: string): readonly string[] {
  const name = new RegExp(`["\`][^"\`\\n]*${number}\\b`);
  return readdirSync(new URL("test/", ROOT), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts") && !/^(simulator|docs)\//.test(file) && !file.includes("node_modules"))
    .filter((file) => name.test(read(`test/${file}`)))
    .map((file) => `test/${file}`)
    .toSorted();
}

test("the table of failures has every number, in order, with words", () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: ROWS }, (_, index) => `F-${String(index + 1).padStart(2, "0")}`));
  for (const { words } of rows) for (const text of words) expect(text.length).toBeGreaterThan(10);
});

test.each(rows)("$number is shown by the tests that the table names", ({ number, tests }) => {
  expect(tests.length).toBeGreaterThan(0);
  expect(tests.toSorted()).toEqual(testsNamed(number));
});
