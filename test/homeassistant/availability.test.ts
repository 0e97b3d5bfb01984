import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Availability,
  type AvailabilityEvent,
  availabilityDeadline,
  availabilityMessage,
  DEFAULT_LIMITS,
  nextAvailability,
  startAvailability,
} from "../../src/homeassistant/availability.ts";
import { TOPICS } from "../support/bridge-link.ts";

const good = (at: number): AvailabilityEvent => ({ type: "good", at });
const complete = (at: number): AvailabilityEvent => ({ type: "complete", at });
const tick = (at: number): AvailabilityEvent => ({ type: "tick", at });

function ran(events: readonly AvailabilityEvent[], limits = DEFAULT_LIMITS): Availability {
  return events.reduce((state, event) => nextAvailability(state, event, limits), startAvailability(0));
}

describe("availability", () => {
  test.each<[string, readonly AvailabilityEvent[], Availability["said"]]>([
    ["nothing is said at the start", [], null],
    ["nor after the first good reading", [good(1_000)], null],
    ["nor when all was asked without a good reading", [complete(1_000)], null],
    ["online when each source was asked once", [good(1_000), complete(2_000)], "online"],
    ["whichever comes first", [complete(1_000), good(2_000)], "online"],
    ["a short silence is no outage", [good(0), complete(0), tick(89_999)], "online"],
    ["90 s are", [good(0), complete(0), tick(90_000)], "offline"],
    ["one good reading is enough to be back", [good(0), complete(0), tick(90_000), good(91_000)], "online"],
    ["a gateway that never answered is offline in the end", [tick(90_000)], "offline"],
    ["a clean stop, at once", [good(0), complete(0), { type: "stopped" }], "offline"],
    ["all asked, but the good reading is old", [good(0), complete(90_000)], "offline"],
  ])("%s", (_, events, said) => expect(ran(events).said).toBe(said));

  test("slow rounds are given three", () => {
    const slow = { ...DEFAULT_LIMITS, roundMs: 60_000 };
    expect(ran([good(0), complete(0), tick(179_999)], slow).said).toBe("online");
    expect(ran([good(0), complete(0), tick(180_000)], slow).said).toBe("offline");
    expect(ran([tick(89_999)], slow).said).toBeNull();
    expect(ran([tick(90_000)], slow).said, "a restart must not leave online on the topic for three rounds more").toBe("offline");
    expect(availabilityDeadline(ran([good(5)], slow), slow)).toBe(180_005);
    expect(availabilityDeadline(ran([tick(180_000)], slow), slow)).toBeNull();
  });

  test("online is never said of what is older than the limit, and only readings bring it back", () => {
    const event = fc.tuple(fc.constantFrom("good", "complete", "tick"), fc.integer({ min: 0, max: 200_000 }));
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (steps) => {
        let state = startAvailability(0);
        let at = 0;
        let last = 0;
        for (const [type, wait] of steps) {
          at += wait;
          if (type === "good") last = at;
          const before = state.said;
          state = nextAvailability(state, { type, at } as AvailabilityEvent, DEFAULT_LIMITS);
          expect(state.said === "online" && at - last >= 90_000).toBe(false);
          if (before === "offline" && state.said === "online") expect(type).not.toBe("tick");
        }
      }),
    );
  });

  test("its message is a retained word", () => {
    expect(availabilityMessage("1", "online", TOPICS)).toEqual({
      topic: "envoy2mqtt/1/availability",
      payload: "online",
      retain: true,
      qos: 1,
      expiry: null,
      json: false,
    });
  });
});
