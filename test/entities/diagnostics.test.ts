import { describe, expect, test } from "vitest";
import { catalogue } from "../../src/entities/catalogue.ts";
import type { Facts } from "../../src/entities/facts.ts";
import { problemOf } from "../../src/entities/problem.ts";
import type { SourceHealth } from "../../src/model/health.ts";
import type { LifecycleStatus } from "../../src/model/lifecycle.ts";
import type { Inverter } from "../../src/model/snapshot.ts";
import { AUTHENTICATED, factsOf, inverterOf, NOW } from "./facts.ts";

const HOUR = 3_600_000;

function healthOf(some: Partial<SourceHealth> = {}): SourceHealth {
  return { source: "meters", lastSuccess: NOW - 5000, failures: 0, replyMs: 41.6, lastError: null, ...some };
}

function diagnostics(facts: Facts) {
  return catalogue(facts).states.find(({ path }) => path === "diagnostics")?.payload;
}

describe("the problem", () => {
  const of = (lifecycle: Partial<LifecycleStatus>, health: readonly SourceHealth[] = []) =>
    problemOf(factsOf({ lifecycle: { ...AUTHENTICATED, ...lifecycle }, health }));

  test("is none while the gateway is read and the token lasts", () => {
    expect(of({})).toBe(null);
    expect(of({ state: "re-probing" })).toBe(null);
    expect(of({ renewal: "impossible" })).toBe(null);
    expect(of({ renewal: "impossible", tokenExpires: null })).toBe(null);
    expect(of({}, [healthOf({ failures: 2 })])).toBe(null);
  });

  test("is the lifecycle's reason where it cannot go on", () => {
    for (const state of ["refused", "outage", "expired", "refreshing"] as const) expect(of({ state, reason: "because" })).toBe("because");
  });

  test("is a token that cannot be renewed", () => {
    expect(of({ renewal: "failing" })).toContain("could not be renewed");
    expect(of({ renewal: "impossible", tokenExpires: NOW + HOUR })).toContain("expires soon");
  });

  test("is a source that failed three times in a row", () => {
    expect(of({}, [healthOf({ failures: 3, lastError: "/ivp/meters answered 503" })])).toBe(
      "meters cannot be read: /ivp/meters answered 503",
    );
    expect(of({}, [healthOf({ failures: 3 }), healthOf({ failures: 9 })])).toBe("meters (and 1 more) cannot be read: no answer");
  });
});

describe("diagnostics", () => {
  test("name the latest good answer, each source's reply time, failures and error", () => {
    const health = [
      healthOf(),
      healthOf({ source: "Dry Contacts", lastSuccess: null, replyMs: null, failures: 4, lastError: "x".repeat(300) }),
    ];
    const payload = diagnostics(factsOf({ health }));
    expect(payload).toMatchObject({
      ts: "2026-11-25T11:59:55.000Z",
      last_read: "2026-11-25T11:59:55.000Z",
      problem: true,
      meters_reply_ms: 42,
      meters_failures: 0,
      dry_contacts_reply_ms: null,
      dry_contacts_last_read: null,
    });
    expect(String(payload?.["dry_contacts_error"])).toHaveLength(255);
    expect(diagnostics(factsOf())).toMatchObject({ last_read: null, problem: false, problem_text: "none" });
  });

  test("stay while the gateway is away", () => {
    const ids = catalogue(factsOf())
      .devices[0]?.entities.filter(({ withoutGateway }) => withoutGateway)
      .map(({ id }) => id);
    expect(ids).toEqual(["lifecycle_state", "token_expires", "token_role", "last_read", "problem", "problem_text"]);
  });
});

describe("silent inverters", () => {
  const of = (reports: readonly Partial<Inverter>[], now = NOW) => {
    const inverters = new Map(reports.map((some, n) => [String(n), inverterOf(String(n), some)]));
    const facts = factsOf({ capabilities: { inverters: "v1" }, groups: { inverters }, now });
    const view = catalogue(facts);
    const problems = view.states.filter(({ path }) => path.startsWith("inverter/")).map(({ payload }) => payload["problem"]);
    return { problems, ...diagnostics(facts) };
  };

  test("are those that are an hour behind the last to report: a night is no problem", () => {
    const night = NOW - 14 * HOUR;
    expect(of([{ lastReportAt: night }, { lastReportAt: night - 0.9 * HOUR }])).toMatchObject({
      problems: [false, false],
      inverters_silent: 0,
    });
    const one = of([{ lastReportAt: NOW }, { lastReportAt: NOW - 1.1 * HOUR }]);
    expect(one).toMatchObject({
      problems: [false, true],
      inverters: 2,
      inverters_silent: 1,
      oldest_report: new Date(NOW - 1.1 * HOUR).toISOString(),
    });
  });

  test("are those that did not report for 36 hours, or never", () => {
    expect(of([{ lastReportAt: NOW - 37 * HOUR }]).problems).toEqual([true]);
    expect(of([{ lastReportAt: null }, { lastReportAt: 0 }])).toMatchObject({ problems: [true, true], oldest_report: null });
  });

  test("are counted as unknown before the first reading", () => {
    expect(diagnostics(factsOf({ capabilities: { inverters: "v1" } }))).toMatchObject({ inverters: null, inverters_silent: null });
  });

  test("the age of a report is that at the time of the reading, in minutes", () => {
    const view = catalogue(
      factsOf({
        capabilities: { inverters: "v1" },
        groups: {
          inverters: new Map([
            ["1", inverterOf("1")],
            ["2", inverterOf("2", { lastReportAt: null })],
          ]),
        },
      }),
    );
    const ages = view.states.filter(({ path }) => path.startsWith("inverter/")).map(({ payload }) => payload["data_age"]);
    expect(ages).toEqual([5, null]);
  });
});
