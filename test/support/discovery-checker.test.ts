import { expect, test } from "vitest";
import { checkRetained, checkStream } from "./discovery-checker.ts";

const CONFIG = "homeassistant/device/envoy2mqtt/1/config";

function config(component: object = {}, root: object = {}): string {
  const sensor = {
    platform: "sensor",
    unique_id: "u",
    default_entity_id: "sensor.a",
    state_topic: "v",
    value_template: "{{ value_json.power }}",
  };
  return JSON.stringify({
    device: { identifiers: ["1"], name: "Envoy" },
    origin: { name: "envoy2mqtt" },
    availability: [{ topic: "state" }],
    components: { power: { ...sensor, ...component } },
    ...root,
  });
}

function faults(payload: string, value: unknown = { power: 1 }): string {
  return checkRetained(
    new Map([
      ["state", "online"],
      ["v", JSON.stringify(value)],
      [CONFIG, payload],
    ]),
  ).join("\n");
}

test("a valid message has no fault", () => expect(faults(config())).toBe(""));

test.each<[string, string, unknown, RegExp]>([
  ["unknown root key", config({}, { retain: true }), {}, /root has an unknown key retain/],
  ["unknown device key", config({}, { device: { identifiers: ["1"], name: "x", color: 1 } }), {}, /device has an unknown key color/],
  ["nameless device", config({}, { device: { identifiers: [] } }), {}, /no identifiers[\s\S]*no name/],
  ["origin", config({}, { origin: { colour: 1 } }), {}, /origin has an unknown key[\s\S]*origin has no name/],
  ["parent", config({}, { device: { identifiers: ["1"], name: "x", via_device: "2" } }), {}, /via_device 2 is nobody/],
  ["page", config({}, { device: { identifiers: ["1"], name: "x", configuration_url: "ftp://x" } }), {}, /configuration_url/],
  ["two availabilities", config({}, { availability: [{ topic: "state" }, { topic: "b" }] }), {}, /availability_mode is not all/],
  ["silent availability", config({}, { availability: [{ topic: "b" }] }), {}, /b does not say online or offline/],
  ["no availability", config({}, { availability: undefined }), {}, /has no availability/],
  ["no components", config({}, { components: {} }), {}, /has no components/],
  ["no JSON", "{", {}, /is no JSON object/],
  ["platform", config({ platform: "lamp" }), {}, /unknown platform lamp/],
  ["object_id", config({ object_id: "x" }), {}, /unknown key object_id/],
  ["domain", config({ default_entity_id: "switch.a" }), {}, /default_entity_id switch.a does not fit/],
  ["unique id", config({ unique_id: "" }), {}, /has no unique_id/],
  ["category", config({ entity_category: "config" }), {}, /entity_category config/],
  ["unit", config({ device_class: "power", unit_of_measurement: "kWh" }), {}, /power does not take the unit kWh/],
  [
    "state class",
    config({ device_class: "energy", unit_of_measurement: "kWh", state_class: "measurement" }),
    {},
    /energy does not take state_class measurement/,
  ],
  ["class", config({ device_class: "money" }), {}, /device_class money is unknown/],
  ["no such state class", config({ state_class: "sum" }), {}, /state_class sum is unknown/],
  ["enum without options", config({ device_class: "enum" }), {}, /belong together/],
  ["template", config({ value_template: "{{ value }}" }), {}, /is not plain/],
  ["missing key", config(), { other: 1 }, /reads power, which v lacks/],
  ["no object", config(), 1, /is no JSON object/],
  ["text for a number", config({ unit_of_measurement: "W" }), { power: "1" }, /no number/],
  ["option", config({ device_class: "enum", options: ["a"] }), { power: "b" }, /not among the options/],
  ["time", config({ device_class: "timestamp" }), { power: "2026-06-01T12:00:00" }, /no time with a zone/],
  ["length", config(), { power: "x".repeat(256) }, /longer than 255/],
  ["boolean sensor", config(), { power: true }, /no text and no number/],
  ["boolean", config({ platform: "binary_sensor", default_entity_id: "binary_sensor.a" }), { power: 1 }, /no boolean/],
  ["range", config({ platform: "number", default_entity_id: "number.a", command_topic: "c" }), { power: 0 }, /not within 1..100/],
  ["switch", config({ platform: "switch", default_entity_id: "switch.a" }), { power: true }, /has no command_topic/],
])("found: %s", (_, payload, value, fault) => expect(faults(payload, value)).toMatch(fault));

test("ids are used once", () => {
  const two = checkRetained(
    new Map([
      ["state", "online"],
      ["v", '{"power":1}'],
      [CONFIG, config()],
      ["homeassistant/device/envoy2mqtt/2/config", config()],
    ]),
  );
  expect(two.join("\n")).toMatch(/unique_id u is that of[\s\S]*default_entity_id sensor.a is that of/);
});

test("order: a value before its config, and its key stays as long as that", () => {
  const value = { topic: "v", payload: '{"power":1}' };
  const announced = { topic: CONFIG, payload: config() };
  expect(checkStream([value, announced, value])).toEqual([]);
  expect(checkStream([announced, value]).join()).toMatch(/on which nothing stands/);
  expect(checkStream([value, announced, { topic: "v", payload: '{"other":1}' }]).join()).toMatch(/which v lacks/);
  expect(checkStream([value, announced, { topic: CONFIG, payload: "" }, { topic: "v", payload: "{}" }])).toEqual([]);
});
