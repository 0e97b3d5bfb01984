import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Event, MAX_STRIKES, type Memory, next, type State, type StateName, start } from "../../src/auth/lifecycle.ts";
import { LIFECYCLE_STATES } from "../../src/model/lifecycle.ts";
import { gateway } from "./support.ts";

const OLD = gateway({ firmware: "7.6.175" });
const NEW = gateway({ firmware: "8.3.5289" });
const OTHER = gateway({ serial: "122000000099" });

const FRESH: Memory = { serial: null, probed: null, failures: 0, strikes: 0, refusals: 0 };
const KNOWN: Memory = { ...FRESH, serial: OLD.serial, probed: OLD.firmware.text };

const states = {
  setup: { name: "setup", memory: FRESH },
  authenticating: { name: "authenticating", memory: { ...FRESH, serial: OLD.serial }, gateway: OLD, refreshed: false },
  again: { name: "authenticating", memory: KNOWN, gateway: OLD, refreshed: false },
  updated: { name: "authenticating", memory: KNOWN, gateway: NEW, refreshed: false },
  refreshed: { name: "authenticating", memory: KNOWN, gateway: OLD, refreshed: true },
  probing: { name: "probing", memory: { ...FRESH, serial: OLD.serial }, gateway: OLD },
  reprobing: { name: "re-probing", memory: KNOWN, gateway: NEW },
  authenticated: { name: "authenticated", memory: KNOWN, gateway: OLD },
  expired: { name: "expired", memory: KNOWN, gateway: OLD },
  refreshing: { name: "refreshing", memory: KNOWN, gateway: OLD, failures: 0, away: false, retryAfterMs: 0 },
  outage: { name: "outage", memory: { ...KNOWN, failures: 3 }, retryAfterMs: 0 },
  resetup: { name: "re-setup", memory: { ...KNOWN, failures: 3 } },
  refused: { name: "refused", memory: { ...KNOWN, refusals: 2 }, code: "mfa" },
} as const satisfies Record<string, State>;

const found = (which: typeof OLD): Event => ({ type: "found", gateway: which });
const unreachable = (heldMs = 0): Event => ({ type: "unreachable", message: "no answer", heldMs, retryAfterMs: 0 });
const unauthorized = (heldMs = 0): Event => ({ type: "unauthorized", message: "401", heldMs });
const accepted: Event = { type: "accepted" };
const probed: Event = { type: "probed" };
const expired: Event = { type: "expired", message: "the token expired" };
const changed: Event = { type: "changed", message: "firmware 8.3.5289 in place of 7.6.175" };
const refreshed: Event = { type: "refreshed" };
const timer: Event = { type: "timer" };
const wake: Event = { type: "wake" };
const person: Event = { type: "needs-person", code: "mfa", message: "switch MFA off" };
const tokenRefused = (canRefresh: boolean): Event => ({ type: "token-refused", code: "token_refused", message: "refused", canRefresh });
const cloudDown: Event = { type: "cloud-down", message: "HTTP 503", away: false, retryAfterMs: 5_000 };

type Row = readonly [keyof typeof states, Event, Record<string, unknown>];

const ROWS: readonly Row[] = [
  ["setup", found(OLD), { name: "authenticating", gateway: OLD, refreshed: false, memory: { serial: OLD.serial } }],
  ["setup", unreachable(), { name: "outage", memory: { failures: 1 } }],
  ["setup", person, { name: "refused", code: "mfa", memory: { refusals: 1 } }],
  ["authenticating", accepted, { name: "probing", gateway: OLD }],
  ["again", accepted, { name: "authenticated", gateway: OLD }],
  ["updated", accepted, { name: "re-probing", gateway: NEW }],
  ["refreshed", changed, { name: "re-setup", memory: KNOWN }],
  ["authenticating", tokenRefused(true), { name: "refreshing", failures: 0 }],
  ["authenticating", tokenRefused(false), { name: "refused", code: "token_refused" }],
  ["refreshed", tokenRefused(true), { name: "refused", code: "token_refused" }],
  ["refreshed", accepted, { name: "authenticated" }],
  ["again", unreachable(), { name: "outage" }],
  ["again", person, { name: "refused", code: "mfa" }],
  ["probing", probed, { name: "authenticated", memory: { probed: "7.6.175" } }],
  ["probing", unreachable(), { name: "outage" }],
  ["probing", unauthorized(), { name: "re-setup", memory: { strikes: 1 } }],
  ["reprobing", probed, { name: "authenticated", memory: { probed: "8.3.5289" } }],
  ["reprobing", expired, { name: "expired", gateway: NEW, memory: { probed: "7.6.175" } }],
  ["authenticated", expired, { name: "expired" }],
  ["authenticated", unauthorized(), { name: "re-setup", memory: { strikes: 1 } }],
  ["authenticated", unreachable(), { name: "outage", memory: { failures: 1 } }],
  ["authenticated", person, { name: "refused" }],
  ["authenticated", changed, { name: "re-setup", memory: { probed: "7.6.175", strikes: 0 } }],
  ["expired", timer, { name: "refreshing", failures: 0, away: false }],
  ["expired", person, { name: "refused" }],
  ["refreshing", refreshed, { name: "authenticating", refreshed: true }],
  ["refreshing", cloudDown, { name: "refreshing", failures: 1, retryAfterMs: 5_000 }],
  ["refreshing", person, { name: "refused", code: "mfa" }],
  ["outage", timer, { name: "re-setup", memory: { failures: 3 } }],
  ["outage", wake, { name: "re-setup", memory: { failures: 0 } }],
  ["resetup", found(OLD), { name: "authenticating", refreshed: false, memory: { failures: 3, probed: "7.6.175" } }],
  ["resetup", found(NEW), { name: "authenticating", gateway: NEW, memory: { probed: "7.6.175" } }],
  ["resetup", found(OTHER), { name: "refused", code: "wrong_gateway", memory: { serial: OLD.serial } }],
  ["resetup", unreachable(), { name: "outage", memory: { failures: 4 } }],
  ["refused", timer, { name: "re-setup", memory: { refusals: 2 } }],
  ["refused", wake, { name: "re-setup", memory: { refusals: 0 } }],
];

describe("each event that means something in a state leads to the state of the design", () => {
  test.each(ROWS)("%s: %o", (from, event, expected) => {
    expect(next(states[from], event)).toMatchObject(expected);
  });
});

const NOTHING: readonly (readonly [keyof typeof states, readonly Event[]])[] = [
  ["setup", [accepted, probed, unauthorized(), expired, changed, refreshed, timer, wake, cloudDown, tokenRefused(true)]],
  ["again", [found(OLD), probed, unauthorized(), expired, refreshed, timer, wake, cloudDown]],
  ["probing", [found(OLD), accepted, refreshed, timer, wake, cloudDown, tokenRefused(true)]],
  ["reprobing", [found(OLD), accepted, refreshed, timer, wake, cloudDown, tokenRefused(true)]],
  ["authenticated", [found(OLD), accepted, probed, refreshed, timer, wake, cloudDown, tokenRefused(true)]],
  ["expired", [found(OLD), accepted, probed, unreachable(), unauthorized(), expired, refreshed, wake, cloudDown, tokenRefused(true)]],
  ["refreshing", [found(OLD), accepted, probed, unreachable(), unauthorized(), expired, timer, wake, tokenRefused(true)]],
  ["outage", [found(OLD), accepted, probed, unreachable(), unauthorized(), expired, refreshed, cloudDown, tokenRefused(true), person]],
  ["resetup", [accepted, probed, unauthorized(), expired, changed, refreshed, timer, wake, cloudDown, tokenRefused(true)]],
  ["refused", [found(OLD), accepted, probed, unreachable(), unauthorized(), expired, refreshed, cloudDown, tokenRefused(true), person]],
];

test.each(NOTHING)("in %s events of another state change nothing", (from, events) => {
  for (const event of events) expect(next(states[from], event), event.type).toBe(states[from]);
});

test("a configured serial is held against the first gateway that answers", () => {
  expect(next(start(OLD.serial), found(OTHER))).toMatchObject({ name: "refused", code: "wrong_gateway" });
  expect(next(start(OLD.serial), found(OLD))).toMatchObject({ name: "authenticating" });
});

test("back-off goes on over a link that flaps and starts anew after one that held 60 s", () => {
  const flapping: State = { ...states.authenticated, memory: { ...KNOWN, failures: 5, strikes: 2, refusals: 1 } };
  expect(next(flapping, unreachable(59_999)).memory).toMatchObject({ failures: 6, strikes: 2, refusals: 1 });
  expect(next(flapping, unreachable(60_000)).memory).toMatchObject({ failures: 1, strikes: 0, refusals: 0 });
  expect(next(flapping, unauthorized(59_999)).memory).toMatchObject({ failures: 5, strikes: 3 });
  expect(next(flapping, unauthorized(60_000)).memory).toMatchObject({ failures: 0, strikes: 1 });
});

test("a gateway that accepts the token but refuses its data again and again needs a person", () => {
  const worn: State = { ...states.authenticated, memory: { ...KNOWN, strikes: MAX_STRIKES - 1 } };
  expect(next(worn, unauthorized())).toMatchObject({ name: "re-setup", memory: { strikes: MAX_STRIKES } });
  const out: State = { ...states.authenticated, memory: { ...KNOWN, strikes: MAX_STRIKES } };
  expect(next(out, unauthorized())).toMatchObject({ name: "refused", code: "unauthorized", memory: { strikes: 0, refusals: 1 } });
});

const anyEvent: fc.Arbitrary<Event> = fc.oneof(
  fc.constantFrom(found(OLD), found(NEW), found(OTHER), accepted, probed, expired, changed, refreshed, timer, wake, person, cloudDown),
  fc.constantFrom(tokenRefused(true), tokenRefused(false)),
  fc.integer({ min: 0, max: 120_000 }).map(unreachable),
  fc.integer({ min: 0, max: 120_000 }).map(unauthorized),
);
const events = fc.array(anyEvent, { maxLength: 60 });

/** All steps of a run: the state before, the event, the state after. */
function steps(sequence: readonly Event[], serial: string | null = null): { before: State; event: Event; after: State }[] {
  let state = start(serial);
  return sequence.map((event) => {
    const before = state;
    state = next(state, event);
    return { before, event, after: state };
  });
}

describe("laws that hold whatever happens", () => {
  const law = (name: string, holds: (step: { before: State; event: Event; after: State }) => boolean) =>
    test(name, () => {
      fc.assert(
        fc.property(events, fc.constantFrom(null, OLD.serial), (sequence, serial) => steps(sequence, serial).every(holds)),
        { numRuns: 500 },
      );
    });

  law("there are no other states than the ten", ({ after }) => LIFECYCLE_STATES.includes(after.name));
  law("refused absorbs everything but a timer and a wake", ({ before, event, after }) =>
    before.name !== "refused" || event.type === "timer" || event.type === "wake" ? true : after === before,
  );
  law(
    "an expired token is followed by a refresh or a person, never by reading",
    ({ before, after }) => before.name !== "expired" || ["expired", "refreshing", "refused"].includes(after.name),
  );
  law(
    "the cloud is asked from authenticating, expired or refreshing only",
    ({ before, after }) => after.name !== "refreshing" || ["authenticating", "expired", "refreshing"].includes(before.name),
  );
  law(
    "a token fresh from the cloud that is refused does not lead to the cloud again",
    ({ before, after }) => before.name !== "authenticating" || !before.refreshed || after.name !== "refreshing",
  );
  law(
    "reading begins only after a probe of the firmware that runs",
    ({ after }) => after.name !== "authenticated" || after.memory.probed === after.gateway.firmware.text,
  );
  law("a gateway is the same only if its serial is", ({ after }) => !("gateway" in after) || after.gateway.serial === after.memory.serial);
  law(
    "an identity once known is kept",
    ({ before, after }) => before.memory.serial === null || after.memory.serial === before.memory.serial,
  );
  law(
    "counts never fall below zero and strikes stay bounded",
    ({ after: { memory } }) => memory.failures >= 0 && memory.refusals >= 0 && memory.strikes >= 0 && memory.strikes <= MAX_STRIKES,
  );
});

test("from every state that a run can reach, a good gateway and a good cloud lead back to reading", () => {
  const good = (state: State): Event => {
    const answers: Record<StateName, Event> = {
      setup: found(OLD),
      "re-setup": found(OLD),
      authenticating: accepted,
      probing: probed,
      "re-probing": probed,
      authenticated: timer,
      expired: timer,
      refreshing: refreshed,
      outage: timer,
      refused: timer,
    };
    return answers[state.name];
  };
  fc.assert(
    fc.property(events, (sequence) => {
      let state = steps(sequence, OLD.serial).at(-1)?.after ?? start(OLD.serial);
      for (let step = 0; step < 6 && state.name !== "authenticated"; step += 1) state = next(state, good(state));
      expect(state.name).toBe("authenticated");
    }),
  );
});
