import type { GeneratorConfig, GeneratorMode, GeneratorSchedule, GeneratorStatus } from "../../model/snapshot.ts";
import { BINARY, DIAGNOSTIC, MINUTES } from "../looks.ts";
import { type Row, section } from "../row.ts";
import { documentText } from "../units.ts";

/** Each is `null` where this gateway does not say it (now). */
export interface GeneratorContext {
  readonly status: GeneratorStatus | null;
  readonly config: GeneratorConfig | null;
  readonly mode: GeneratorMode | null;
  readonly schedule: GeneratorSchedule | null;
  readonly has: { readonly status: boolean; readonly mode: boolean; readonly schedule: boolean };
}

const status = {
  from: "`/ivp/ensemble/generator`",
  when: (c: GeneratorContext) => c.has.status,
  exists: "`/ivp/ensemble/generator` answers",
} as const;
const config = { from: "`/ivp/ss/gen_config`" } as const;
const mode = { from: "`/ivp/ss/gen_mode`", when: (c: GeneratorContext) => c.has.mode, exists: "`/ivp/ss/gen_mode` answers" } as const;
const plan = {
  from: "`/ivp/ss/gen_schedule`",
  when: (c: GeneratorContext) => c.has.schedule,
  exists: "`/ivp/ss/gen_schedule` answers",
} as const;
const ENGINE = { icon: "mdi:engine" } as const;

function named(key: string, name: string): Pick<Row<GeneratorContext>, "key" | "id" | "name" | "native"> {
  return { key, id: `generator_${key}`, name, native: `generator/generator_${key}` };
}

export const GENERATOR = section<GeneratorContext>(
  { topic: "generator", exists: "a generator is configured; firmware 5.0 and later", lasts: "device" },
  [
    { ...status, ...named("admin_state", "Admin state"), ...ENGINE, get: (c) => c.status?.adminState },
    { ...status, ...named("oper_state", "Operating state"), ...ENGINE, get: (c) => c.status?.operState },
    {
      ...status,
      ...named("start_soc", "Start battery level"),
      deviceClass: "battery",
      unit: "%",
      stateClass: "measurement",
      get: (c) => charge(c.status?.startSoc),
    },
    {
      ...status,
      ...named("stop_soc", "Stop battery level"),
      deviceClass: "battery",
      unit: "%",
      stateClass: "measurement",
      get: (c) => charge(c.status?.stopSoc),
    },
    { ...status, ...named("present", "Present"), ...BINARY, get: (c) => c.status?.present },
    {
      ...status,
      ...named("schedule_enabled", "Schedule enabled"),
      ...BINARY,
      icon: "mdi:calendar-clock",
      get: ({ status }) => (status?.schedule == null ? null : status.schedule !== 0),
    },
    { ...mode, ...named("requested_mode", "Requested mode"), ...ENGINE, get: (c) => c.mode?.command },
    { ...config, ...named("gen_type", "Generator type"), ...ENGINE, ...DIAGNOSTIC, get: (c) => c.config?.type },
    { ...config, ...named("start_method", "Start method"), ...ENGINE, ...DIAGNOSTIC, get: (c) => c.config?.startMethod },
    {
      ...config,
      ...named("max_continuous_current", "Maximum continuous current"),
      deviceClass: "current",
      unit: "A",
      ...DIAGNOSTIC,
      get: (c) => c.config?.maxContinuousAmps,
    },
    {
      ...config,
      ...named("nameplate_rating", "Nameplate rating"),
      deviceClass: "power",
      unit: "kW",
      ...DIAGNOSTIC,
      get: (c) => c.config?.nameplateKw,
    },
    { ...config, ...named("warm_up_mins", "Warm-up time"), ...MINUTES, ...DIAGNOSTIC, get: (c) => c.config?.warmUpMinutes },
    { ...config, ...named("cool_down_mins", "Cool-down time"), ...MINUTES, ...DIAGNOSTIC, get: (c) => c.config?.coolDownMinutes },
    {
      ...plan,
      ...named("exercise_start_time", "Exercise start time"),
      icon: "mdi:clock-start",
      ...DIAGNOSTIC,
      get: (c) => timeOfDay(c.schedule?.start),
    },
    { ...status, key: "admin_mode", get: (c) => c.status?.adminMode },
    { ...status, key: "exc_on", get: (c) => c.status?.excOn },
    { ...status, key: "type_number", get: (c) => c.status?.type },
    { ...config, key: "min_loading", get: (c) => c.config?.minLoadingPercent },
    { ...config, key: "max_efficiency", get: (c) => c.config?.maxEfficiencyPercent },
    { ...config, key: "model", get: (c) => c.config?.model },
    { ...config, key: "manufacturer", get: (c) => c.config?.manufacturer },
    { ...config, key: "generator_id", get: (c) => c.config?.generatorId },
    { ...config, key: "charge_from_generator", get: (c) => c.config?.chargeFromGenerator },
    { ...config, key: "config_updated_by", get: (c) => c.config?.lastUpdatedBy },
    { ...mode, key: "mode_updated_by", get: (c) => c.mode?.lastUpdatedBy },
    { ...plan, key: "exercise_weeks", get: (c) => c.schedule?.frequencyWeeks },
    { ...plan, key: "exercise_minutes", get: (c) => c.schedule?.duration },
    { ...plan, key: "exercise_day", get: (c) => c.schedule?.day },
    { ...plan, key: "default_start_soc", get: (c) => c.schedule?.startSoc },
    { ...plan, key: "default_stop_soc", get: (c) => c.schedule?.stopSoc },
    { ...plan, key: "schedule_updated_by", get: (c) => c.schedule?.lastUpdatedBy },
    { ...plan, key: "schedule", get: (c) => documentText(c.schedule?.schedule) },
  ],
);

/** The gateway says -1 where there is no such level. */
function charge(level: number | null | undefined): number | null {
  return typeof level === "number" && level >= 0 ? level : null;
}

function timeOfDay(minutes: number | null | undefined): string | null {
  if (typeof minutes !== "number" || minutes < 0 || minutes >= 1440) return null;
  const two = (part: number) => String(Math.floor(part)).padStart(2, "0");
  return `${two(minutes / 60)}:${two(minutes % 60)}:00`;
}
