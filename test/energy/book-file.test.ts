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
