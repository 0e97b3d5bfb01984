import type { Capabilities } from "../../model/capabilities.ts";
import type { Groups } from "../../model/snapshot.ts";
import { getObject, isUsable, json } from "../answers.ts";
import { type Drift, type Fields, fields } from "../decode.ts";
import { softly } from "../softly.ts";
import type { IntervalName, Source } from "../source.ts";

type GeneratorGroup = "generatorConfig" | "generator" | "generatorSchedule" | "generatorMode";
type GeneratorCapability = "generator" | "generatorStatus" | "generatorSchedule" | "generatorMode";

/** One document of the generator. It is used only if it has all of `keys` when probed; a key lost later costs that field. */
interface GeneratorDocument<G extends GeneratorGroup> {
  readonly name: string;
  readonly path: string;
  readonly interval: IntervalName;
  readonly group: G;
  readonly capability: GeneratorCapability;
  readonly keys: readonly string[];
  /** Whether it is asked for at all. */
  readonly possible: (found: Capabilities) => boolean;
  readonly parse: (document: Fields, drift: Drift) => Groups[G];
}

function documentSource<G extends GeneratorGroup>(document: GeneratorDocument<G>): Source {
  return {
    name: document.name,
    interval: document.interval,
    groups: [document.group],
    core: false,
    async probe({ gateway, found, get }) {
      if (gateway.firmware.major < 5 || !document.possible(found)) return {};
      const answer = await softly(get, document.path);
      const usable = isUsable(answer) && document.keys.every((key) => Object.hasOwn(answer, key));
      return usable ? { [document.capability]: true } : {};
    },
    wanted: (capabilities) => capabilities[document.capability],
    async read({ get, drift }) {
      const answer = fields(await getObject(get, document.path), document.name, drift);
      return { groups: { [document.group]: document.parse(answer, drift) } };
    },
  };
}

function part(document: Fields, key: string, drift: Drift): Fields | null {
  const object = document.object(key);
  return object === null ? null : fields(object, `generator-schedule ${key}`, drift);
}

/** Decides whether there is a generator at all: it hangs on the System Controller, and its configuration is complete. */
export const generatorConfigSource = documentSource({
  name: "generator-config",
  path: "/ivp/ss/gen_config",
  interval: "inventory",
  group: "generatorConfig",
  capability: "generator",
  keys: [
    "max_cont_gen_amps",
    "min_gen_loading_perc",
    "max_gen_efficiency_perc",
    "name_plate_rating_wat",
    "start_method",
    "warm_up_mins",
    "cool_down_mins",
    "gen_type",
    "model",
    "manufacturer",
    "last_updated_by",
    "generator_id",
    "charge_from_generator",
  ],
  possible: (found) => found.enpower,
  parse: (config) => ({
    maxContinuousAmps: config.number("max_cont_gen_amps"),
    minLoadingPercent: config.number("min_gen_loading_perc"),
    maxEfficiencyPercent: config.number("max_gen_efficiency_perc"),
    nameplateKw: config.number("name_plate_rating_wat"),
    startMethod: config.text("start_method"),
    warmUpMinutes: config.number("warm_up_mins"),
    coolDownMinutes: config.number("cool_down_mins"),
    type: config.text("gen_type"),
    model: config.text("model"),
    manufacturer: config.text("manufacturer"),
    lastUpdatedBy: config.text("last_updated_by"),
    generatorId: config.text("generator_id"),
    chargeFromGenerator: config.boolean("charge_from_generator"),
  }),
});

export const generatorStatusSource = documentSource({
  name: "generator-status",
  path: "/ivp/ensemble/generator",
  interval: "production",
  group: "generator",
  capability: "generatorStatus",
  keys: ["admin_state", "oper_state", "admin_mode", "schedule", "start_soc", "stop_soc", "exc_on", "present", "type"],
  possible: (found) => found.generator,
  parse: (status) => ({
    adminState: status.text("admin_state"),
    operState: status.text("oper_state"),
    adminMode: status.number("admin_mode"),
    schedule: status.number("schedule"),
    startSoc: status.number("start_soc"),
    stopSoc: status.number("stop_soc"),
    excOn: status.number("exc_on"),
    present: status.boolean("present"),
    type: status.number("type"),
  }),
});

export const generatorScheduleSource = documentSource({
  name: "generator-schedule",
  path: "/ivp/ss/gen_schedule",
  interval: "inventory",
  group: "generatorSchedule",
  capability: "generatorSchedule",
  keys: ["exercise_config", "default_soc", "schedule", "last_updated_by"],
  possible: (found) => found.generator,
  parse(document, drift) {
    const exercise = part(document, "exercise_config", drift);
    const charge = part(document, "default_soc", drift);
    return {
      frequencyWeeks: exercise?.number("freq_in_weeks") ?? null,
      start: exercise?.number("start") ?? null,
      duration: exercise?.number("duration") ?? null,
      day: exercise?.text("day") ?? null,
      startSoc: charge?.number("start_soc") ?? null,
      stopSoc: charge?.number("stop_soc") ?? null,
      lastUpdatedBy: document.text("last_updated_by"),
      schedule: json(document.object("schedule")),
    };
  },
});

export const generatorModeSource = documentSource({
  name: "generator-mode",
  path: "/ivp/ss/gen_mode",
  interval: "production",
  group: "generatorMode",
  capability: "generatorMode",
  keys: ["gen_cmd", "last_updated_by"],
  possible: (found) => found.generator,
  parse: (mode) => ({
    command: mode.oneOf("gen_cmd", ["off", "on", "auto"]),
    lastUpdatedBy: mode.text("last_updated_by"),
  }),
});
