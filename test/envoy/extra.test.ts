import { describe, expect, test } from "vitest";
import { checkExtraEndpoint, createExtraPoller, type ExtraEndpoint } from "../../src/envoy/extra.ts";
import { BridgeError } from "../../src/model/errors.ts";
import type { SourceHealth } from "../../src/model/health.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const good: ExtraEndpoint = { path: "/ivp/livedata/status", topic: "live", interval: 30 };

describe("an extra endpoint", () => {
  test.each([
    good,
    { ...good, path: "/ivp/peb/devstatus?x=1&y=%20" },
    { ...good, path: "/home", topic: "raw/home_2" },
    { ...good, interval: 5 },
  ])("is accepted: $path $topic $interval", (endpoint) => {
    expect(() => checkExtraEndpoint(endpoint)).not.toThrow();
  });

  test.each([
    "ivp/meters",
    "",
    "//evil.example/x",
    "https://evil.example/x",
    "http:/x",
    "/\\evil.example",
    "/ivp/../auth/check_jwt",
    "/ivp/%2e%2e/auth",
    "/ivp/%252e%252e/auth",
    "/%",
    "/a%2F%2fb",
    "/a b",
    "/a\r\nX: y",
    "/a%0d%0ab",
    "/a#b",
    "/auth/check_jwt",
    "/auth",
    "/%61uth/check_jwt",
    "/AUTH/check_jwt",
    "/login/login.json",
    "/stream/meter",
    "/installer/pcu_comm_check",
    "/admin/reboot",
    `/${"x".repeat(300)}`,
  ])("is refused by its path: %j", (path) => {
    expect(() => checkExtraEndpoint({ ...good, path })).toThrow(BridgeError);
  });

  test.each(["", "a/", "/a", "a//b", "a/+", "#", "$x", "ä", "info", "set/reserve", "availability"])(
    "is refused by its topic: %j",
    (topic) => {
      expect(() => checkExtraEndpoint({ ...good, topic })).toThrow(/topic/);
    },
  );

  test.each([0, -1, 4.9, Number.NaN])("is refused by its interval: %d", (interval) => {
    expect(() => checkExtraEndpoint({ ...good, interval })).toThrow(/interval of \/ivp\/livedata\/status must be 5 seconds/);
  });

  test("that is refused keeps the poller from being made", () => {
    const options = { endpoints: [{ ...good, path: "/auth" }], get: async () => null, clock: createVirtualClock() };
    expect(() => createExtraPoller({ ...options, onAnswer() {}, onHealth() {} })).toThrow(/"\/auth" is not only read/);
  });
});

function harness(endpoints: readonly ExtraEndpoint[], get: (path: string) => Promise<unknown>) {
  const clock = createVirtualClock();
  const stop = new AbortController();
  const asked: string[] = [];
  const answers: [string, unknown][] = [];
  const health: SourceHealth[] = [];
  const poller = createExtraPoller({
    endpoints,
    clock,
    get: (path) => {
      asked.push(path);
      return get(path);
    },
    onAnswer: (topic, answer) => answers.push([topic, answer]),
    onHealth: (one) => health.push(one),
  });
  return { clock, stop, asked, answers, health, ended: poller.run(stop.signal) };
}

describe("the poller of extra endpoints", () => {
  test("gives answers as they are, each at its own interval", async () => {
    const run = harness([good, { path: "/home", topic: "raw/home", interval: 60 }], async (path) => ({ path, list: [1, null] }));
    await run.clock.advance(90_000);
    run.stop.abort();
    await run.ended;
    expect(run.asked).toEqual([good.path, "/home", good.path, good.path, "/home", good.path]);
    expect(run.answers[1]).toEqual(["raw/home", { path: "/home", list: [1, null] }]);
    expect(run.health.at(-1)).toMatchObject({ source: good.path, failures: 0, lastError: null });
    expect(run.clock.pending()).toBe(0);
  });

  test("asks a failing endpoint less often and leaves the others alone", async () => {
    let isBroken = true;
    const run = harness([good, { path: "/home", topic: "home", interval: 30 }], async (path) => {
      if (path === good.path && isBroken) throw new BridgeError("http", "HTTP 404", { status: 404 });
      if (path === good.path) return 1;
      return 2;
    });
    await run.clock.advance(300_000);
    expect(run.asked.filter((path) => path === good.path)).toHaveLength(3);
    expect(run.asked.filter((path) => path === "/home")).toHaveLength(11);
    expect(run.health.filter(({ source }) => source === good.path).at(-1)).toMatchObject({ failures: 3, lastError: "HTTP 404" });
    isBroken = false;
    await run.clock.advance(3600_000);
    expect(run.health.filter(({ source }) => source === good.path).at(-1)).toMatchObject({ failures: 0, lastError: null });
    run.stop.abort();
    await run.ended;
  });

  test("tells of a mistake that is not the gateway's without ending", async () => {
    const run = harness([good], async () => {
      throw new TypeError("inside");
    });
    await run.clock.settle();
    expect(run.health).toMatchObject([{ failures: 1, lastError: "it could not be read" }]);
    run.stop.abort();
    await run.ended;
  });

  test("stops within a request", async () => {
    const run = harness([good], async () => {
      await null;
      run.stop.abort();
      throw new BridgeError("aborted", "stopped");
    });
    await run.ended;
    expect(run.health).toEqual([]);
  });

  test("is done at once without endpoints", async () => {
    const run = harness([], async () => null);
    await run.ended;
    expect(run.asked).toEqual([]);
  });
});
