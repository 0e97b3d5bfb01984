import { COMPONENT_KEYS, DEVICE_KEYS, ORIGIN_KEYS, ROOT_KEYS, SENSOR_CLASSES, STATE_CLASSES } from "./discovery-rules.ts";

/** A message in the order in which a subscriber got it. */
export interface Seen {
  readonly topic: string;
  readonly payload: string;
}

type Fields = Readonly<Record<string, unknown>>;

const CONFIG = /^([^/]+)\/device\/(?:[a-zA-Z0-9_-]+\/)?[a-zA-Z0-9_-]+\/config$/;
const TEMPLATE = /^\{\{ value_json\.([a-z_][a-z0-9_]*) \}\}$/;

/**
 * Holds a set of retained messages (topic to payload) against the rules of Home Assistant's MQTT discovery.
 *
 * @returns what is wrong, one line each; empty when nothing is.
 */
export function checkRetained(topics: ReadonlyMap<string, string>, prefix = "homeassistant"): readonly string[] {
  const faults: string[] = [];
  const configs = [...topics].filter(([topic, payload]) => topic.startsWith(`${prefix}/`) && topic.endsWith("/config") && payload !== "");
  const uniqueIds = new Map<string, string>();
  const entityIds = new Map<string, string>();
  const identifiers = new Set(
    configs.flatMap(([, payload]) => (fields(fields(parse(payload))["device"])["identifiers"] as string[]) ?? []),
  );
  for (const [topic, payload] of configs) {
    const say = (fault: string) => faults.push(`${topic}: ${fault}`);
    checkConfig(topic, payload, say);
    const config = fields(parse(payload));
    const via = fields(config["device"])["via_device"];
    if (via !== undefined && !identifiers.has(String(via))) say(`via_device ${String(via)} is nobody`);
    for (const entry of availability(config))
      if (!["online", "offline"].includes(topics.get(entry) ?? "")) say(`${entry} does not say online or offline, retained`);
    for (const [id, component] of components(config)) {
      once(uniqueIds, component["unique_id"], `${topic} ${id}`, "unique_id", say);
      once(entityIds, component["default_entity_id"], `${topic} ${id}`, "default_entity_id", say);
      checkRead(id, component, topics, say);
    }
  }
  return faults;
}

/** The same for every moment of a stream: a key is there before the config that reads it, and never goes while one does. */
export function checkStream(seen: Iterable<Seen>, prefix = "homeassistant"): readonly string[] {
  const faults = new Set<string>();
  const topics = new Map<string, string>();
  for (const { topic, payload } of seen) {
    if (payload === "") topics.delete(topic);
    else topics.set(topic, payload);
    const isConfig = topic.startsWith(`${prefix}/`) && topic.endsWith("/config") && payload !== "";
    if (isConfig) checkConfig(topic, payload, (fault) => faults.add(`${topic}: ${fault}`));
    const readers = isConfig
      ? [[topic, payload] as const]
      : [...topics].filter(([name]) => name.startsWith(`${prefix}/`) && name.endsWith("/config"));
    for (const [name, text] of readers) {
      for (const [id, component] of components(fields(parse(text)))) {
        const concerned = isConfig || component["state_topic"] === topic;
        if (concerned) checkRead(id, component, topics, (fault) => faults.add(`${name}: ${fault}`));
      }
    }
  }
  return [...faults];
}

type Say = (fault: string) => void;

function checkConfig(topic: string, payload: string, say: Say): void {
  if (!CONFIG.test(topic)) say("is no device discovery topic");
  const config = parse(payload);
  if (typeof config !== "object" || config === null) {
    say("is no JSON object");
    return;
  }
  const { device, origin } = config as Fields;
  onlyKeys(fields(config), ROOT_KEYS, "root", say);
  onlyKeys(fields(device), DEVICE_KEYS, "device", say);
  onlyKeys(fields(origin), ORIGIN_KEYS, "origin", say);
  const { identifiers, name, configuration_url: url } = fields(device);
  if (!Array.isArray(identifiers) || identifiers.length === 0) say("device has no identifiers");
  if (typeof name !== "string") say("device has no name");
  if (url !== undefined && !/^(https?|homeassistant):\/\//.test(String(url))) say("configuration_url is no URL");
  if (typeof fields(origin)["name"] !== "string") say("origin has no name");
  const list = availability(fields(config));
  if (list.length === 0) say("has no availability");
  if (list.length > 1 && fields(config)["availability_mode"] !== "all") say("availability_mode is not all");
  const all = components(fields(config), true);
  if (all.length === 0) say("has no components");
  for (const [id, component] of all) checkComponent(id, component, say);
}

function checkComponent(id: string, component: Fields, sayAll: Say): void {
  const say = (fault: string) => sayAll(`${id} ${fault}`);
  if (!/^[a-zA-Z0-9_-]+$/.test(id)) say("is no component id");
  const platform = String(component["platform"]);
  const known = COMPONENT_KEYS[platform];
  if (known === undefined) {
    say(`has an unknown platform ${platform}`);
    return;
  }
  if (Object.keys(component).length === 1) return;
  onlyKeys(component, known, id, sayAll);
  if (typeof component["unique_id"] !== "string" || component["unique_id"] === "") say("has no unique_id");
  if (!new RegExp(`^${platform}\\.[a-z0-9_]+$`).test(String(component["default_entity_id"])))
    say(`default_entity_id ${String(component["default_entity_id"])} does not fit`);
  const category = component["entity_category"];
  const controls = component["command_topic"] !== undefined;
  if (category !== undefined && category !== "diagnostic" && !(controls && category === "config"))
    say(`entity_category ${String(category)} does not fit`);
  if (["switch", "number", "select", "button"].includes(platform) && !controls) say("has no command_topic");
  if (platform !== "button" && component["state_topic"] === undefined) say("has no state_topic");
  if (platform === "event" && !nonEmpty(component["event_types"])) say("has no event_types");
  if (platform === "select" && !nonEmpty(component["options"])) say("has no options");
  if (platform === "sensor") checkSensor(component, say);
  const template = component["value_template"];
  if (template !== undefined && !TEMPLATE.test(String(template))) say(`value_template ${String(template)} is not plain`);
}

function checkSensor(component: Fields, say: Say): void {
  const { device_class: deviceClass, state_class: stateClass, unit_of_measurement: unit, options } = component;
  const rule = SENSOR_CLASSES[String(deviceClass)];
  if (stateClass !== undefined && !STATE_CLASSES.has(String(stateClass))) say(`state_class ${String(stateClass)} is unknown`);
  if (deviceClass !== undefined && rule === undefined) say(`device_class ${String(deviceClass)} is unknown`);
  if (rule !== undefined && !rule.units.includes(unit as string | undefined))
    say(`${String(deviceClass)} does not take the unit ${String(unit)}`);
  if (rule !== undefined && !rule.states.includes(stateClass as string | undefined))
    say(`${String(deviceClass)} does not take state_class ${String(stateClass)}`);
  if ((options !== undefined) !== (deviceClass === "enum")) say("options and device_class enum belong together");
  if (options !== undefined && !nonEmpty(options)) say("options are empty");
}

function checkRead(id: string, component: Fields, topics: ReadonlyMap<string, string>, sayAll: Say): void {
  const say = (fault: string) => sayAll(`${id} ${fault}`);
  const { platform, state_topic: topic, value_template: template } = component;
  if (topic === undefined || platform === "event") return;
  const payload = topics.get(String(topic));
  if (payload === undefined) {
    say(`reads ${String(topic)}, on which nothing stands`);
    return;
  }
  const key = TEMPLATE.exec(String(template))?.[1];
  if (key === undefined) return;
  const json = parse(payload);
  if (typeof json !== "object" || json === null) {
    say(`reads ${String(topic)}, which is no JSON object`);
    return;
  }
  if (!Object.hasOwn(json, key)) {
    say(`reads ${key}, which ${String(topic)} lacks`);
    return;
  }
  const fault = valueFault(component, (json as Fields)[key]);
  if (fault !== null) say(`is ${JSON.stringify((json as Fields)[key])}: ${fault}`);
}

function valueFault(component: Fields, value: unknown): string | null {
  if (value === null) return null;
  const {
    platform,
    device_class: deviceClass,
    options,
    unit_of_measurement: unit,
    state_class: stateClass,
    min = 1,
    max = 100,
  } = component;
  if (platform === "binary_sensor" || platform === "switch") return typeof value === "boolean" ? null : "no boolean";
  if (platform === "number")
    return typeof value === "number" && value >= Number(min) && value <= Number(max) ? null : `not within ${min}..${max}`;
  if (Array.isArray(options)) return options.includes(value) ? null : "not among the options";
  if (deviceClass === "timestamp" || deviceClass === "uptime") {
    return /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(String(value)) ? null : "no time with a zone";
  }
  const numeric = unit !== undefined || stateClass !== undefined || (deviceClass !== undefined && deviceClass !== "date");
  if (numeric) return typeof value === "number" ? null : "no number";
  if (typeof value === "boolean" || typeof value === "object") return "no text and no number";
  return String(value).length > 255 ? "longer than 255 characters" : null;
}

function availability(config: Fields): readonly string[] {
  const list = config["availability"];
  return Array.isArray(list) ? list.map((entry) => String(fields(entry)["topic"])) : [];
}

/** @param stubs also those of which only the platform is left. */
function components(config: Fields, stubs = false): readonly (readonly [string, Fields])[] {
  return Object.entries(fields(config["components"]))
    .map(([id, component]) => [id, fields(component)] as const)
    .filter(([, component]) => stubs || Object.keys(component).length > 1);
}

function once(seen: Map<string, string>, value: unknown, where: string, what: string, say: Say): void {
  const before = seen.get(String(value));
  if (before !== undefined) say(`${what} ${String(value)} is that of ${before}, too`);
  seen.set(String(value), where);
}

function onlyKeys(object: Fields, allowed: ReadonlySet<string>, where: string, say: Say): void {
  for (const key of Object.keys(object)) if (!allowed.has(key)) say(`${where} has an unknown key ${key}`);
}

function nonEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
