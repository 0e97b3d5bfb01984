import { describe, expect, test } from "vitest";
import { bridgeHealthMessage, bridgeInfoMessage } from "../../src/homeassistant/bridge-messages.ts";
import { eventMessage } from "../../src/homeassistant/event-message.ts";
import { lifecycleMessage } from "../../src/homeassistant/lifecycle-message.ts";
import { createStateMessages, stateMessages } from "../../src/homeassistant/state.ts";
import { iso } from "../../src/homeassistant/time.ts";
import { TOPICS } from "../support/bridge-link.ts";

const NOON = Date.UTC(2026, 5, 1, 12);

test("times are ISO 8601 in UTC; what is no date is null", () => {
  expect(iso(NOON)).toBe("2026-06-01T12:00:00.000Z");
  for (const none of [null, Number.NaN, Number.POSITIVE_INFINITY, 9e15]) expect(iso(none)).toBeNull();
});

test("a state topic is one JSON message, unknown stays as null", () => {
  const state = { path: "inverter/2", payload: { power: null, name: "x" }, qos: 0 as const, retain: true, expiry: 1_800 };
  expect(stateMessages({ serial: "1", devices: [], states: [state] }, TOPICS)).toEqual([
    { topic: "envoy2mqtt/1/inverter/2", payload: '{"power":null,"name":"x"}', retain: true, qos: 0, expiry: 1_800, json: true },
  ]);
});

test("the message of a state that did not change is the same object, and another gateway's is another", () => {
  const messagesOf = createStateMessages(TOPICS);
  const state = (path: string, power: number) => ({ path, payload: { power }, qos: 0 as const, retain: true, expiry: 300 });
  const view = { serial: "1", devices: [], states: [state("production", 1), state("consumption", 2)] };
  const first = messagesOf(view);
  expect(first).toEqual(stateMessages(view, TOPICS));
  expect(messagesOf(view)).toBe(first);
  const next = { ...view, states: [view.states[0]!, state("consumption", 3)] };
  const second = messagesOf(next);
  expect(second).toEqual(stateMessages(next, TOPICS));
  expect(second[0]).toBe(first[0]);
  expect(messagesOf({ ...next, serial: "2" })[0]?.topic).toBe("envoy2mqtt/2/production");
});

test("the lifecycle", () => {
  const status = {
    state: "refused" as const,
    since: NOON,
    reason: "log in again",
    nextAttempt: NOON,
    tokenExpires: null,
    role: "owner",
    renewal: "failing" as const,
  };
  const message = lifecycleMessage("1", status, TOPICS);
  expect(message).toMatchObject({ topic: "envoy2mqtt/1/lifecycle", retain: true, qos: 1, expiry: null, json: true });
  expect(JSON.parse(message.payload)).toEqual({
    state: "refused",
    since: "2026-06-01T12:00:00.000Z",
    reason: "log in again",
    next_attempt: "2026-06-01T12:00:00.000Z",
    token_expires: null,
    role: "owner",
    renewal: "failing",
  });
});

test("an event is not retained, and its details cannot pass for another type", () => {
  const message = eventMessage("1", { type: "grid_lost", at: NOON, details: { mode: "islanded", event_type: "other" } }, TOPICS);
  expect(message).toMatchObject({ topic: "envoy2mqtt/1/event", retain: false, qos: 1 });
  expect(JSON.parse(message.payload)).toEqual({ event_type: "grid_lost", ts: "2026-06-01T12:00:00.000Z", mode: "islanded" });
});

describe("the bridge", () => {
  test("says what it is", () => {
    const gateways = [{ id: "1", host: "envoy.local", firmware: "8.3" }];
    const message = bridgeInfoMessage(
      { version: "1.2.3", started: NOON, node: "24", mqtt: { protocol: 5, discovery: true }, gateways },
      TOPICS,
    );
    expect(message).toMatchObject({ topic: "envoy2mqtt/bridge/info", retain: true, qos: 1, expiry: null });
    expect(JSON.parse(message.payload)).toMatchObject({ name: "envoy2mqtt", schema: 1, started: "2026-06-01T12:00:00.000Z", gateways });
  });

  test("says how it fares, and that expires", () => {
    const mqtt = { reconnects: 1, published: 2, dropped: 3 };
    const gateways = [{ id: "1", lastSuccess: null, failing: 2, tokenExpires: NOON }];
    const message = bridgeHealthMessage({ now: NOON, everySeconds: 60, uptimeSeconds: 3.7, rssBytes: 10_485_760, mqtt, gateways }, TOPICS);
    expect(message).toMatchObject({ topic: "envoy2mqtt/bridge/health", qos: 0, expiry: 180 });
    expect(JSON.parse(message.payload)).toEqual({
      ts: "2026-06-01T12:00:00.000Z",
      uptime_s: 3,
      rss_mb: 10,
      mqtt,
      gateways: { 1: { last_success: null, failing: 2, token_expires: "2026-06-01T12:00:00.000Z" } },
    });
  });

  test("says nothing of its memory where the system does not tell", () => {
    const mqtt = { reconnects: 0, published: 0, dropped: 0 };
    const message = bridgeHealthMessage({ now: NOON, everySeconds: 60, uptimeSeconds: 1, rssBytes: null, mqtt, gateways: [] }, TOPICS);
    expect(JSON.parse(message.payload)).toMatchObject({ rss_mb: null });
  });
});
