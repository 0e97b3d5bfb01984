import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTopics, toId, topicFault } from "../../src/mqtt/topics.ts";

const topics = createTopics("house/envoy2mqtt", "homeassistant");

describe("topics", () => {
  test("each is below the base, discovery below its prefix", () => {
    expect(topics.bridgeState).toBe("house/envoy2mqtt/bridge/state");
    expect(topics.bridgeInfo).toBe("house/envoy2mqtt/bridge/info");
    expect(topics.bridgeHealth).toBe("house/envoy2mqtt/bridge/health");
    expect(topics.bridgeEvent).toBe("house/envoy2mqtt/bridge/event");
    expect(topics.bridgeResponse("discovery/clear")).toBe("house/envoy2mqtt/bridge/response/discovery/clear");
    expect(topics.availability("1")).toBe("house/envoy2mqtt/1/availability");
    expect(topics.lifecycle("1")).toBe("house/envoy2mqtt/1/lifecycle");
    expect(topics.state("1", "inverter/2")).toBe("house/envoy2mqtt/1/inverter/2");
    expect(topics.event("1")).toBe("house/envoy2mqtt/1/event");
    expect(topics.set("1", "reserve_soc")).toBe("house/envoy2mqtt/1/set/reserve_soc");
    expect(topics.setResult("1", "reserve_soc")).toBe("house/envoy2mqtt/1/set/reserve_soc/result");
    expect(topics.deviceConfig("1")).toBe("homeassistant/device/envoy2mqtt/1/config");
    expect(topics.deviceConfigFilter).toBe("homeassistant/device/envoy2mqtt/+/config");
    expect(topics.isDeviceConfig("homeassistant/device/envoy2mqtt/1/config")).toBe(true);
    expect(topics.isDeviceConfig("homeassistant/device/other/1/config")).toBe(false);
    expect(topics.setFilter).toBe("house/envoy2mqtt/+/set/+");
    expect(topics.requestFilter).toBe("house/envoy2mqtt/bridge/request/#");
  });

  test.each([
    ["house/envoy2mqtt/1/set/reserve_soc", { kind: "set", serial: "1", control: "reserve_soc" }],
    ["house/envoy2mqtt/bridge/request/restart", { kind: "request", command: "restart" }],
    ["house/envoy2mqtt/bridge/request/discovery/clear", { kind: "request", command: "discovery/clear" }],
    ["house/envoy2mqtt/bridge/request/a/b/c", null],
    ["house/envoy2mqtt/1/set/reserve_soc/result", null],
    ["house/envoy2mqtt/1/set/Reserve", null],
    ["house.envoy2mqtt/1/set/a", null],
    ["other/1/set/a", null],
  ])("%s asks for %j", (topic, wanted) => expect(topics.parseCommand(topic)).toEqual(wanted));

  test.each(["", "a/", "/a", "a//b", "a/+", "#", "a b", "ä"])("%j is no base topic and no prefix", (name) => {
    expect(() => createTopics(name, "homeassistant")).toThrow(/base topic/);
    expect(() => createTopics("envoy2mqtt", name)).toThrow(/discovery prefix/);
  });

  test("a dot in the base is only a dot", () => {
    const dotted = createTopics("a.b", "homeassistant");
    expect(dotted.parseCommand("a.b/1/set/x")).not.toBeNull();
    expect(dotted.parseCommand("axb/1/set/x")).toBeNull();
  });

  test("whatever a gateway calls something, no wildcard or level gets into a topic", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (name) => {
        expect(toId(name)).toMatch(/^[a-z0-9_-]+$/);
        expect(topicFault(topics.state(toId(name), toId(name)))).toBeNull();
        if (!/^[a-z0-9_-]+$/.test(name)) {
          expect(() => topics.availability(name)).toThrow(RangeError);
          expect(() => topics.deviceConfig(name)).toThrow(RangeError);
        }
        if (!/^[a-z0-9_/-]+$/.test(name)) expect(() => topics.state("1", name)).toThrow(RangeError);
      }),
    );
  });

  test.each([
    ["", "it is empty"],
    ["a/+/b", "it holds a wildcard"],
    ["a\0", "it is not clean UTF-8 text"],
    ["a\ud800", "it is not clean UTF-8 text"],
    ["x".repeat(65_536), "it is longer than 65535 bytes"],
    ["ä/b", null],
  ])("publishing on it: %#", (topic, fault) => expect(topicFault(topic)).toBe(fault));
});
