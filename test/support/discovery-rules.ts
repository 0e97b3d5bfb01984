/** What Home Assistant's MQTT discovery takes, as far as this bridge uses it. Unknown keys reject the whole message. */
export const ROOT_KEYS = new Set(
  "device origin components availability availability_mode availability_topic availability_template payload_available payload_not_available state_topic command_topic qos encoding message_expiry_interval".split(
    " ",
  ),
);
export const DEVICE_KEYS = new Set(
  "identifiers connections manufacturer model model_id name hw_version serial_number sw_version via_device suggested_area configuration_url".split(
    " ",
  ),
);
export const ORIGIN_KEYS = new Set(["name", "sw_version", "support_url"]);

const SHARED =
  "platform unique_id default_entity_id name device_class entity_category enabled_by_default visible_by_default icon entity_picture availability availability_mode qos encoding message_expiry_interval".split(
    " ",
  );
const READING = ["state_topic", "value_template"];
const SETTING = ["command_topic", "retain"];

/** Keys per platform; others are silently ignored there, which is a mistake all the same. */
export const COMPONENT_KEYS: Readonly<Record<string, ReadonlySet<string>>> = {
  sensor: new Set([...SHARED, ...READING, "state_class", "unit_of_measurement", "suggested_display_precision", "options", "expire_after"]),
  binary_sensor: new Set([...SHARED, ...READING, "payload_on", "payload_off", "expire_after", "off_delay"]),
  event: new Set([...SHARED, ...READING, "event_types"]),
  switch: new Set([...SHARED, ...READING, ...SETTING, "payload_on", "payload_off", "state_on", "state_off"]),
  number: new Set([...SHARED, ...READING, ...SETTING, "min", "max", "step", "mode", "unit_of_measurement"]),
  select: new Set([...SHARED, ...READING, ...SETTING, "options"]),
  button: new Set([...SHARED, ...SETTING, "payload_press"]),
};

interface ClassRule {
  readonly units: readonly (string | undefined)[];
  readonly states: readonly (string | undefined)[];
}

const MEASUREMENT = ["measurement", undefined];
const TOTALS = ["total", "total_increasing", undefined];
const ENERGY = ["mWh", "Wh", "kWh", "MWh", "GWh", "TWh", "J", "kJ", "MJ", "GJ", "cal", "kcal", "Mcal", "Gcal"];
const NONE = [undefined];

/** Device classes of sensors with the units and state classes that they take. */
export const SENSOR_CLASSES: Readonly<Record<string, ClassRule>> = {
  power: { units: ["mW", "W", "kW", "MW", "GW", "TW"], states: MEASUREMENT },
  energy: { units: ENERGY, states: TOTALS },
  energy_storage: { units: ENERGY, states: MEASUREMENT },
  apparent_power: { units: ["mVA", "VA", "kVA"], states: MEASUREMENT },
  reactive_power: { units: ["mvar", "var", "kvar"], states: MEASUREMENT },
  reactive_energy: { units: ["varh", "kvarh"], states: TOTALS },
  voltage: { units: ["V", "mV", "µV", "kV", "MV"], states: MEASUREMENT },
  current: { units: ["A", "mA", "µA"], states: MEASUREMENT },
  frequency: { units: ["mHz", "Hz", "kHz", "MHz", "GHz"], states: MEASUREMENT },
  power_factor: { units: ["%", undefined], states: MEASUREMENT },
  temperature: { units: ["°C", "°F", "K"], states: MEASUREMENT },
  battery: { units: ["%"], states: MEASUREMENT },
  duration: { units: ["d", "h", "min", "s", "ms", "µs"], states: ["measurement", ...TOTALS] },
  signal_strength: { units: ["dB", "dBm"], states: MEASUREMENT },
  timestamp: { units: NONE, states: NONE },
  uptime: { units: NONE, states: NONE },
  date: { units: NONE, states: NONE },
  enum: { units: NONE, states: NONE },
};

export const STATE_CLASSES = new Set(["measurement", "total", "total_increasing"]);
