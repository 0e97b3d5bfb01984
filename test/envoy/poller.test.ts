import { describe, expect, test } from "vitest";
import { createPoller, type Poller, type PollReport } from "../../src/envoy/poller.ts";
import { type ProbeResult, probe } from "../../src/envoy/probe.ts";
import { INTERVALS } from "../../src/envoy/schedule.ts";
import type { Get, Source } from "../../src/envoy/source.ts";
import { silentLogger } from "../../src/lib/logger.ts";
import { NO_CAPABILITIES } from "../../src/model/capabilities.ts";
import { BridgeError, type ErrorCode } from "../../src/model/errors.ts";
import { parseFirmware } from "../../src/model/firmware.ts";
import type { GatewayInfo } from "../../src/model/gateway.ts";
import { createVirtualClock, type VirtualClock } from "../support/virtual-clock.ts";

const GATEWAY: GatewayInfo = { serial: "1", firmware: parseFirmware("8.3.1"), partNumber: null, metered: true, scheme: "https" };
const PROBED: ProbeResult = { capabilities: { ...NO_CAPABILITIES, production: "v1", inverters: "v1" }, answers: new Map(), unsure: [] };

const fail = (code: ErrorCode) => {
  throw new BridgeError(code, `${code} for the test`, code === "unauthorized" ? { status: 401 } : {});
};

function sourceOf(name: string, interval: Source["interval"], core: boolean, more: Partial<Source> = {}): Source {
  const groups = name === "core" ? (["production"] as const) : (["pvLimit"] as const);
  return {
    name,
    interval,
    groups,
    core,
    probe: async () => ({}),
    wanted: () => true,
    async read({ get, drift }) {
      await get(`/${name}`);
      drift("a key is missing");
      return name === "core"
        ? { groups: { production: { total: null, phases: {} } }, measuredAt: { production: 5 } }
        : { groups: { pvLimit: {} } };
    },
    ...more,
  };
}

interface Bench {
  readonly clock: VirtualClock;
  readonly asked: string[];
  readonly reports: PollReport[];
  readonly said: string[];
  readonly poller: Poller;
  readonly stop: AbortController;
  answer: (path: string) => unknown;
  info: () => GatewayInfo;
  run(probed?: ProbeResult): Promise<BridgeError>;
}

function bench(sources: readonly Source[] = [sourceOf("core", "meters", true), sourceOf("other", "production", false)]): Bench {
  const clock = createVirtualClock();
  const stop = new AbortController();
  const asked: string[] = [];
  const reports: PollReport[] = [];
  const said: string[] = [];
  const say = (_: object, message: string) => said.push(message);
  const poller = createPoller({
    sources,
    get: async (path) => {
      asked.push(path);
      return await self.answer(path);
    },
    readInfo: async () => self.info(),
    intervals: INTERVALS,
    clock,
    logger: { debug: say, info: say, warn: say, error: say },
    onReading: (report) => reports.push(report),
  });
  const self: Bench = {
    clock,
    asked,
    reports,
    said,
    poller,
    stop,
    answer: () => 1,
    info: () => GATEWAY,
    run: (probed = PROBED) => poller.run(GATEWAY, probed, stop.signal),
  };
  return self;
}

const count = (asked: readonly string[], path: string) => asked.filter((one) => one === path).length;

describe("the poller", () => {
  test("asks each source at its interval and stops when told to", async () => {
    const b = bench();
    const ended = b.run();
    await b.clock.advance(60_000);
    expect([count(b.asked, "/core"), count(b.asked, "/other")]).toEqual([7, 3]);
    b.stop.abort();
    expect((await ended).code).toBe("aborted");
    expect(b.clock.pending()).toBe(0);
  });

  test("is complete only when each source was asked, and says when it was read and measured", async () => {
    const b = bench();
    void b.run();
    await b.clock.settle();
    expect(b.reports.map(({ source, complete }) => [source, complete])).toEqual([
      ["core", false],
      ["other", true],
    ]);
    expect(b.reports[1]?.snapshot.production).toEqual({ value: { total: null, phases: {} }, readAt: b.clock.now(), measuredAt: 5 });
    expect(b.reports[1]?.snapshot.pvLimit?.measuredAt).toBe(b.clock.now());
    expect(b.reports[1]?.health).toEqual([
      { source: "core", lastSuccess: b.clock.now(), failures: 0, replyMs: 0, lastError: null },
      { source: "other", lastSuccess: b.clock.now(), failures: 0, replyMs: 0, lastError: null },
    ]);
    b.stop.abort();
  });

  test("does not ask again in the first round what the probe was told", async () => {
    const b = bench();
    void b.run({ ...PROBED, answers: new Map([["/core", 1]]) });
    await b.clock.settle();
    expect(b.asked).toEqual(["/other"]);
    await b.clock.advance(10_000);
    expect(b.asked).toEqual(["/other", "/core"]);
    b.stop.abort();
  });

  test("F-06, F-22: a dead endpoint costs only its own values, is said once, and is read again when it answers", async () => {
    const b = bench();
    b.answer = (path) => (path === "/other" ? fail("not_json") : 1);
    void b.run();
    await b.clock.advance(300_000);
    expect(b.reports.at(-1)?.health[1]?.failures).toBe(4);
    expect(b.reports.at(-1)?.health[1]?.lastError).toBe("not_json for the test");
    expect(count(b.asked, "/core")).toBe(31);
    b.answer = () => 1;
    await b.clock.advance(1_000_000);
    expect(b.reports.at(-1)?.health[1]?.failures).toBe(0);
    expect(b.said.filter((line) => line.includes("not_json"))).toHaveLength(1);
    expect(b.said).toContain("other is read again");
    b.stop.abort();
  });

  test("reports each drift once", async () => {
    const b = bench();
    void b.run();
    await b.clock.advance(60_000);
    expect(b.said).toEqual([
      "core: the gateway's answer is not of the known shape: a key is missing",
      "other: the gateway's answer is not of the known shape: a key is missing",
    ]);
    b.stop.abort();
  });

  test("goes on where one source has no answer but /info has, and ends where that has none either", async () => {
    const b = bench();
    b.answer = (path) => (path === "/other" ? fail("timeout") : 1);
    const ended = b.run();
    await b.clock.advance(100_000);
    expect(b.reports.at(-1)?.health[0]?.failures).toBe(0);
    b.answer = () => fail("unreachable");
    b.info = () => fail("http");
    await b.clock.advance(20_000);
    b.info = () => fail("unreachable");
    await b.clock.advance(60_000);
    expect((await ended).code).toBe("unreachable");
  });

  test("F-02, F-03: ends where a core source is refused twice in a row; one refusal passes", async () => {
    const b = bench();
    let refusals = 1;
    b.answer = () => (refusals-- > 0 ? fail("unauthorized") : 1);
    const ended = b.run();
    await b.clock.advance(5_000);
    expect(b.reports[0]?.health[0]?.failures).toBe(0);
    refusals = 2;
    await b.clock.advance(10_000);
    expect((await ended).code).toBe("unauthorized");
  });

  test("a core source that stays refused after the session was renewed costs only its own values", async () => {
    const b = bench();
    b.answer = (path) => (path === "/core" ? fail("unauthorized") : 1);
    expect((await b.run()).code).toBe("unauthorized");
    const ended = b.run();
    await b.clock.advance(100_000);
    expect(b.reports.at(-1)?.health.map(({ failures }) => failures > 0)).toEqual([true, false]);
    b.answer = () => fail("unauthorized");
    await b.clock.advance(100_000);
    expect((await ended).code).toBe("unauthorized");
  });

  test("F-07: a refusal of another source costs only its own values", async () => {
    const b = bench();
    b.answer = (path) => (path === "/other" ? fail("unauthorized") : 1);
    void b.run();
    await b.clock.advance(100_000);
    expect(b.reports.at(-1)?.source).toBe("core");
    b.stop.abort();
  });

  test("F-02: a core source that is refused on its own is let be, until all that is still read is refused, whatever was read once", async () => {
    const b = bench([
      sourceOf("core", "meters", true),
      sourceOf("other", "production", false),
      sourceOf("home", "once", false),
      sourceOf("resting", "inventory", false),
    ]);
    b.answer = (path) => (path === "/core" ? fail("unauthorized") : 1);
    expect((await b.run()).code).toBe("unauthorized");
    const ended = b.run();
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    await b.clock.advance(3_600_000);
    expect(isOver).toBe(false);
    b.answer = () => fail("unauthorized");
    await b.clock.advance(3_600_000);
    expect((await ended).code).toBe("unauthorized");
  });

  test("F-32: ends at once where nothing more may be sent", async () => {
    const b = bench();
    b.answer = () => fail("certificate");
    expect((await b.run()).code).toBe("certificate");
  });

  test.each([
    ["firmware", { firmware: parseFirmware("8.3.5433") }, /firmware 8\.3\.5433 instead of 8\.3\.1/],
    ["serial", { serial: "2" }, /another gateway/],
  ])("notices another %s without an outage", async (_, change, message) => {
    const b = bench();
    const ended = b.run();
    await b.clock.advance(3_600_000 * 5);
    b.info = () => ({ ...GATEWAY, ...change });
    await b.clock.advance(3_600_000 * 4);
    expect(await ended).toMatchObject({ code: "firmware_changed", message: expect.stringMatching(message) });
  });

  test.each(["http", "not_json", "not_an_envoy"] as const)(
    "looks at /info when the core answers with %s: port 80 only redirects after an update",
    async (code) => {
      const b = bench();
      const ended = b.run();
      await b.clock.advance(60_000);
      b.answer = (path) => (path === "/core" ? fail(code) : 1);
      b.info = () => ({ ...GATEWAY, firmware: parseFirmware("8.3.5169") });
      await b.clock.advance(20_000);
      expect(await ended).toMatchObject({ code: "firmware_changed" });
    },
  );

  test("a core that gives no data on the same firmware does not end the polling", async () => {
    const b = bench();
    const ended = b.run();
    b.answer = () => fail("http");
    await b.clock.advance(60_000);
    b.answer = () => 1;
    await b.clock.advance(600_000);
    expect(b.reports.at(-1)?.health).toMatchObject([{ lastError: null }, { lastError: null }]);
    b.stop.abort();
    expect(await ended).toMatchObject({ code: "aborted" });
  });

  test("F-08: a slow source is asked less often, and never twice at a time", async () => {
    const b = bench();
    let underWay = 0;
    let most = 0;
    b.answer = async () => {
      most = Math.max(most, ++underWay);
      await b.clock.sleep(20_000);
      underWay -= 1;
    };
    void b.run();
    await b.clock.advance(400_000);
    expect(most).toBe(1);
    expect(count(b.asked, "/core")).toBeLessThanOrEqual(11);
    b.stop.abort();
  });

  test("F-09: another source that hangs for a minute each night keeps the core's readings apart by no more than its time", async () => {
    const b = bench();
    const read: number[] = [];
    b.answer = async (path) => {
      if (path === "/core") read.push(b.clock.monotonic());
      const isNight = b.clock.monotonic() % 86_400_000 < 85_000;
      if (path !== "/other" || !isNight) return {};
      await b.clock.sleep(60_000);
      return fail("timeout");
    };
    void b.run();
    await b.clock.advance(3 * 86_400_000);
    const gaps = read.slice(1).map((at, index) => at - read[index]!);
    expect(gaps.length).toBeGreaterThan(3 * 8_000);
    expect(Math.max(...gaps)).toBeGreaterThan(55_000);
    // Availability waits for 90 s at least.
    expect(Math.max(...gaps)).toBeLessThan(75_000);
    b.stop.abort();
  });

  test("F-47: a jump of the wall clock changes nothing", async () => {
    const b = bench();
    void b.run();
    await b.clock.advance(20_000);
    b.clock.jump(-3_600_000);
    await b.clock.advance(20_000);
    expect(count(b.asked, "/core")).toBe(5);
    b.stop.abort();
  });

  test("keeps what it read from one run to the next, reads once what is read once, and forgets what the gateway lost", async () => {
    const wanted = (other: boolean) => (found: { readonly inverters: unknown }) => !other || found.inverters !== null;
    const b = bench([sourceOf("core", "meters", true), sourceOf("other", "once", false, { wanted: wanted(true) })]);
    b.info = () => fail("unreachable");
    const first = b.run();
    await b.clock.settle();
    b.answer = () => fail("unreachable");
    await b.clock.advance(20_000);
    await first;
    b.answer = () => 1;
    const second = b.run();
    await b.clock.settle();
    expect(count(b.asked, "/other")).toBe(1);
    expect(b.reports.at(-1)?.complete).toBe(true);
    expect(b.reports.at(-1)?.snapshot.pvLimit).toBeDefined();
    b.answer = () => fail("unreachable");
    await b.clock.advance(20_000);
    await second;
    b.answer = () => 1;
    void b.run({ ...PROBED, capabilities: { ...PROBED.capabilities, inverters: null } });
    await b.clock.settle();
    expect(b.reports.at(-1)?.snapshot.pvLimit).toBeUndefined();
    b.stop.abort();
  });

  test("a mistake in reading one answer, or in what listens, ends neither the process nor the rest", async () => {
    const b = bench([sourceOf("core", "meters", true), sourceOf("other", "meters", false, { read: async () => JSON.parse("{") })]);
    void b.run();
    await b.clock.advance(50_000);
    expect(b.reports.at(-1)?.health.map(({ failures }) => failures > 0)).toEqual([false, true]);
    b.stop.abort();
    const broken = createPoller({
      sources: [sourceOf("core", "meters", true)],
      get: async () => 1,
      readInfo: async () => GATEWAY,
      intervals: INTERVALS,
      clock: b.clock,
      logger: silentLogger,
      onReading: () => JSON.parse("{"),
    });
    expect((await broken.run(GATEWAY, PROBED, new AbortController().signal)).code).toBe("implausible");
  });

  test("what did not answer the probe is asked again later and then read", async () => {
    let there = false;
    const late = sourceOf("other", "meters", false, {
      probe: async () => (there ? { pvLimit: true } : fail("timeout")),
      wanted: ({ pvLimit }) => pvLimit,
    });
    const b = bench([sourceOf("core", "meters", true), late]);
    void b.run({ ...PROBED, unsure: ["other"] });
    await b.clock.advance(16 * 60_000);
    expect(count(b.asked, "/other")).toBe(0);
    there = true;
    await b.clock.advance(16 * 60_000);
    expect(count(b.asked, "/other")).toBeGreaterThan(1);
    expect(b.reports.at(-1)?.capabilities.pvLimit).toBe(true);
    b.stop.abort();
  });
});

describe("the probe", () => {
  const never = new AbortController().signal;
  const asks = (name: string, core: boolean, found: object = {}) =>
    sourceOf(name, "meters", core, {
      probe: async ({ get }: { readonly get: Get }) => {
        await get(`/${name}`);
        return found;
      },
    });
  const run = (sources: readonly Source[], answer: (path: string) => unknown) =>
    probe({ sources, gateway: GATEWAY, get: async (path) => answer(path), logger: silentLogger }, never);

  test("a source that is not core and does not answer is left out where another answers after it", async () => {
    const sources = [asks("core", true, { production: "v1" }), asks("hangs", false), asks("last", false, { tariff: true })];
    const result = await run(sources, (path) => (path === "/hangs" ? fail("timeout") : 1));
    expect(result.unsure).toEqual(["hangs"]);
    expect([result.capabilities.production, result.capabilities.tariff]).toEqual(["v1", true]);
    expect([...result.answers.keys()]).toEqual(["/core", "/last"]);
  });

  test("a gateway that stops answering on the way fails the probe", async () => {
    const sources = [asks("core", true, { production: "v1" }), asks("other", false)];
    await expect(run(sources, (path) => (path === "/other" ? fail("unreachable") : 1))).rejects.toMatchObject({ code: "unreachable" });
    await expect(run(sources, () => fail("timeout"))).rejects.toMatchObject({ code: "timeout" });
  });

  test("a gateway that refuses everything is not one without production", async () => {
    const soft = sourceOf("core", "meters", true, {
      probe: async ({ get }) =>
        get("/core")
          .then(() => ({}))
          .catch(() => ({})),
    });
    await expect(run([soft], () => fail("unauthorized"))).rejects.toMatchObject({ code: "unauthorized" });
    await expect(run([soft], () => fail("http"))).rejects.toMatchObject({ code: "no_production" });
  });
});
