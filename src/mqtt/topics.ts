import { BridgeError } from "../model/errors.ts";

/** Every topic that the bridge uses; nothing else builds topic strings. */
export interface Topics {
  readonly bridgeState: string;
  readonly bridgeInfo: string;
  readonly bridgeHealth: string;
  readonly bridgeEvent: string;
  bridgeResponse(command: string): string;
  availability(serial: string): string;
  lifecycle(serial: string): string;
  /** `path` is below `<base>/<serial>/`, such as `production` or `inverter/122…`. */
  state(serial: string, path: string): string;
  event(serial: string): string;
  set(serial: string, control: string): string;
  setResult(serial: string, control: string): string;
  /** Discovery topic of one device. */
  deviceConfig(id: string): string;
  /** Only our own devices: MQTT has no prefix wildcard, hence the node id before the device's. */
  readonly deviceConfigFilter: string;
  isDeviceConfig(topic: string): boolean;
  readonly setFilter: string;
  readonly requestFilter: string;
  /** What a command topic asks for; `null` for any other topic. */
  parseCommand(topic: string): CommandTopic | null;
}

export type CommandTopic =
  | { readonly kind: "set"; readonly serial: string; readonly control: string }
  | { readonly kind: "request"; readonly command: string };

/** Node id of the discovery topics, also the origin's name. */
export const NODE_ID = "envoy2mqtt";

const ID = /^[a-z0-9_-]+$/;
const PATH = /^[a-z0-9_-]+(\/[a-z0-9_-]+)*$/;
const BASE = /^[A-Za-z0-9_.-]+(\/[A-Za-z0-9_.-]+)*$/;

/** Makes an id of what a gateway calls something: lower case, everything outside `[a-z0-9_-]` becomes `_`. */
export function toId(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9_-]/g, "_") || "_";
}

/**
 * @param base first levels of every topic, such as `envoy2mqtt`.
 * @param discoveryPrefix as configured in Home Assistant, `homeassistant` by default.
 * @throws BridgeError `config` when either is no plain topic.
 */
export function createTopics(base: string, discoveryPrefix: string): Topics {
  plain(base, "base topic");
  plain(discoveryPrefix, "discovery prefix");
  const below = (...levels: readonly string[]) => [base, ...levels].join("/");
  const escaped = base.replaceAll(".", "\\.");
  const setPattern = new RegExp(`^${escaped}/([a-z0-9_-]+)/set/([a-z0-9_-]+)$`);
  const requestPattern = new RegExp(`^${escaped}/bridge/request/([a-z0-9_-]+(?:/[a-z0-9_-]+)?)$`);
  return {
    bridgeState: below("bridge", "state"),
    bridgeInfo: below("bridge", "info"),
    bridgeHealth: below("bridge", "health"),
    bridgeEvent: below("bridge", "event"),
    bridgeResponse: (command) => below("bridge", "response", path(command)),
    availability: (serial) => below(id(serial), "availability"),
    lifecycle: (serial) => below(id(serial), "lifecycle"),
    state: (serial, statePath) => below(id(serial), path(statePath)),
    event: (serial) => below(id(serial), "event"),
    set: (serial, control) => below(id(serial), "set", id(control)),
    setResult: (serial, control) => below(id(serial), "set", id(control), "result"),
    deviceConfig: (device) => `${discoveryPrefix}/device/${NODE_ID}/${id(device)}/config`,
    deviceConfigFilter: `${discoveryPrefix}/device/${NODE_ID}/+/config`,
    isDeviceConfig: (topic) => topic.startsWith(`${discoveryPrefix}/device/${NODE_ID}/`) && topic.endsWith("/config"),
    setFilter: below("+", "set", "+"),
    requestFilter: below("bridge", "request", "#"),
    parseCommand(topic) {
      const request = requestPattern.exec(topic);
      if (request !== null) return { kind: "request", command: request[1]! };
      const set = setPattern.exec(topic);
      return set === null ? null : { kind: "set", serial: set[1]!, control: set[2]! };
    },
  };
}

/** Why `topic` cannot be published on, in a few words; `null` when it can. A broker hangs up on a wildcard in a topic. */
export function topicFault(topic: string): string | null {
  if (topic === "") return "it is empty";
  if (/[+#]/.test(topic)) return "it holds a wildcard";
  if (topic.includes("\0") || !topic.isWellFormed()) return "it is not clean UTF-8 text";
  return Buffer.byteLength(topic) > 65_535 ? "it is longer than 65535 bytes" : null;
}

function plain(value: string, name: string): void {
  if (!BASE.test(value))
    throw new BridgeError("config", `The ${name} "${value}" is no plain MQTT topic: use letters, digits, _ . - and / between levels.`);
}

function id(value: string): string {
  if (!ID.test(value)) throw new RangeError(`"${value}" cannot be one level of a topic: only a-z, 0-9, _ and - are allowed.`);
  return value;
}

function path(value: string): string {
  if (!PATH.test(value)) throw new RangeError(`"${value}" cannot be part of a topic: only a-z, 0-9, _, - and / are allowed.`);
  return value;
}
