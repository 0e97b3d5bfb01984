/** What a broker keeps: topic to payload. */
export type Retained = ReadonlyMap<string, string>;

interface Config {
  readonly [key: string]: unknown;
}

const ROOT = new Set([
  "device",
  "origin",
  "components",
  "availability",
  "availability_mode",
  "state_topic",
  "command_topic",
  "qos",
  "encoding",
]);
const DEVICE = new Set([
  "identifiers",
  "connections",
  "manufacturer",
  "model",
  "model_id",
  "name",
  "hw_version",
  "sw_version",
  "serial_number",
  "via_device",
  "suggested_area",
  "configuration_url",
]);
const ORIGIN = new Set(["name", "sw_version", "support_url"]);
const PLATFORMS = new Set(["sensor", "binary_sensor", "event", "switch", "number", "select", "button"]);
const ID = /^[a-zA-Z0-9_-]+$/;
const ZONED = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const ENERGY = ["Wh", "kWh", "MWh"];
/** Units and state classes that Home Assistant takes for a device class of a sensor; `null`: none. */
const CLASSES: Readonly<Record<string, { readonly units: readonly (string | null)[]; readonly states: readonly (string | null)[] }>> = {
  power: { units: ["mW", "W", "kW", "MW"], states: ["measurement", null] },
  energy: { units: ENERGY, states: ["total", "total_increasing", null] },
  energy_storage: { units: ENERGY, states: ["measurement", null] },
  apparent_power: { units: ["mVA", "VA", "kVA"], states: ["measurement", null] },
  reactive_power: { units: ["mvar", "var", "kvar"], states: ["measurement", null] },
  voltage: { units: ["mV", "V", "kV"], states: ["measurement", null] },
  current: { units: ["mA", "A"], states: ["measurement", null] },
  frequency: { units: ["mHz", "Hz", "kHz"], states: ["measurement", null] },
  power_factor: { units: ["%", null], states: ["measurement", null] },
  temperature: { units: ["°C", "°F", "K"], states: ["measurement", null] },
  battery: { units: ["%"], states: ["measurement", null] },
  duration: { units: ["d", "h", "min", "s", "ms"], states: ["measurement", "total", "total_increasing", null] },
  signal_strength: { units: ["dB", "dBm"], states: ["measurement", null] },
  timestamp: { units: [null], states: [null] },
  enum: { units: [null], states: [null] },
};

/**
 * Holds what stands on a broker against the rules by which Home Assistant takes discovery by device, and gives every breach in a line.
 * `order`: topics in the order in which they were first published, where that was watched.
 */
export function discoveryFaults(retained: Retained, order: readonly string[] = []): readonly string[] {
  const faults: string[] = [];
  const unique = new Map<string, string>();
  const configs = [...retained].filter(([topic]) => /^homeassistant\/device\//.test(topic));
  const identifiers = new Set(configs.flatMap(([, payload]) => (JSON.parse(payload).device?.identifiers ?? []) as string[]));
  for (const [topic, payload] of configs) {
    const fault = (text: string) => void faults.push(`${topic}: ${text}`);
    const config = JSON.parse(payload) as Config;
    if (
      topic
        .split("/")
        .slice(2, -1)
        .some((level) => !ID.test(level))
    )
      fault("an id of the topic has other characters than letters, digits, _ and -");
    checkKeys(config, ROOT, "the root", fault);
    checkDevice(config["device"] as Config, identifiers, fault);
    checkKeys(config["origin"] as Config, ORIGIN, "origin", fault);
    checkAvailability(config, retained, fault);
    for (const [id, component] of Object.entries(config["components"] as Record<string, Config>)) {
      checkComponent(id, component, { retained, order, config: topic, unique }, (text) => fault(`${id}: ${text}`));
    }
  }
  return faults;
}

type Fault = (text: string) => void;

function checkKeys(object: Config, known: ReadonlySet<string>, where: string, fault: Fault): void {
  for (const key of Object.keys(object))
    if (!known.has(key)) fault(`${where} holds ${key}, which Home Assistant does not know: it refuses the whole`);
}

function checkDevice(device: Config, identifiers: ReadonlySet<string>, fault: Fault): void {
  checkKeys(device, DEVICE, "device", fault);
  if (!Array.isArray(device["identifiers"]) || device["identifiers"].length === 0) fault("the device has no identifiers");
  if (typeof device["name"] !== "string") fault("the device has no name");
  const via = device["via_device"];
  if (via !== undefined && !identifiers.has(via as string)) fault(`via_device ${via} is announced nowhere`);
  const url = device["configuration_url"];
  if (url !== undefined && !/^(https?|homeassistant):\/\//.test(url as string)) fault(`configuration_url ${url} is no web address`);
}

function checkAvailability(config: Config, retained: Retained, fault: Fault): void {
  const list = config["availability"] as readonly Config[];
  if (list.length > 1 && config["availability_mode"] !== "all") fault("several availability topics need availability_mode all");
  for (const { topic } of list) {
    const said = retained.get(topic as string);
    if (said !== "online" && said !== "offline") fault(`nothing is retained on availability topic ${topic}`);
  }
}

interface Around {
  readonly retained: Retained;
  readonly order: readonly string[];
  readonly config: string;
  readonly unique: Map<string, string>;
}

function checkComponent(id: string, component: Config, around: Around, fault: Fault): void {
  const platform = component["platform"] as string;
  if (!PLATFORMS.has(platform)) {
    fault(`platform ${platform} is not known`);
    return;
  }
  if (/\s/.test(id)) fault("the component's id holds a space");
  if (Object.keys(component).length === 1) return;
  const uniqueId = component["unique_id"] as string | undefined;
  if (uniqueId === undefined) fault("no unique_id");
  else if (around.unique.has(uniqueId)) fault(`unique_id ${uniqueId} is also that of ${around.unique.get(uniqueId)}`);
  else around.unique.set(uniqueId, id);
  if ("object_id" in component) fault("object_id is ignored since 2026.4");
  const entityId = component["default_entity_id"] as string | undefined;
  if (entityId !== undefined && !new RegExp(`^${platform}\\.[a-z0-9_]+$`).test(entityId))
    fault(`default_entity_id ${entityId} is not of ${platform}`);
  if (
    (platform === "sensor" || platform === "binary_sensor") &&
    ![undefined, "diagnostic"].includes(component["entity_category"] as string)
  ) {
    fault(`entity_category ${component["entity_category"]} is not for ${platform}`);
  }
  if (platform === "sensor") checkClasses(component, fault);
  checkValue(platform, component, around, fault);
}

function checkClasses(component: Config, fault: Fault): void {
  const {
    device_class: name,
    unit_of_measurement: unit = null,
    state_class: state = null,
    options,
  } = component as Record<string, string | null | undefined>;
  if ((name === "enum") !== Array.isArray(options)) fault("options and device_class enum belong together");
  if (name === undefined || name === null) return;
  const rule = CLASSES[name];
  if (rule === undefined) {
    fault(`device_class ${name} is not known here`);
    return;
  }
  if (!rule.units.includes(unit)) fault(`${name} in ${unit}`);
  if (!rule.states.includes(state)) fault(`${name} with state_class ${state}`);
}

function checkValue(platform: string, component: Config, around: Around, fault: Fault): void {
  if (platform === "event" || platform === "button") return;
  const topic = component["state_topic"] as string;
  const payload = around.retained.get(topic);
  if (payload === undefined) {
    fault(`nothing is retained on ${topic}`);
    return;
  }
  const [first, config] = [around.order.indexOf(topic), around.order.indexOf(around.config)];
  if (config !== -1 && (first === -1 || first > config)) fault(`${topic} was published after the config that reads it`);
  const template = component["value_template"] as string | undefined;
  const key = /^\{\{ value_json\.(\w+) \}\}$/.exec(template ?? "")?.[1];
  if (key === undefined) {
    fault(`value_template ${template} is not of the plain kind`);
    return;
  }
  const values = JSON.parse(payload) as Record<string, unknown>;
  if (!Object.hasOwn(values, key)) {
    fault(`${topic} holds no ${key}`);
    return;
  }
  checkState(platform, component, values[key], fault);
}

function checkState(platform: string, component: Config, value: unknown, fault: Fault): void {
  if (value === null) return;
  const isNumeric = component["unit_of_measurement"] !== undefined || component["state_class"] !== undefined;
  if (platform === "binary_sensor") {
    if (typeof value !== "boolean" || component["payload_on"] !== "True" || component["payload_off"] !== "False")
      fault(`${value} is no state of a binary sensor`);
  } else if (component["device_class"] === "enum") {
    if (!(component["options"] as unknown[]).includes(value)) fault(`${value} is none of its options`);
  } else if (component["device_class"] === "timestamp") {
    if (typeof value !== "string" || !ZONED.test(value)) fault(`${value} is no time with its zone`);
  } else if (isNumeric && (typeof value !== "number" || !Number.isFinite(value))) fault(`${value} is no number`);
  else if (String(value).length > 255) fault("its state is longer than 255 characters");
}
