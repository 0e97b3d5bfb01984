/** How a value of pyenphase becomes one of ours. */
export type Convert = (value: unknown) => unknown;

const same: Convert = (value) => value ?? null;
export const kilo: Convert = (value) => (typeof value === "number" ? value / 1000 : null);
const time: Convert = (value) => (typeof value === "number" ? new Date(value * 1000).toISOString() : null);
const milli: Convert = kilo;
const minutes: Convert = (value) =>
  typeof value === "number" ? `${String(Math.floor(value / 60)).padStart(2, "0")}:${String(value % 60).padStart(2, "0")}:00` : null;
const list: Convert = (value) => (Array.isArray(value) ? value.join(",") : null);
const count: Convert = (value) => (Array.isArray(value) ? value.length : 0);
/** The gateway says -1 where there is no such level. */
const charge: Convert = (value) => (typeof value === "number" && value >= 0 ? value : null);
/** What has no flat shape is seen as one text of JSON. */
const document: Convert = (value) => (value === null || value === undefined ? null : JSON.parse(JSON.stringify(value)));
const words =
  (table: Readonly<Record<string, string>>): Convert =>
  (value) =>
    table[String(value)] ?? null;

export type Fields = Readonly<Record<string, readonly [key: string, convert: Convert]>>;

export const DOCUMENT: Fields = {
  watts_now: ["power", same],
  // Today and seven days are our own, by the guarded counter and the gateway's time zone; the gateway's own stand beside them.
  watt_hours_today: ["gateway_energy_today", kilo],
  watt_hours_last_7_days: ["gateway_energy_seven_days", kilo],
};
export const NET: Fields = {
  watts_now: ["balanced_power", same],
  watt_hours_today: ["gateway_energy_today", kilo],
  watt_hours_last_7_days: ["gateway_energy_seven_days", kilo],
};
export const NET_ENERGY: Fields = { watt_hours_lifetime: ["balanced_net_kwh", kilo] };
export const METER: Fields = {
  eid: ["eid", same],
  active_power: ["power", same],
  frequency: ["frequency", same],
  voltage: ["voltage", same],
  current: ["current", same],
  power_factor: ["power_factor", same],
  metering_status: ["metering_status", same],
  status_flags: ["status_flags", count],
};
export const METER_WHOLE: Fields = { state: ["state", same], timestamp: ["measured_at", time] };
export const INVERTER: Fields = {
  last_report_watts: ["power", same],
  max_report_watts: ["max_power", same],
  last_report_date: ["last_reported", time],
};
export const INVERTER_DETAILS: Fields = {
  dc_voltage: ["dc_voltage", same],
  dc_current: ["dc_current", same],
  ac_voltage: ["ac_voltage", same],
  ac_current: ["ac_current", same],
  ac_frequency: ["ac_frequency", same],
  temperature: ["temperature", same],
  last_report_duration: ["last_report_duration", same],
  energy_today: ["energy_today", same],
  lifetime_energy: ["lifetime_energy_kwh", kilo],
};
export const REPORTING: Fields = {
  last_report_date: ["last_reported", time],
  communicating: ["communicating", same],
  part_number: ["part_number", same],
  firmware_version: ["firmware", same],
  firmware_loaded_date: ["firmware_loaded", time],
  installed_date: ["installed", time],
  admin_state_str: ["admin_state_text", same],
};
export const ENCHARGE: Fields = {
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
  temperature_unit: ["temperature_unit", same],
  zigbee_dongle_fw_version: ["zigbee_firmware", same],
};
export const ENCHARGE_POWER: Fields = {
  real_power_mw: ["power", milli],
  apparent_power_mva: ["apparent_power", milli],
  soc: ["charge", same],
};
export const ENCHARGE_AGGREGATE: Fields = {
  available_energy: ["available_energy", same],
  backup_reserve: ["reserve_energy", same],
  configured_reserve_state_of_charge: ["configured_reserve_charge", same],
  max_available_capacity: ["capacity", same],
  reserve_state_of_charge: ["reserve_charge", same],
  state_of_charge: ["charge", same],
};
export const ENPOWER: Fields = {
  ...REPORTING,
  admin_state: ["admin_state", same],
  comm_level_2_4_ghz: ["comm_level_2_4_ghz", same],
  comm_level_sub_ghz: ["comm_level_sub_ghz", same],
  grid_mode: ["grid_mode", same],
  mains_admin_state: ["mains_admin_state", same],
  mains_oper_state: ["mains_oper_state", same],
  operating: ["operating", same],
  temperature: ["temperature", same],
  temperature_unit: ["temperature_unit", same],
  zigbee_dongle_fw_version: ["zigbee_firmware", same],
};
export const COLLAR: Fields = {
  ...REPORTING,
  admin_state: ["admin_state_number", same],
  collar_state: ["collar_state", same],
  control_error: ["control_error", same],
  grid_state: ["grid_state", same],
  mid_state: ["mid_state", same],
  temperature: ["temperature", same],
  temperature_unit: ["temperature_unit", same],
};
export const COMBINER: Fields = { ...REPORTING, admin_state: ["admin_state_number", same], dmir_version: ["dmir_version", same] };
const ACTION = words({ apply: "powered", shed: "not_powered", schedule: "schedule", none: "none" });
export const CONTACT_STATUS: Fields = { status: ["status", same] };
export const CONTACT: Fields = {
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
export const ACB: Fields = {
  power: ["power", same],
  state_of_charge: ["charge", same],
  state: ["state", same],
  batteries: ["batteries", same],
};
export const ACB_ON_GATEWAY: Fields = { charge_wh: ["ac_available_energy", same] };
export const AC_BATTERY: Fields = {
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
export const AGGREGATE: Fields = {
  available_energy: ["aggregated_available_energy", same],
  max_available_capacity: ["aggregated_capacity", same],
  state_of_charge: ["aggregated_charge", same],
};
export const TARIFF: Fields = {
  currency: ["currency", (value) => (value as { readonly code: unknown } | null)?.code ?? null],
  date: ["date", same],
  logger: ["logger", same],
  single_rate: ["single_rate", document],
  seasons: ["seasons", document],
  seasons_sell: ["seasons_sell", document],
};
export const STORAGE: Fields = {
  mode: ["mode", words({ backup: "backup", "self-consumption": "self_consumption", economy: "savings" })],
  operation_mode_sub_type: ["operation_mode_sub_type", same],
  reserved_soc: ["reserved_charge", same],
  very_low_soc: ["very_low_charge", same],
  charge_from_grid: ["charge_from_grid", same],
  opt_schedules: ["opt_schedules", same],
  date: ["date", same],
};
export const GENERATOR: Fields = {
  admin_mode: ["admin_mode", same],
  admin_state: ["admin_state", same],
  exc_on: ["exc_on", same],
  oper_state: ["oper_state", same],
  present: ["present", same],
  schedule: ["schedule_enabled", (value) => (typeof value === "number" ? value !== 0 : null)],
  start_soc: ["start_soc", charge],
  stop_soc: ["stop_soc", charge],
  type: ["type_number", same],
};
export const GENERATOR_MODE: Fields = { gen_cmd: ["requested_mode", same], last_updated_by: ["mode_updated_by", same] };
export const GENERATOR_CONFIG: Fields = {
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
export const GENERATOR_SCHEDULE: Fields = {
  default_start_soc: ["default_start_soc", same],
  default_stop_soc: ["default_stop_soc", same],
  exercise_day: ["exercise_day", same],
  exercise_duration: ["exercise_minutes", same],
  exercise_freq_in_weeks: ["exercise_weeks", same],
  exercise_start: ["exercise_start_time", minutes],
  last_updated_by: ["schedule_updated_by", same],
  schedule: ["schedule", document],
};
export const INTERFACE: Fields = {
  primary_interface: ["interface", same],
  interface_type: ["interface_type", same],
  mac: ["mac", same],
  dhcp: ["dhcp", same],
  software_build_epoch: ["software_built", time],
  timezone: ["timezone", same],
};

export const GATEWAY: Fields = {
  firmware: ["firmware", same],
  part_number: ["part_number", same],
  is_metered: ["metered", same],
  phase_count: ["phases", same],
};
