import { expect, test } from "vitest";
import { discoveryFaults } from "./discovery-checker.ts";

const component = {
  platform: "sensor",
  unique_id: "u1",
  default_entity_id: "sensor.a_power",
  device_class: "power",
  unit_of_measurement: "W",
  state_class: "measurement",
  state_topic: "b/1/grid",
  value_template: "{{ value_json.power }}",
};

function broker(change: object = {}, root: object = {}, values: object = { power: 1 }): Map<string, string> {
  const config = {
    device: { identifiers: ["x"], name: "A" },
    origin: { name: "o" },
    availability: [{ topic: "b/1/availability" }],
    components: { power: { ...component, ...change } },
    ...root,
  };
  return new Map([
    ["b/1/grid", JSON.stringify(values)],
    ["b/1/availability", "online"],
    ["homeassistant/device/envoy2mqtt/1/config", JSON.stringify(config)],
  ]);
}

test("what keeps the rules has no fault", () => {
  expect(discoveryFaults(broker())).toEqual([]);
});

test.each([
  ["an unknown key at the root", broker({}, { retain: true }), /retain/],
  ["an unknown parent", broker({}, { device: { identifiers: ["x"], name: "A", via_device: "y" } }), /via_device/],
  ["a unit that its class does not take", broker({ unit_of_measurement: "kWh" }), /power in kWh/],
  ["a state class that its class does not take", broker({ state_class: "total" }), /state_class total/],
  ["object_id", broker({ object_id: "a" }), /object_id/],
  ["another domain", broker({ default_entity_id: "binary_sensor.a" }), /default_entity_id/],
  ["a key that the payload lacks", broker({}, {}, { watts: 1 }), /holds no power/],
  ["text in a number", broker({}, {}, { power: "1" }), /no number/],
  ["an availability that is not retained", broker({}, { availability: [{ topic: "b/1/none" }] }), /availability/],
  ["two topics without the mode", broker({}, { availability: [{ topic: "b/1/availability" }, { topic: "b/1/availability" }] }), /mode/],
  ["no unique id", broker({ unique_id: undefined }), /unique_id/],
  [
    "a time without a zone",
    broker({ device_class: "timestamp", unit_of_measurement: undefined, state_class: undefined }, {}, { power: "2026-01-01T00:00:00" }),
    /zone/,
  ],
  [
    "a word that is no option",
    broker({ device_class: "enum", options: ["a"], unit_of_measurement: undefined, state_class: undefined }, {}, { power: "b" }),
    /options/,
  ],
])("%s is found", (_, retained, fault) => {
  expect(discoveryFaults(retained).join("\n")).toMatch(fault);
});

test("a config that is published before the values it reads is found", () => {
  expect(discoveryFaults(broker(), ["homeassistant/device/envoy2mqtt/1/config", "b/1/grid"]).join()).toMatch(/after the config/);
});
