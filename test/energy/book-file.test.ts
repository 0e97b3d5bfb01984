import { expect, test } from "vitest";
import { type Account, NEW_ACCOUNT } from "../../src/energy/account.ts";
import { decodeBooks, encodeBooks, VERSION } from "../../src/energy/book-file.ts";

test("a file of an older version is made one of today step by step", () => {
  const older = JSON.stringify({ version: VERSION, time: 7, counters: {} });
  const renamed = decodeBooks(older, [
    ({ time, ...file }) => ({ ...file, steady: { ms: time, wall: 9 } }),
    (file) => ({ ...file, clean: true }),
  ]);
  expect(renamed).toEqual({ steady: { ms: 7, wall: 9 }, clean: true, timeZone: null, accounts: new Map() });
});

test("what is written is read again", () => {
  const steady = { ms: 5, wall: 6 };
  const line = { rawWh: 1, beforeWh: 0.5, offsetWh: 2, at: 3, roseAt: 2 };
  const guard = { valueWh: 3, line, doubt: { firstWh: 9, firstAt: 1, rawWh: 10, at: 2, count: 2 }, left: [line] };
  const ledger = { days: [{ day: 20_000, wh: 1.25 }], lastWh: 3, lastAt: 77 };
  const account: Account = { ...NEW_ACCOUNT, guard, ledger };
  const books = {
    steady,
    clean: true,
    timeZone: "UTC",
    accounts: new Map([
      ["production", account],
      ['odd"id', NEW_ACCOUNT],
    ]),
  };
  expect(decodeBooks(encodeBooks(books))).toEqual(books);
});

test("only the steps from its version on are gone", () => {
  const file = JSON.stringify({ version: 2, steady: { ms: 1, wall: 2 }, clean: false, counters: {} });
  const never = () => {
    throw new Error("the first step");
  };
  expect(decodeBooks(file, [never, (one) => ({ ...one, timeZone: "UTC" })])).toMatchObject({ timeZone: "UTC", clean: false });
});

const books = (counter: unknown) => ({ version: VERSION, steady: { ms: 1, wall: 2 }, clean: true, counters: { a: counter } });
test.each([
  [{ version: 0.5 }, "its version is no version"],
  [{ version: 0 }, "its version is no version"],
  [{ version: VERSION + 1 }, `written by a newer version (${VERSION + 1})`],
  [{ version: "1" }, "a number is missing"],
  [[], "not the books of a gateway"],
  [null, "not the books of a gateway"],
  [7, "not the books of a gateway"],
  [books(null), "not the books of a gateway"],
  [books([]), "not the books of a gateway"],
  [books({ value: "5" }), "a number is missing"],
  [books({ value: 5, line: {} }), "a list is missing"],
  [books({ value: 5, line: [1] }), "a number is missing"],
  [books({ value: 5, last: [5, 1], days: [], starts: [] }), "a counter without days"],
])("%j is refused by name", (file, why) => {
  expect(() => decodeBooks(JSON.stringify(file))).toThrow(new Error(why));
});

test("after a crash a counter waits for its first reading, an estimate does not; a ledger is never behind its counter", () => {
  const ledger = { last: [3, 9], days: [20_000], starts: [1] };
  const text = (clean: boolean) =>
    JSON.stringify({
      ...books({ value: 5, ...ledger }),
      clean,
      counters: { a: { value: 5, ...ledger }, b: { value: 5, estimate: 6, ...ledger } },
    });
  for (const clean of [true, false]) {
    const { accounts } = decodeBooks(text(clean));
    expect(accounts.get("a")).toMatchObject({
      withheld: !clean,
      flow: null,
      guard: { valueWh: 5, left: [] },
      ledger: { lastWh: 5, lastAt: 9 },
    });
    expect(accounts.get("b")).toMatchObject({ withheld: false, flow: { wh: 6, last: null }, guard: { valueWh: 6 }, ledger: { lastWh: 6 } });
  }
  const empty = decodeBooks(JSON.stringify(books({ value: null, ...ledger }))).accounts.get("a");
  expect(empty).toMatchObject({ guard: { valueWh: null }, ledger: { lastWh: 3 } });
});

test("what a counter does not have stands not in the file", () => {
  const text = encodeBooks({ steady: { ms: 1, wall: 2 }, clean: true, timeZone: "UTC", accounts: new Map([["a", NEW_ACCOUNT]]) });
  expect(JSON.parse(text).counters.a).toEqual({ value: null });
});
