import { describe, expect, it } from "vitest";
import { createTokenKey } from "../../src/simulator/token.ts";
import { INVARIANTS, nothingSeen, type Observed } from "./invariants.ts";
import { live } from "./life.ts";

const key = createTokenKey();

describe("lives in virtual time", () => {
  it("the same seed gives the same life, byte for byte", async () => {
    const once = await live({ seed: 7, days: 0.2, key, record: true });
    const again = await live({ seed: 7, days: 0.2, key, record: true });
    expect(once.violation).toBeNull();
    expect(once.log.length).toBeGreaterThan(100);
    expect(again.log.join("\n")).toBe(once.log.join("\n"));
    const other = await live({ seed: 8, days: 0.1, key, record: true });
    expect(other.log.slice(0, 50)).not.toEqual(once.log.slice(0, 50));
  });

  it.each([11, 12])("seed %i breaks no invariant", async (seed) => {
    const life = await live({ seed, days: 0.5, key });
    expect(life.violation).toBeNull();
    expect(life.polls).toBeGreaterThan(20);
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
