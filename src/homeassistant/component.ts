import type { Json } from "../model/json.ts";
import type { Entity } from "../model/view.ts";
import type { TopicNames } from "./topic-names.ts";

export type Component = { readonly [key: string]: Json };

/** Seconds after which a command that could not be delivered is no longer wanted. */
const COMMAND_EXPIRY = 30;

/** One entity in the wire format of Home Assistant's MQTT discovery. `qos` is that of its state topic. */
export function component(serial: string, entity: Entity, qos: 0 | 1, topics: TopicNames): Component {
  return withoutUndefined({
    platform: entity.platform,
    unique_id: entity.uniqueId,
    default_entity_id: entity.defaultEntityId,
    name: entity.name,
    device_class: entity.deviceClass,
    state_class: entity.stateClass,
    unit_of_measurement: entity.unit,
    suggested_display_precision: entity.precision,
    entity_category: entity.category,
    enabled_by_default: entity.enabledByDefault ? undefined : false,
    icon: entity.icon,
    // A list of its own replaces the device's: without the gateway's topic the entity stays when the gateway goes.
    availability: entity.withoutGateway === true ? [{ topic: topics.bridgeState }] : undefined,
    ...reading(serial, entity, qos, topics),
    ...commanding(serial, entity, topics),
  });
}

function reading(serial: string, entity: Entity, qos: 0 | 1, topics: TopicNames): { readonly [key: string]: Json | undefined } {
  const state = { qos, state_topic: topics.state(serial, entity.topic) };
  const value = { ...state, value_template: `{{ value_json.${entity.key} }}` };
  switch (entity.platform) {
    case "event":
      return { ...state, event_types: entity.options };
    case "binary_sensor":
      // Home Assistant renders a JSON boolean as Python does; `null` then stays unknown instead of becoming a false "off".
      return { ...value, payload_on: "True", payload_off: "False" };
    case "switch":
      return { ...value, payload_on: "ON", payload_off: "OFF", state_on: "True", state_off: "False" };
    case "sensor":
    case "select":
      return { ...value, options: entity.options };
    case "number":
      return value;
    case "button":
      return { qos, payload_press: "PRESS" };
  }
}

function commanding(serial: string, { command }: Entity, topics: TopicNames): { readonly [key: string]: Json | undefined } {
  if (command === undefined) return {};
  return {
    command_topic: topics.set(serial, command.control),
    // At most once is too little for a command, and a retained one would be obeyed again at each reconnect.
    qos: 1,
    retain: false,
    message_expiry_interval: COMMAND_EXPIRY,
    min: command.min,
    max: command.max,
    step: command.step,
    options: command.options,
  };
}

/** Leaves out what is `undefined`; `null` says something (such as "the device's main feature") and stays. */
export function withoutUndefined(object: { readonly [key: string]: Json | undefined }): Component {
  return Object.fromEntries(Object.entries(object).filter((pair): pair is [string, Json] => pair[1] !== undefined));
}
