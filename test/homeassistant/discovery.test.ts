import { describe, expect, test } from "vitest";
import { isOwnConfig, withVanishedStubbed } from "../../src/homeassistant/announced.ts";
import { deviceRemoval, discoveryMessages } from "../../src/homeassistant/discovery.ts";
import { stateMessages } from "../../src/homeassistant/state.ts";
import type { Entity, View } from "../../src/model/view.ts";
import { TOPICS } from "../support/bridge-link.ts";
import { checkRetained, checkStream } from "../support/discovery-checker.ts";

const options = { topics: TOPICS, version: "1.2.3", supportUrl: "https://example.org/envoy2mqtt" };

function entity(id: string, more: Partial<Entity> = {}): Entity {
  const platform = more.platform ?? "sensor";
  return {
    platform,
    id,
    uniqueId: `envoy2mqtt_1_${id}`,
    name: id,
    defaultEntityId: `${platform}.envoy_1_${id}`,
    topic: "production",
    key: id,
    enabledByDefault: true,
    ...more,
  };
}

const power = entity("power", { deviceClass: "power", unit: "W", stateClass: "measurement", precision: 0, icon: "mdi:solar-power" });
const entities: readonly Entity[] = [
  power,
  entity("connected", { platform: "binary_sensor", deviceClass: "connectivity", category: "diagnostic" }),
  entity("mode", { deviceClass: "enum", options: ["a", "b"], name: undefined }),
  entity("state", { topic: "lifecycle", withoutGateway: true, name: null }),
  entity("happened", { platform: "event", topic: "event", options: ["grid_lost"] }),
  entity("relay", { platform: "switch", command: { control: "relay" }, category: "config" }),
  entity("reserve", { platform: "number", unit: "%", command: { control: "reserve", min: 0, max: 100, step: 1 }, category: "config" }),
  entity("choice", { platform: "select", options: ["x", "y"], command: { control: "choice", options: ["x", "y"] } }),
  entity("restart", { platform: "button", command: { control: "restart" }, enabledByDefault: false }),
];

function view(list: readonly Entity[] = entities): View {
  const device = {
    name: "Envoy 1",
    manufacturer: "Enphase" as const,
    model: "IQ Gateway",
    serialNumber: "1",
    softwareVersion: "8.3",
    hardwareVersion: null,
  };
  return {
    serial: "1",
    devices: [
      { ...device, id: "1", via: null, configurationUrl: "https://127.0.0.1", entities: list },
      {
        ...device,
        id: "inv_2",
        name: "Inverter 2",
        softwareVersion: null,
        via: "1",
        configurationUrl: null,
        entities: [entity("inv_power", { topic: "inverter/2", key: "power" })],
      },
    ],
    states: [
      {
        path: "production",
        payload: { power: 1, connected: true, mode: "a", relay: null, reserve: 20, choice: "x" },
        qos: 0,
        retain: true,
        expiry: 300,
      },
      { path: "lifecycle", payload: { state: "authenticated" }, qos: 1, retain: true, expiry: null },
      { path: "inverter/2", payload: { power: 214 }, qos: 0, retain: true, expiry: null },
    ],
  };
}

function parsed(payload: string) {
  return JSON.parse(payload);
}

describe("discovery", () => {
  const messages = discoveryMessages(view(), options);
  const gateway = parsed(messages[0]!.payload);

  test("one retained message a device, the parent first, and the checker has no complaint", () => {
    expect(messages.map(({ topic }) => topic)).toEqual([
      "homeassistant/device/envoy2mqtt/1/config",
      "homeassistant/device/envoy2mqtt/inv_2/config",
    ]);
    for (const message of messages) expect(message).toMatchObject({ retain: true, qos: 1, expiry: null, json: true });
    const all = [...stateMessages(view(), TOPICS), ...messages];
    const availability = [TOPICS.bridgeState, TOPICS.availability("1")].map((topic) => [topic, "online"] as const);
    expect(checkRetained(new Map([...all.map(({ topic, payload }) => [topic, payload] as const), ...availability]))).toEqual([]);
    expect(checkStream(all)).toEqual([]);
  });

  test("device, origin and availability", () => {
    expect(gateway.device).toEqual({
      identifiers: ["envoy2mqtt_1"],
      name: "Envoy 1",
      manufacturer: "Enphase",
      model: "IQ Gateway",
      serial_number: "1",
      sw_version: "8.3",
      configuration_url: "https://127.0.0.1",
    });
    expect(parsed(messages[1]!.payload).device.via_device).toBe("envoy2mqtt_1");
    expect(gateway.origin).toEqual({ name: "envoy2mqtt", sw_version: "1.2.3", support_url: "https://example.org/envoy2mqtt" });
    expect(gateway.availability).toEqual([{ topic: "envoy2mqtt/bridge/state" }, { topic: "envoy2mqtt/1/availability" }]);
    expect(gateway.availability_mode).toBe("all");
  });

  test("a sensor", () => {
    expect(gateway.components.power).toEqual({
      platform: "sensor",
      unique_id: "envoy2mqtt_1_power",
      default_entity_id: "sensor.envoy_1_power",
      name: "power",
      device_class: "power",
      state_class: "measurement",
      unit_of_measurement: "W",
      suggested_display_precision: 0,
      icon: "mdi:solar-power",
      qos: 0,
      state_topic: "envoy2mqtt/1/production",
      value_template: "{{ value_json.power }}",
    });
  });

  test("JSON booleans are read as Home Assistant renders them", () => {
    expect(gateway.components.connected).toMatchObject({ payload_on: "True", payload_off: "False" });
    expect(gateway.components.relay).toMatchObject({ state_on: "True", state_off: "False", payload_on: "ON", payload_off: "OFF" });
  });

  test("names: absent after the class, null for the main feature", () => {
    expect(gateway.components.mode).not.toHaveProperty("name");
    expect(gateway.components.state.name).toBeNull();
  });

  test("what is shown without the gateway depends on the bridge alone", () => {
    expect(gateway.components.state.availability).toEqual([{ topic: "envoy2mqtt/bridge/state" }]);
    expect(gateway.components.power).not.toHaveProperty("availability");
  });

  test("events read their whole message; a button reads nothing", () => {
    expect(gateway.components.happened).toMatchObject({ qos: 1, event_types: ["grid_lost"], state_topic: "envoy2mqtt/1/event" });
    expect(gateway.components.happened).not.toHaveProperty("value_template");
    expect(gateway.components.restart).not.toHaveProperty("state_topic");
    expect(gateway.components.restart).toMatchObject({ payload_press: "PRESS", enabled_by_default: false });
  });

  test("commands are never retained and do not arrive late", () => {
    expect(gateway.components.reserve).toMatchObject({
      command_topic: "envoy2mqtt/1/set/reserve",
      retain: false,
      message_expiry_interval: 30,
      min: 0,
      max: 100,
      step: 1,
      qos: 1,
    });
    expect(gateway.components.choice.options).toEqual(["x", "y"]);
  });
});

describe("what vanishes", () => {
  const before = discoveryMessages(view(), options)[0]!;
  const after = discoveryMessages(view([power]), options)[0]!;

  test("is reduced to its platform first; everything else stays as it was", () => {
    const step = withVanishedStubbed(before.payload, after)!;
    expect(step).toMatchObject({ topic: after.topic, retain: true, qos: 1 });
    const { components } = parsed(step.payload);
    expect(components.power).toEqual(parsed(before.payload).components.power);
    expect(components.relay).toEqual({ platform: "switch" });
    expect(Object.keys(components)).toHaveLength(entities.length);
  });

  test.each([
    ["nothing vanishes", after.payload, before],
    ["the same", before.payload, before],
    ["the device goes", before.payload, deviceRemoval("1", TOPICS)],
    ["what was there is no config", "null", after],
    ["what was there is no JSON", "{", after],
    ["what was there is a list", "[]", after],
  ])("no step is needed where %s", (_, old, next) => expect(withVanishedStubbed(old, next)).toBeNull());

  test("a component without a platform is taken for a sensor", () => {
    const step = withVanishedStubbed(JSON.stringify({ components: { old: 1 } }), after)!;
    expect(parsed(step.payload).components.old).toEqual({ platform: "sensor" });
  });

  test("a whole device goes with an empty message", () => {
    expect(deviceRemoval("inv_2", TOPICS)).toMatchObject({
      topic: "homeassistant/device/envoy2mqtt/inv_2/config",
      payload: "",
      retain: true,
    });
  });
});

describe("ownership", () => {
  const { payload } = discoveryMessages(view(), options)[0]!;

  test.each([
    ["ours", payload, "envoy2mqtt", true],
    ["of an instance with another base", payload, "envoy2mqtt2", false],
    ["of another origin", payload.replace('"name":"envoy2mqtt"', '"name":"zigbee2mqtt"'), "envoy2mqtt", false],
    ["without a topic", '{"origin":{"name":"envoy2mqtt"}}', "envoy2mqtt", false],
    ["with a strange availability", '{"origin":{"name":"envoy2mqtt"},"availability":[1]}', "envoy2mqtt", false],
    ["no JSON", "{", "envoy2mqtt", false],
  ])("%s", (_, text, base, own) => expect(isOwnConfig(text, base)).toBe(own));
});
