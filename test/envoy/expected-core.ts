import type { CtMeter, Inverter, PowerEnergy, PowerEnergyGroup, Snapshot } from "../../src/model/snapshot.ts";
import type { RecordedGateway } from "./recordings-folder.ts";

type Tree = { readonly [key: string]: unknown };

/** One group as we read it, in pyenphase's names, and as pyenphase reads it where we mean to differ. */
interface Comparison {
  readonly ours: (snapshot: Snapshot) => unknown;
  /** What pyenphase says, without what we read otherwise on purpose. */
  readonly theirs: (gateway: RecordedGateway) => unknown;
}

const data =
  (key: string) =>
  ({ expected }: RecordedGateway) =>
    expected.data?.[key];

/** Names as in pyenphase's data. A further group is a line here. */
export const CORE_COMPARISONS: { readonly [group: string]: Comparison } = {
  system_production: { ours: ({ production }) => energy(production?.value.total), theirs: data("system_production") },
  system_production_phases: { ours: ({ production }) => energyPhases(production?.value), theirs: data("system_production_phases") },
  system_consumption: { ours: ({ consumption }) => energy(consumption?.value.total), theirs: data("system_consumption") },
  system_consumption_phases: { ours: ({ consumption }) => energyPhases(consumption?.value), theirs: data("system_consumption_phases") },
  system_net_consumption: { ours: ({ netConsumption }) => energy(netConsumption?.value.total), theirs: data("system_net_consumption") },
  system_net_consumption_phases: {
    ours: ({ netConsumption }) => energyPhases(netConsumption?.value),
    theirs: data("system_net_consumption_phases"),
  },
  ctmeters: {
    ours: ({ meters }) => mapped(meters?.value, ({ total }) => (total === null ? undefined : ctMeter(total))),
    theirs: data("ctmeters"),
  },
  ctmeters_phases: {
    ours: ({ meters }) => mapped(meters?.value, ({ phases }) => upper(phases, ctMeter)),
    theirs: data("ctmeters_phases"),
  },
  inverters: { ours: ({ inverters }) => mapped(inverters?.value, inverter), theirs: realInverters },
  acb_power: {
    ours: ({ acb }) =>
      acb && {
        batteries: acb.value.batteries,
        charge_wh: acb.value.chargeWh,
        power: acb.value.power,
        state: acb.value.state,
        state_of_charge: acb.value.stateOfCharge,
      },
    theirs: data("acb_power"),
  },
  interface_information: {
    ours: ({ home }) =>
      home && {
        primary_interface: home.value.primaryInterface,
        interface_type: home.value.interfaceType,
        mac: home.value.mac,
        dhcp: home.value.dhcp,
        software_build_epoch: seconds(home.value.softwareBuiltAt),
        timezone: home.value.timezone,
      },
    theirs: ({ expected }) => expected.interface_information,
  },
};

/** Every single value of a tree by its place. Nothing, an empty map and no key at all are the same. */
export function leaves(tree: unknown, place = ""): ReadonlyMap<string, unknown> {
  if (tree === undefined || tree === null) return new Map();
  if (typeof tree !== "object" || Array.isArray(tree)) return new Map([[place, JSON.stringify(tree)]]);
  return new Map(Object.entries(tree).flatMap(([key, value]) => [...leaves(value, `${place}/${key}`)]));
}

function energy(values: PowerEnergy | null | undefined): Tree | null {
  if (!values) return null;
  return {
    watts_now: values.wattsNow,
    watt_hours_lifetime: values.whLifetime,
    watt_hours_today: values.whToday,
    watt_hours_last_7_days: values.whLastSevenDays,
  };
}

function energyPhases(group: PowerEnergyGroup | undefined): Tree | null {
  return group === undefined ? null : upper(group.phases, energy);
}

function ctMeter(meter: CtMeter): Tree {
  return {
    eid: meter.eid,
    timestamp: seconds(meter.measuredAt),
    energy_delivered: meter.energyDelivered,
    energy_received: meter.energyReceived,
    active_power: meter.activePower,
    power_factor: meter.powerFactor,
    voltage: meter.voltage,
    current: meter.current,
    frequency: meter.frequency,
    state: meter.state,
    measurement_type: meter.measurementType,
    metering_status: meter.meteringStatus,
    status_flags: meter.statusFlags,
  };
}

function inverter(one: Inverter): Tree {
  return {
    serial_number: one.serial,
    last_report_date: seconds(one.lastReportAt),
    last_report_watts: one.lastReportWatts,
    max_report_watts: one.maxReportWatts,
    dc_voltage: one.dcVoltage,
    dc_current: one.dcCurrent,
    ac_voltage: one.acVoltage,
    ac_current: one.acCurrent,
    ac_frequency: one.acFrequency,
    temperature: one.temperature,
    lifetime_energy: one.lifetimeWh,
    energy_today: one.todayWh,
    last_report_duration: one.lastReportDuration,
  };
}

/** AC batteries are no inverters, and `energy_produced` has a unit of its own that nobody can use. */
function realInverters({ expected, answers }: RecordedGateway): Tree {
  const listed: unknown = parsed(answers.get("/api/v1/production/inverters")?.body);
  const batteries = Array.isArray(listed) ? listed.filter((one) => one.devType === 11).map((one) => String(one.serialNumber)) : [];
  const inverters = Object.entries((expected.data?.["inverters"] ?? {}) as { readonly [serial: string]: Tree });
  const real = inverters.filter(([serial]) => !batteries.includes(serial));
  return Object.fromEntries(real.map(([serial, { energy_produced: _, ...values }]) => [serial, values]));
}

function parsed(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? "");
  } catch {
    return null;
  }
}

function mapped<T>(map: ReadonlyMap<string, T> | undefined, convert: (value: T) => unknown): Tree | undefined {
  return map && Object.fromEntries([...map].map(([key, value]) => [key, convert(value)]));
}

function upper<T>(phases: { readonly [phase: string]: T }, convert: (value: T) => unknown): Tree {
  return Object.fromEntries(Object.entries(phases).map(([phase, value]) => [phase.toUpperCase(), convert(value)]));
}

function seconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000;
}
