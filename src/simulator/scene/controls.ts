/** What can be set on a gateway with IQ batteries and a System Controller. Documents as the gateway gives them. */
export interface Controls {
  mainsAdminState: string;
  readonly contacts: Map<string, string>;
  contactSettings: readonly Readonly<Record<string, unknown>>[];
  tariff: Readonly<Record<string, unknown>>;
  generatorConfig: Readonly<Record<string, unknown>>;
  generatorMode: Readonly<Record<string, unknown>>;
  generatorSchedule: Readonly<Record<string, unknown>>;
}

const CONTACTS = ["NC1", "NC2", "NO1", "NO2"];

function contactSettings(id: string, at: number): Readonly<Record<string, unknown>> {
  const isLoad = at < 2;
  return {
    id,
    type: isLoad ? "LOAD" : "NONE",
    grid_action: isLoad ? "apply" : "none",
    micro_grid_action: isLoad ? "shed" : "none",
    gen_action: isLoad ? "apply" : "none",
    essential_start_time: 32_400,
    essential_end_time: 57_600,
    priority: at + 1,
    black_s_start: 5,
    override: isLoad ? "true" : "false",
    manual_override: "true",
    load_name: isLoad ? (at === 0 ? "Heat pump" : "Car charger") : "",
    mode: at === 0 ? "manual" : "soc",
    soc_low: 30,
    soc_high: 70,
    pv_serial_nb: [],
  };
}

/** A new gateway's settings. */
export function createControls(now: number): Controls {
  const date = String(Math.floor(now / 1000));
  return {
    mainsAdminState: "closed",
    contacts: new Map(CONTACTS.map((id) => [id, "closed"])),
    contactSettings: CONTACTS.map(contactSettings),
    tariff: {
      currency: { code: "EUR" },
      logger: "mylogger",
      date,
      storage_settings: {
        mode: "self-consumption",
        operation_mode_sub_type: "",
        reserved_soc: 10,
        very_low_soc: 5,
        charge_from_grid: false,
        date,
        opt_schedules: false,
      },
      single_rate: { rate: 0.28, sell: 0.09 },
      seasons: [
        {
          id: "all_year_long",
          start: "1/1",
          days: [
            {
              id: "all_days",
              days: "Mon,Tue,Wed,Thu,Fri,Sat,Sun",
              must_charge_start: 0,
              must_charge_duration: 0,
              must_charge_mode: "CG",
              enable_discharge_to_grid: false,
              periods: [{ id: "filler", start: 0, rate: 0.28 }],
            },
          ],
          tiers: [],
        },
      ],
      seasons_sell: [],
    },
    generatorConfig: {
      max_cont_gen_amps: 40,
      min_gen_loading_perc: 5,
      max_gen_efficiency_perc: 100,
      name_plate_rating_wat: 14,
      start_method: "auto",
      warm_up_mins: 5,
      cool_down_mins: 5,
      gen_type: "Standby",
      model: "G14",
      manufacturer: "Simulated",
      last_updated_by: "ITK",
      generator_id: "3019990001",
      charge_from_generator: true,
    },
    generatorMode: { gen_cmd: "auto", last_updated_by: "ITK" },
    generatorSchedule: {
      exercise_config: { freq_in_weeks: 2, start: 600, duration: 20, day: "Sat" },
      default_soc: { start_soc: 30, stop_soc: 70 },
      schedule: { default: [] },
      last_updated_by: "ITK",
    },
  };
}

/** Carries out a write and returns the gateway's reply; `null` where nothing can be set there. Throws where the body is not JSON. */
export function write(controls: Controls, method: string, path: string, body: string): unknown {
  const wish = JSON.parse(body) as Record<string, unknown>;
  const contact = (wish["dry_contacts"] ?? {}) as Record<string, unknown>;
  switch (`${method} ${path}`) {
    case "POST /ivp/ensemble/relay":
      controls.mainsAdminState = String(wish["mains_admin_state"]);
      return wish;
    case "POST /ivp/ensemble/dry_contacts":
      controls.contacts.set(String(contact["id"]), String(contact["status"]));
      return wish;
    case "POST /ivp/ss/dry_contact_settings":
      controls.contactSettings = controls.contactSettings.map((settings) => (settings["id"] === contact["id"] ? contact : settings));
      return wish;
    case "PUT /admin/lib/tariff":
      controls.tariff = { ...controls.tariff, ...(wish["tariff"] as Record<string, unknown>) };
      return wish;
    case "POST /ivp/ss/gen_config":
      controls.generatorConfig = { ...controls.generatorConfig, ...wish };
      return controls.generatorConfig;
    case "POST /ivp/ss/gen_mode":
      controls.generatorMode = { ...controls.generatorMode, ...wish };
      return controls.generatorMode;
    case "POST /ivp/ss/gen_schedule":
      controls.generatorSchedule = { ...controls.generatorSchedule, ...wish };
      return controls.generatorSchedule;
    default:
      return null;
  }
}
