import type { MeterType, Phase } from "../../model/capabilities.ts";
import { METER_TYPES } from "../../model/capabilities.ts";
import type { EnergyValues } from "../../model/energy.ts";
import type { CtMeter, CtMeterGroup } from "../../model/snapshot.ts";
import { APPARENT, COUNTER, CURRENT, DIAGNOSTIC, ENUM, FREQUENCY, POWER, POWER_FACTOR, REACTIVE, VOLTAGE } from "../looks.ts";
import { type Row, type Section, section } from "../row.ts";
import { iso, kwh, whole } from "../units.ts";

/** `group` is `null` before the first reading. */
export interface MeterContext {
  readonly type: MeterType;
  readonly group: CtMeterGroup | null;
  readonly energy: EnergyValues;
}

/** What Home Assistant's integration calls the entities of one CT type: ids are older than names, hence the exceptions. */
interface Naming {
  readonly label: string;
  readonly delivered: readonly [id: string, name: string];
  readonly received: readonly [id: string, name: string];
  readonly power: readonly [id: string, name: string];
  readonly frequency: string;
  readonly voltage: string;
  /** Before `_current`, `_powerfactor`. */
  readonly short: string;
  /** Before `_metering_status`, `_status_flags`. */
  readonly long: string;
}

function regular(prefix: string, label: string, title: string): Naming {
  return {
    label,
    delivered: [`${prefix}_ct_energy_delivered`, `${title} CT energy delivered`],
    received: [`${prefix}_ct_energy_received`, `${title} CT energy received`],
    power: [`${prefix}_ct_power`, `${title} CT power`],
    frequency: `${prefix}_ct_frequency`,
    voltage: `${prefix}_ct_voltage`,
    short: `${prefix}_ct`,
    long: `${prefix}_ct`,
  };
}

const NAMING: Readonly<Record<MeterType, Naming>> = {
  production: regular("production", "production", "Production"),
  "net-consumption": {
    label: "net consumption",
    delivered: ["lifetime_net_consumption", "Lifetime net energy consumption"],
    received: ["lifetime_net_production", "Lifetime net energy production"],
    power: ["net_consumption", "Current net power consumption"],
    frequency: "frequency",
    voltage: "voltage",
    short: "net_ct",
    long: "net_consumption_ct",
  },
  "total-consumption": regular("total_consumption", "total consumption", "Total consumption"),
  storage: {
    label: "storage",
    delivered: ["lifetime_battery_discharged", "Lifetime battery energy discharged"],
    received: ["lifetime_battery_charged", "Lifetime battery energy charged"],
    power: ["battery_discharge", "Current battery discharge"],
    frequency: "storage_ct_frequency",
    voltage: "storage_voltage",
    short: "storage_ct",
    long: "storage_ct",
  },
  backfeed: regular("backfeed", "backfeed", "Backfeed"),
  load: regular("load", "load", "Load"),
  evse: regular("evse", "EVSE", "EVSE"),
  pv3p: regular("pv3p", "PV3P", "PV3P"),
};

const READINGS = "`/ivp/meters/readings`";
const METERS = "`/ivp/meters`";
const PHASES_EXIST = "phases: the CT has more than one";

function of(context: MeterContext, phase: Phase | null): CtMeter | null {
  return phase === null ? (context.group?.total ?? null) : (context.group?.phases[phase] ?? null);
}

function has(context: MeterContext, phase: Phase | null): boolean {
  return phase === null || context.group?.phases[phase] !== undefined;
}

function saysAny(field: keyof CtMeter): (context: MeterContext, phase: Phase | null) => boolean {
  return (context, phase) => typeof of(context, phase)?.[field] === "number";
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function live(type: MeterType): readonly Row<MeterContext>[] {
  const { label, power, frequency, voltage, short, long } = NAMING[type];
  const shared = { phases: true, when: has, exists: PHASES_EXIST, from: READINGS };
  const off = { ...shared, enabled: false };
  const measure = (id: string, name: string) => ({ ...off, id, name, native: `envoy/${id}` });
  return [
    {
      ...shared,
      key: "power",
      id: power[0],
      name: power[1],
      ...POWER,
      precision: 0,
      get: (c, p) => whole(of(c, p)?.activePower),
      native: `envoy/${power[0]}`,
    },
    { ...measure(frequency, `Frequency ${label} CT`), key: "frequency", ...FREQUENCY, precision: 1, get: (c, p) => of(c, p)?.frequency },
    { ...measure(voltage, `Voltage ${label} CT`), key: "voltage", ...VOLTAGE, precision: 1, get: (c, p) => of(c, p)?.voltage },
    {
      ...measure(`${short}_current`, `${capital(label)} CT current`),
      key: "current",
      ...CURRENT,
      precision: 3,
      get: (c, p) => of(c, p)?.current,
    },
    {
      ...measure(`${short}_powerfactor`, `Power factor ${label} CT`),
      key: "power_factor",
      ...POWER_FACTOR,
      precision: 2,
      get: (c, p) => of(c, p)?.powerFactor,
    },
    {
      ...off,
      key: "apparent_power",
      id: `${short}_apparent_power`,
      name: `Apparent power ${label} CT`,
      ...APPARENT,
      precision: 0,
      get: (c, p) => of(c, p)?.apparentPower,
      when: saysAny("apparentPower"),
      exists: "the CT says it",
    },
    {
      ...off,
      key: "reactive_power",
      id: `${short}_reactive_power`,
      name: `Reactive power ${label} CT`,
      ...REACTIVE,
      precision: 0,
      get: (c, p) => of(c, p)?.reactivePower,
      when: saysAny("reactivePower"),
      exists: "the CT says it",
    },
    {
      ...measure(`${long}_metering_status`, `Metering status ${label} CT`),
      key: "metering_status",
      ...ENUM,
      ...DIAGNOSTIC,
      options: ["normal", "not-metering", "check-wiring"],
      get: (c, p) => of(c, p)?.meteringStatus,
      from: METERS,
    },
    {
      ...measure(`${long}_status_flags`, `Meter status flags active ${label} CT`),
      key: "status_flags",
      ...DIAGNOSTIC,
      get: (c, p) => flagCount(of(c, p)),
      from: METERS,
    },
    { key: "status_flag_names", get: (c) => of(c, null)?.statusFlags?.join(",") ?? null, from: METERS },
    { key: "state", get: (c) => of(c, null)?.state, from: METERS },
    { key: "eid", phases: true, when: has, exists: PHASES_EXIST, get: (c, p) => of(c, p)?.eid, from: READINGS, lasting: true },
    { key: "measured_at", get: (c) => iso(of(c, null)?.measuredAt), from: READINGS, lasting: true },
  ];
}

/** A meter that names no flags has none. */
function flagCount(meter: CtMeter | null): number | null {
  return meter === null ? null : (meter.statusFlags?.length ?? 0);
}

function counters(type: MeterType): readonly Row<MeterContext>[] {
  return (["delivered", "received"] as const).map((direction) => ({
    key: `meter_${type.replaceAll("-", "_")}_${direction}_kwh`,
    id: NAMING[type][direction][0],
    name: NAMING[type][direction][1],
    ...COUNTER,
    precision: 0,
    get: (c, phase) => kwh(c.energy.get(`meter/${type}/${direction}${phase === null ? "" : `_${phase}`}`)?.lifetimeWh),
    from: `${READINGS}, guarded by the bridge`,
    native: `envoy/${NAMING[type][direction][0]}`,
    phases: true,
    when: has,
    exists: PHASES_EXIST,
    lasting: true,
  }));
}

/** The two sections of one CT type: its live values, and its part of `energy`. */
export interface MeterSections {
  readonly live: Section<MeterContext>;
  readonly energy: Section<MeterContext>;
}

function sectionsOf(type: MeterType): MeterSections {
  const exists = `a CT of type \`${type}\` is enabled`;
  return {
    live: section({ topic: `meter/${type}`, exists }, live(type)),
    energy: section({ topic: "energy", exists, lasts: "forever", qos: 1 }, counters(type)),
  };
}

/** For each CT type that Home Assistant's integration knows. */
export const METER_SECTIONS: ReadonlyMap<MeterType, MeterSections> = new Map(METER_TYPES.map((type) => [type, sectionsOf(type)]));
