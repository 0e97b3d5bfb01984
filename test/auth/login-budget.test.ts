import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createLoginBudget, LOGINS_A_DAY, LOGINS_AN_HOUR, waitFor } from "../../src/auth/login-budget.ts";
import { isBridgeError } from "../../src/model/errors.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { DAY, HOUR, memoryFiles, recordingLogger } from "./support.ts";

const PATH = "/state/logins.json";

function setting() {
  const clock = createVirtualClock();
  const files = memoryFiles();
  const logger = recordingLogger();
  const run = () => createLoginBudget({ directory: "/state", files, clock, logger });
  return { clock, files, logger, run };
}

/** Milliseconds to wait; 0 where the login was allowed. */
async function tryLogin(budget: ReturnType<typeof createLoginBudget>): Promise<number> {
  try {
    await budget.take();
    return 0;
  } catch (error) {
    if (!isBridgeError(error, "login_budget")) throw error;
    return error.retryAfterMs ?? Number.NaN;
  }
}

test("three logins an hour are allowed, and the fourth is told when", async () => {
  const { clock, run } = setting();
  const budget = run();
  expect([await tryLogin(budget), await tryLogin(budget), await tryLogin(budget)]).toEqual([0, 0, 0]);
  await clock.advance(HOUR / 2);
  expect(await tryLogin(budget)).toBe(HOUR / 2 + 1_000);
  await clock.advance(HOUR / 2 + 1_000);
  expect(await tryLogin(budget)).toBe(0);
});

test("F-36 F-53: a crash loop does not reset the budget", async () => {
  const { run } = setting();
  const waits: number[] = [];
  for (let crash = 0; crash < 20; crash += 1) waits.push(await tryLogin(run()));
  expect(waits.filter((wait) => wait === 0)).toHaveLength(LOGINS_AN_HOUR);
});

test("F-51: two processes share one budget", async () => {
  const { run } = setting();
  const [one, two] = [run(), run()];
  const waits = [await tryLogin(one), await tryLogin(two), await tryLogin(one), await tryLogin(two), await tryLogin(one)];
  expect(waits.filter((wait) => wait === 0)).toHaveLength(LOGINS_AN_HOUR);
});

test("in any hour and any day no more than allowed, whatever the pace, the restarts and the jumps of the clock", async () => {
  const step = fc.record({
    pause: fc.integer({ min: 0, max: 2 * HOUR }),
    restart: fc.boolean(),
    jump: fc.constantFrom(0, 0, 0, -HOUR, -DAY, -400 * DAY),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (plan) => {
      const { clock, run } = setting();
      let budget = run();
      const times: number[] = [];
      for (const { pause, restart, jump } of plan) {
        await clock.advance(pause);
        clock.jump(jump);
        if (restart) budget = run();
        if ((await tryLogin(budget)) === 0) times.push(clock.monotonic());
      }
      for (const time of times) {
        expect(times.filter((other) => other >= time && other <= time + HOUR).length).toBeLessThanOrEqual(LOGINS_AN_HOUR);
        expect(times.filter((other) => other >= time && other <= time + DAY).length).toBeLessThanOrEqual(LOGINS_A_DAY);
      }
    }),
    { numRuns: 40 },
  );
});

describe("a clock that jumps", () => {
  test("forward frees nothing", async () => {
    const { clock, run } = setting();
    const budget = run();
    for (let login = 0; login < 3; login += 1) await budget.take();
    clock.jump(56 * 365 * DAY);
    expect(await tryLogin(budget)).toBe(HOUR + 1_000);
  });

  test("forward frees nothing of what an earlier run wrote either, whether it jumps before or after the first look", async () => {
    const { clock, run } = setting();
    const before = run();
    for (let login = 0; login < 3; login += 1) await before.take();
    const after = run();
    await clock.settle();
    clock.jump(2 * HOUR);
    expect(await tryLogin(after)).toBe(HOUR + 1_000);
    const ahead = run();
    expect(await tryLogin(ahead), "nothing says that this clock is wrong").toBe(0);
    clock.jump(-2 * HOUR);
    expect(await tryLogin(ahead)).toBeGreaterThan(0);
  });

  test("back locks for a day at most, also over restarts and with a folder that takes nothing", async () => {
    for (const readOnly of [false, true]) {
      const { clock, files, run } = setting();
      const budget = run();
      for (let login = 0; login < 3; login += 1) await budget.take();
      clock.jump(-20 * 365 * DAY);
      if (readOnly) files.failing.write = "EROFS";
      const later = run();
      expect(await tryLogin(later)).toBe(HOUR + 1_000);
      await clock.advance(HOUR + 1_000);
      expect(await tryLogin(readOnly ? later : run())).toBe(0);
    }
  });
});

test("a login that never left this machine is given back, once", async () => {
  const { run } = setting();
  const budget = run();
  for (let login = 0; login < 20; login += 1) {
    const giveBack = await budget.take();
    await giveBack();
    await giveBack();
  }
  expect(await tryLogin(run())).toBe(0);
});

test.each(["", "{", "null", '{"logins":1}', '{"logins":[{"at":"x","by":"y","id":"z"}]}', '{"logins":[null]}'])(
  "a damaged file (%s) frees nothing, and is put right within an hour",
  async (text) => {
    const { clock, files, run } = setting();
    files.contents.set(PATH, text);
    expect(await tryLogin(run())).toBe(HOUR + 1_000);
    expect(JSON.parse(files.contents.get(PATH) ?? "")).toHaveProperty("logins");
    await clock.advance(HOUR + 1_000);
    expect(await tryLogin(run())).toBe(0);
  },
);

test("a damaged file that cannot be put right counts once", async () => {
  const { clock, files, run } = setting();
  files.contents.set(PATH, "damaged");
  files.failing.write = "EROFS";
  const budget = run();
  expect(await tryLogin(budget)).toBeGreaterThan(0);
  await clock.advance(HOUR + 1_000);
  expect(await tryLogin(budget)).toBe(0);
});

test("F-49: where the disk takes nothing the count goes on in memory, and that is said once", async () => {
  const { files, logger, run } = setting();
  files.failing = { read: "EACCES", write: "EACCES" };
  const budget = run();
  for (let login = 0; login < 3; login += 1) await budget.take();
  expect(await tryLogin(budget)).toBeGreaterThan(0);
  expect(logger.texts("warn")).toEqual([
    "/state/logins.json cannot be used (EACCES): cloud logins are counted in memory only; make it writable",
  ]);
});

test("F-49: what the disk did not take is written when there is room again, so that a restart knows of it", async () => {
  const { files, run } = setting();
  const budget = run();
  files.failing.write = "ENOSPC";
  for (let login = 0; login < LOGINS_AN_HOUR; login += 1) await budget.take();
  await budget.keep();
  expect(files.contents.has(PATH)).toBe(false);
  files.failing = {};
  await budget.keep();
  expect(await tryLogin(run())).toBeGreaterThan(0);
  files.contents.delete(PATH);
  await budget.keep();
  expect(files.contents.has(PATH), "what is on disk is not written again").toBe(false);
});

test("logins of yesterday are forgotten on disk too", async () => {
  const { clock, files, run } = setting();
  const budget = run();
  for (let day = 0; day < 5; day += 1) {
    await budget.take();
    await clock.advance(DAY + 1);
  }
  await budget.take();
  expect((JSON.parse(files.contents.get(PATH) ?? "") as { logins: unknown[] }).logins).toHaveLength(1);
});

test("the wait is the longer of the hour's and the day's", () => {
  expect(waitFor([], 0)).toBe(0);
  expect(waitFor([3, 1, 2], 10)).toBe(HOUR + 1_000 - 9);
  const spread = Array.from({ length: 12 }, (_, index) => index * HOUR);
  expect(waitFor(spread, 12 * HOUR)).toBe(12 * HOUR + 1_000);
});
