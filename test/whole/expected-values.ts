/** One value that a subscriber has to see: where it stands and what it is. */
export interface ExpectedValue {
  /** Below `<base>/<serial>/`. */
  readonly path: string;
  readonly key: string;
  readonly value: unknown;
}

type Raw = { readonly [key: string]: unknown };

/** How a value of pyenphase becomes one of ours. */
type Convert = (value: unknown) => unknown;

const same: Convert = (value) => value ?? null;
const kilo: Convert = (value) => (typeof value === "number" ? value / 1000 : null);
const time: Convert = (value) => (typeof value === "number" ? new Date(value * 1000).toISOString() : null);
const milli: Convert = kilo;
const minutes: Convert = (value) =>
  typeof value === "number" ? `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}:00` : null;
const list: Convert = (value) => (Array.isArray(value) ? value.join(",") : null);
const count: Convert = (value) => (Array.isArray(value) ? value.length : 0);
const words =
  (table: Readonly<Record<string, string>>): Convert =>
  (value) =>
    table[String(value)] ?? null;

type Fields = Readonly<Record<string, readonly [key: string, convert: Convert]>>;

const DOCUMENT: Fields = {
  watts_now: ["power", same],
  // Today and seven days are our own, by the guarded counter and the gateway's time zone; the gateway's own stand beside them.
  watt_hours_today: ["gateway_energy_today", kilo],
  watt_hours_last_7_days: ["gateway_energy_seven_days", kilo],
};
const METER: Fields = {
  active_power: ["power", same],
  frequency: ["frequency", same],
  voltage: ["voltage", same],
  current: ["current", same],
  power_factor: ["power_factor", same],
  metering_status: ["metering_status", same],
  status_flags: ["status_flags", count],
};
const METER_WHOLE: Fields = { state: ["state", same], timestamp: ["measured_at", time] };
const INVERTER: Fields = {
  last_report_watts: ["power", same],
  max_report_watts: ["max_power", same],
  last_report_date: ["last_reported", time],
};
const INVERTER_DETAILS: Fields = {
  dc_voltage: ["dc_voltage", same],
  dc_current: ["dc_current", same],
  ac_voltage: ["ac_voltage", same],
  ac_current: ["ac_current", same],
  ac_frequency: ["ac_frequency", same],
  temperature: ["temperature", same],
  last_report_duration: ["last_report_duration", same],
  energy_today: ["energy_today", same],
};
const REPORTING: Fields = {
  last_report_date: ["last_reported", time],
  communicating: ["communicating", same],
  part_number: ["part_number", same],
  firmware_version: ["firmware", same],
  firmware_loaded_date: ["firmware_loaded", time],
  installed_date: ["installed", time],
  admin_state_str: ["admin_state_text", same],
};
const ENCHARGE: Fields = {
  ...REPORTING,
  admin_state: ["admin_state", same],
  bmu_firmware_version: ["bmu_firmware", same],
  comm_level_2_4_ghz: ["comm_level_2_4_ghz", same],
  comm_level_sub_ghz: ["comm_level_sub_ghz", same],
  // Home Assistant's "DC switch" is on where the gateway's key says that it is not off.
  dc_switch_off: ["dc_switch", (value) => (typeof value === "boolean" ? !value : null)],
  encharge_capacity: ["capacity", same],
  encharge_revision: ["revision", same],
  led_status: ["led_status", same],
  max_cell_temp: ["max_cell_temperature", same],
  operating: ["operating", same],
  percent_full: ["inventory_charge", same],
  temperature: ["temperature", same],
  zigbee_dongle_fw_version: ["zigbee_firmware", same],
};
const ENCHARGE_POWER: Fields = {
  real_power_mw: ["power", milli],
  apparent_power_mva: ["apparent_power", milli],
  soc: ["charge", same],
};
const ENCHARGE_AGGREGATE: Fields = {
  available_energy: ["available_energy", same],
  backup_reserve: ["reserve_energy", same],
  configured_reserve_state_of_charge: ["configured_reserve_charge", same],
  max_available_capacity: ["capacity", same],
  reserve_state_of_charge: ["reserve_charge", same],
  state_of_charge: ["charge", same],
};
const ENPOWER: Fields = {
  ...REPORTING,
  admin_state: ["admin_state", same],
  comm_level_2_4_ghz: ["comm_level_2_4_ghz", same],
  comm_level_sub_ghz: ["comm_level_sub_ghz", same],
  grid_mode: ["grid_mode", same],
  mains_admin_state: ["mains_admin_state", same],
  mains_oper_state: ["mains_oper_state", same],
  operating: ["operating", same],
  temperature: ["temperature", same],
  zigbee_dongle_fw_version: ["zigbee_firmware", same],
};
const COLLAR: Fields = {
  ...REPORTING,
  admin_state: ["admin_state_number", same],
  collar_state: ["collar_state", same],
  control_error: ["control_error", same],
  grid_state: ["grid_state", same],
  mid_state: ["mid_state", same],
  temperature: ["temperature", same],
};
const COMBINER: Fields = { ...REPORTING, admin_state: ["admin_state_number", same], dmir_version: ["dmir_version", same] };
const ACTION = words({ apply: "powered", shed: "not_powered", schedule: "schedule", none: "none" });
const CONTACT: Fields = {
  black_start: ["black_start", same],
  essential_end_time: ["essential_end", same],
  essential_start_time: ["essential_start", same],
  generator_action: ["generator_action", ACTION],
  grid_action: ["grid_action", ACTION],
  micro_grid_action: ["microgrid_action", ACTION],
  load_name: ["name", same],
  manual_override: ["manual_override", same],
  mode: ["mode", words({ manual: "standard", soc: "battery" })],
  override: ["override", same],
  priority: ["priority", same],
  pv_serial_nb: ["pv_serials", list],
  soc_high: ["soc_high", same],
  soc_low: ["soc_low", same],
  type: ["type", same],
};
const ACB: Fields = {
  power: ["power", same],
  state_of_charge: ["charge", same],
  state: ["state", same],
  batteries: ["batteries", same],
};
const AC_BATTERY: Fields = {
  charge_status: ["charge_status", same],
  communicating: ["communicating", same],
  device_status: ["device_status", list],
  last_report_date: ["last_reported", time],
  last_report_watts: ["power", same],
  max_cell_temp: ["temperature", same],
  max_report_watts: ["max_power", same],
  operating: ["operating", same],
  part_num: ["part_number", same],
  percent_full: ["charge", same],
  producing: ["producing", same],
  sleep_enabled: ["sleep_enabled", same],
  sleep_state: ["sleep_state", same],
};
const STORAGE: Fields = {
  mode: ["mode", words({ backup: "backup", "self-consumption": "self_consumption", economy: "savings" })],
  operation_mode_sub_type: ["operation_mode_sub_type", same],
  reserved_soc: ["reserved_charge", same],
  very_low_soc: ["very_low_charge", same],
  charge_from_grid: ["charge_from_grid", same],
  opt_schedules: ["opt_schedules", same],
  date: ["date", same],
};
const GENERATOR: Fields = {
  admin_mode: ["admin_mode", same],
  admin_state: ["admin_state", same],
  exc_on: ["exc_on", same],
  present: ["present", same],
  start_soc: ["start_soc", same],
  type: ["type_number", same],
};
const GENERATOR_CONFIG: Fields = {
  charge_from_generator: ["charge_from_generator", same],
  cool_down_mins: ["cool_down_mins", same],
  gen_type: ["gen_type", same],
  generator_id: ["generator_id", same],
  last_updated_by: ["config_updated_by", same],
  manufacturer: ["manufacturer", same],
  max_cont_gen_amps: ["max_continuous_current", same],
  max_gen_efficiency_perc: ["max_efficiency", same],
  min_gen_loading_perc: ["min_loading", same],
  model: ["model", same],
  name_plate_rating_wat: ["nameplate_rating", same],
  start_method: ["start_method", same],
  warm_up_mins: ["warm_up_mins", same],
};
const GENERATOR_SCHEDULE: Fields = {
  default_start_soc: ["default_start_soc", same],
  default_stop_soc: ["default_stop_soc", same],
  exercise_day: ["exercise_day", same],
  exercise_duration: ["exercise_minutes", same],
  exercise_freq_in_weeks: ["exercise_weeks", same],
  exercise_start: ["exercise_start_time", minutes],
  last_updated_by: ["schedule_updated_by", same],
};
const INTERFACE: Fields = {
  primary_interface: ["interface", same],
  interface_type: ["interface_type", same],
  mac: ["mac", same],
  dhcp: ["dhcp", same],
  software_build_epoch: ["software_built", time],
  timezone: ["timezone", same],
};

/** Every value of what pyenphase reads from a gateway, as a subscriber of ours has to see it. */
export function expectedValues(expected: Raw): readonly ExpectedValue[] {
  const data = expected["data"] as Raw;
  return [
    ...documentValues(data, "system_production", "production", "production"),
    ...documentValues(data, "system_consumption", "consumption", "consumption"),
    ...netValues(data),
    ...meterValues(data),
    ...eachOf(data["inverters"], (serial, inverter) => inverterValues(serial, inverter, data)),
    ...eachOf(data["encharge_inventory"], (serial, one) => take(`battery/${serial}`, one, ENCHARGE)),
    ...eachOf(data["encharge_power"], (serial, one) => take(`battery/${serial}`, one, ENCHARGE_POWER)),
    ...take("battery", data["encharge_aggregate"], ENCHARGE_AGGREGATE),
    ...single("system_controller", data["enpower"], ENPOWER),
    ...single("collar", data["collar"], COLLAR),
    ...single("combiner", data["c6cc"], COMBINER),
    ...eachOf(data["dry_contact_status"], (id, one) => [{ path: `relay/${id.toLowerCase()}`, key: "status", value: one["status"] }]),
    ...eachOf(data["dry_contact_settings"], (id, one) => take(`relay/${id.toLowerCase()}`, one, CONTACT)),
    ...take("ac_battery", data["acb_power"], ACB),
    ...take("battery", data["acb_power"], { charge_wh: ["ac_available_energy", same] }),
    ...eachOf(data["acb_inventory"], (serial, one) => take(`ac_battery/${serial}`, one, AC_BATTERY)),
    ...take("storage", (data["tariff"] as Raw | null)?.["storage_settings"], STORAGE),
    ...take("generator", data["generator"], GENERATOR),
    ...take("generator", data["generator_config"], GENERATOR_CONFIG),
    ...take("generator", data["generator_mode"], { gen_cmd: ["requested_mode", same], last_updated_by: ["mode_updated_by", same] }),
    ...take("generator", data["generator_schedule"], GENERATOR_SCHEDULE),
    ...take("info", expected["interface_information"], INTERFACE),
    { path: "info", key: "firmware", value: expected["firmware"] },
    { path: "info", key: "part_number", value: expected["part_number"] },
    { path: "info", key: "metered", value: expected["is_metered"] },
    { path: "info", key: "phases", value: expected["phase_count"] },
  ];
}

function take(path: string, raw: unknown, fields: Fields, prefix = ""): ExpectedValue[] {
  if (raw === null || raw === undefined) return [];
  return Object.entries(fields).map(([name, [key, convert]]) => ({ path, key: prefix + key, value: convert((raw as Raw)[name]) }));
}

function single(path: string, raw: unknown, fields: Fields): ExpectedValue[] {
  return raw === null || raw === undefined ? [] : take(`${path}/${(raw as Raw)["serial_number"]}`, raw, fields);
}

function eachOf(raw: unknown, values: (id: string, one: Raw) => readonly ExpectedValue[]): ExpectedValue[] {
  return Object.entries((raw ?? {}) as Record<string, Raw>).flatMap(([id, one]) => (one === null ? [] : values(id, one)));
}

/** The whole and each phase: `prefix` is `""` or `l1_` …. */
function wholeAndPhases(data: Raw, name: string): readonly (readonly [prefix: string, one: Raw])[] {
  const whole = data[name] as Raw | null;
  const phases = Object.entries((data[`${name}_phases`] ?? {}) as Record<string, Raw | null>);
  const all: [string, Raw | null][] = [
    ["", whole],
    ...phases.map(([phase, one]): [string, Raw | null] => [`${phase.toLowerCase()}_`, one]),
  ];
  return all.flatMap(([prefix, one]) => (one === null || one === undefined ? [] : [[prefix, one] as const]));
}

function documentValues(data: Raw, name: string, path: string, counter: string): ExpectedValue[] {
  return wholeAndPhases(data, name).flatMap(([prefix, one]) => [
    ...take(path, one, DOCUMENT, prefix),
    { path: "energy", key: `${prefix}${counter}_kwh`, value: kilo(one["watt_hours_lifetime"]) },
  ]);
}

function netValues(data: Raw): ExpectedValue[] {
  return wholeAndPhases(data, "system_net_consumption").flatMap(([prefix, one]) => [
    { path: "grid", key: `${prefix}balanced_power`, value: one["watts_now"] },
    { path: "energy", key: `${prefix}balanced_net_kwh`, value: kilo(one["watt_hours_lifetime"]) },
  ]);
}

function meterValues(data: Raw): ExpectedValue[] {
  const phases = (data["ctmeters_phases"] ?? {}) as Record<string, Record<string, Raw | null> | null>;
  return eachOf(data["ctmeters"], (type, whole) => {
    const parts = Object.entries(phases[type] ?? {}).flatMap(([phase, one]) =>
      one === null ? [] : [[`${phase.toLowerCase()}_`, one] as const],
    );
    return [
      ...take(`meter/${type}`, whole, METER_WHOLE),
      ...[["", whole] as const, ...parts].flatMap(([prefix, one]) => [
        ...take(`meter/${type}`, one, METER, prefix),
        ...(["delivered", "received"] as const).map((way) => ({
          path: "energy",
          key: `${prefix}meter_${type.replaceAll("-", "_")}_${way}_kwh`,
          value: kilo(one[`energy_${way}`]),
        })),
      ]),
    ];
  });
}

/** AC batteries are no inverters. */
function inverterValues(serial: string, inverter: Raw, data: Raw): ExpectedValue[] {
  if (Object.hasOwn((data["acb_inventory"] ?? {}) as object, serial)) return [];
  const detailed = INVERTER_DETAILS_NAMES.some((name) => inverter[name] !== null);
  return [
    ...take(`inverter/${serial}`, inverter, INVERTER),
    ...(detailed ? take(`inverter/${serial}`, inverter, INVERTER_DETAILS) : []),
    ...(inverter["lifetime_energy"] === null
      ? []
      : [{ path: `inverter/${serial}`, key: "lifetime_energy_kwh", value: kilo(inverter["lifetime_energy"]) }]),
  ];
}

const INVERTER_DETAILS_NAMES = Object.keys(INVERTER_DETAILS);
