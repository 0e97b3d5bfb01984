import type { Message } from "../model/message.ts";
import type { Device, View } from "../model/view.ts";
import { type Component, component, withoutUndefined } from "./component.ts";
import type { TopicNames } from "./topic-names.ts";

export const ORIGIN_NAME = "envoy2mqtt";

export interface DiscoveryOptions {
  readonly topics: TopicNames;
  /** The bridge's own version. */
  readonly version: string;
  readonly supportUrl: string;
}

/** One retained device-discovery message per device of `view`, in its order: parents before children. */
export function discoveryMessages(view: View, options: DiscoveryOptions): readonly Message[] {
  const qos = new Map(view.states.map((state) => [state.path, state.qos]));
  return view.devices.map((device) => discoveryMessage(view.serial, device, qos, options));
}

/** Removes a device from Home Assistant, with all its entities. */
export function deviceRemoval(id: string, topics: TopicNames): Message {
  return configMessage(topics.deviceConfig(id), "");
}

function discoveryMessage(serial: string, device: Device, qos: ReadonlyMap<string, 0 | 1>, options: DiscoveryOptions): Message {
  const { topics } = options;
  const components: Record<string, Component> = {};
  for (const entity of device.entities) components[entity.id] = component(serial, entity, qos.get(entity.topic) ?? 1, topics);
  const config = {
    device: deviceSection(device),
    origin: { name: ORIGIN_NAME, sw_version: options.version, support_url: options.supportUrl },
    availability: [{ topic: topics.bridgeState }, { topic: topics.availability(serial) }],
    availability_mode: "all",
    components,
  };
  return configMessage(topics.deviceConfig(device.id), JSON.stringify(config));
}

/** The identifier is ours alone, so that another MQTT integration of the same device does not merge with it. */
function identifier(id: string): string {
  return `${ORIGIN_NAME}_${id}`;
}

function deviceSection(device: Device): Component {
  return withoutUndefined({
    identifiers: [identifier(device.id)],
    name: device.name,
    manufacturer: device.manufacturer,
    model: device.model,
    serial_number: device.serialNumber ?? undefined,
    sw_version: device.softwareVersion ?? undefined,
    hw_version: device.hardwareVersion ?? undefined,
    via_device: device.via === null ? undefined : identifier(device.via),
    configuration_url: device.configurationUrl ?? undefined,
  });
}

function configMessage(topic: string, payload: string): Message {
  return { topic, payload, retain: true, qos: 1, expiry: null, json: true };
}
