import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createTokenKey } from "../../src/simulator/token.ts";
import { INVARIANTS, nothingSeen, type Observed } from "./invariants.ts";
import { live } from "./life.ts";
import { runLives, type Told } from "./pool.ts";

const key = createTokenKey();
const run = promisify(execFile);
const MAIN = new URL("./main.ts", import.meta.url).pathname;

describe("lives in virtual time", () => {
  it("the same seed gives the same life, byte for byte", async () => {
    const once = await live({ seed: 7, days: 2, key, record: true });
    const again = await live({ seed: 7, days: 2, key: createTokenKey(), record: true });
    expect(once.violation).toBeNull();
    expect(once.log.length).toBeGreaterThan(100);
    expect(again.log.join("\n")).toBe(once.log.join("\n"));
    const other = await live({ seed: 8, days: 1, key, record: true });
    expect(other.log.slice(0, 50)).not.toEqual(once.log.slice(0, 50));
  });

  it("npm run simulate -- --seed N --log replays a life in another process, byte for byte, and tells what it counted", async () => {
    const replay = async () => (await run("node", [MAIN, "--seed", "9", "--days", "2", "--log"])).stdout.split("\n");
    const [once, again] = await Promise.all([replay(), replay()]);
    const log = (lines: readonly string[]) => lines.filter((line) => /^\d{4}-/.test(line)).join("\n");
    expect(log(once).length).toBeGreaterThan(10_000);
    expect(log(again)).toBe(log(once));
    expect(once.at(-2)).toMatch(/^1 seeds, 2 virtual days, \d+ faults of \d+ kinds, \d+ logins, \d+ polls, violations 0, /);
  });

  it("lives on other threads are the same lives, each told once", async () => {
    const told: Told[] = [];
    await runLives(
      [11, 12, 13].map((seed) => ({ seed, days: 1 })),
      key,
      (one) => told.push(one) < 100,
    );
    told.sort((one, other) => one.seed - other.seed);
    for (const { seed, life } of told) {
      // One after the other: a thread has one world.
      const alone = await live({ seed, days: 1, key });
      expect(life?.log.join("\n")).toBe(alone.log.join("\n"));
      expect(alone.violation).toBeNull();
      expect([life?.polls, life?.logins]).toEqual([alone.polls, alone.logins]);
    }
    expect(told.map(({ seed }) => seed)).toEqual([11, 12, 13]);
  });

  it("F-01: the life that found firmware being named that was not probed breaks no invariant any more", { timeout: 120_000 }, async () => {
    const life = await live({ seed: 5, days: 30, key });
    expect(life.violation).toBeNull();
    expect(life.virtualDays).toBeGreaterThanOrEqual(30);
  });

  it("no more lives begin once it is enough", async () => {
    const told: number[] = [];
    function* endless() {
      for (let seed = 1; ; seed += 1) yield { seed, days: 0.01 };
    }
    await runLives(endless(), key, ({ seed }) => told.push(seed) < 3);
    expect(told).toHaveLength(3);
  });
});

const GOOD: Observed = {
  ...nothingSeen({ serial: "1", limitMs: 1, tickMs: 1 }),
  now: 1e9,
  lastGood: 1e9,
  shownOnline: true,
  wentOnline: { missing: null },
  loginsUnderWay: 1,
  requestsUnderWay: 1,
  published: "8",
  probed: "8",
  heapGrowth: 0,
  calm: { since: 0, deadline: 1e9 },
};

describe("invariants", () => {
  const broken = (seen: Partial<Observed>) => INVARIANTS.filter((holds) => holds({ ...GOOD, ...seen }) !== null).map(({ name }) => name);

  it("hold where all is well", () => {
    expect(broken({})).toEqual([]);
  });

  it.each<[string, Partial<Observed>]>([
    ["onlineNeedsAFreshReading", { lastGood: 0, shownOnline: null }],
    ["silenceMeansOffline", { lastGood: 0, wentOnline: null }],
    ["dataComesBeforeOnline", { wentOnline: { missing: "a/topic" } }],
    ["comesBack", { calm: { since: 0, deadline: 1 } }],
    ["tokensAreGood", { sent: [{ token: "no token", wall: 0 }] }],
    ["onlyTheAcceptedKeyIsTrusted", { sentToStranger: true }],
    ["oneLoginAtATime", { loginsUnderWay: 2 }],
    ["loginsAreFew", { logins: [1e9, 1e9, 1e9, 1e9] }],
    ["loginsAreFew", { logins: Array.from({ length: 13 }, (_, at) => 1e9 - 5e7 + at * 4e6) }],
    ["oneRequestAtATime", { requestsUnderWay: 2 }],
    ["newFirmwareIsProbed", { published: "9" }],
    ["energyNeverFalls", { fell: "it" }],
    ["backOffBeginsAnew", { firstWait: 60_000 }],
    ["nothingPilesUp", { timers: 1000 }],
    ["nothingPilesUp", { files: 1000 }],
    ["nothingPilesUp", { listeners: 1000 }],
    ["nothingPilesUp", { links: 2 }],
    ["nothingPilesUp", { topics: 1000 }],
    ["nothingPilesUp", { heapGrowth: 1e8 }],
    ["nothingIsLeft", { leftOver: 1 }],
    ["subscribersGetTheLastValue", { stale: "a/topic" }],
  ])("%s notices when it is broken: %j", (name, seen) => {
    expect(broken(seen)).toEqual([name]);
  });
});
