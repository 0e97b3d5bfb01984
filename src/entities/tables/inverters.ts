import type { CounterValue } from "../../model/energy.ts";
import type { Inverter } from "../../model/snapshot.ts";
import { CELSIUS, COUNTER, CURRENT, DIAGNOSTIC, FREQUENCY, MINUTES, POWER, PROBLEM, SECONDS, TIMESTAMP, VOLTAGE } from "../looks.ts";
import { section } from "../row.ts";
import { iso, kwh, whole } from "../units.ts";

export interface InverterContext {
  readonly inverter: Inverter;
  /** Lifetime energy. */
  readonly counter: CounterValue | undefined;
  /** The gateway reads device data, which has more than power. */
  readonly detailed: boolean;
  readonly readAt: number;
  readonly silent: boolean;
}

const BOTH = "`/ivp/pdm/device_data`, `/api/v1/production/inverters`";
const DETAILS = "`/ivp/pdm/device_data`";
const detail = {
  from: DETAILS,
  enabled: false,
  when: ({ detailed }: InverterContext) => detailed,
  exists: "the gateway has device data (fewer inverters than its limit)",
} as const;

export const INVERTER = section<InverterContext>({ topic: "inverter/<serial>", exists: "one for each inverter", lasts: "device" }, [
  {
    key: "power",
    id: "power",
    unique: "",
    name: null,
    ...POWER,
    precision: 0,
    get: (c) => whole(c.inverter.lastReportWatts),
    from: BOTH,
    native: "inverter/inverters",
  },
  {
    ...detail,
    key: "dc_voltage",
    id: "dc_voltage",
    name: "DC voltage",
    ...VOLTAGE,
    precision: 3,
    get: (c) => c.inverter.dcVoltage,
    native: "inverter/dc_voltage",
  },
  {
    ...detail,
    key: "dc_current",
    id: "dc_current",
    name: "DC current",
    ...CURRENT,
    precision: 3,
    get: (c) => c.inverter.dcCurrent,
    native: "inverter/dc_current",
  },
  {
    ...detail,
    key: "ac_voltage",
    id: "ac_voltage",
    name: "AC voltage",
    ...VOLTAGE,
    precision: 3,
    get: (c) => c.inverter.acVoltage,
    native: "inverter/ac_voltage",
  },
  {
    ...detail,
    key: "ac_current",
    id: "ac_current",
    name: "AC current",
    ...CURRENT,
    precision: 3,
    get: (c) => c.inverter.acCurrent,
    native: "inverter/ac_current",
  },
  {
    ...detail,
    key: "ac_frequency",
    id: "ac_frequency",
    ...FREQUENCY,
    precision: 3,
    get: (c) => c.inverter.acFrequency,
    native: "inverter/ac_frequency",
  },
  {
    ...detail,
    key: "temperature",
    id: "temperature",
    ...CELSIUS,
    ...DIAGNOSTIC,
    precision: 3,
    get: (c) => c.inverter.temperature,
    native: "inverter/temperature",
  },
  {
    ...detail,
    key: "lifetime_energy_kwh",
    id: "lifetime_energy",
    name: "Lifetime energy production",
    ...COUNTER,
    get: (c) => kwh(c.counter?.lifetimeWh),
    from: `${DETAILS}, guarded by the bridge`,
    native: "inverter/lifetime_energy",
    lasting: true,
  },
  {
    ...detail,
    key: "energy_today",
    id: "energy_today",
    name: "Energy production today",
    ...COUNTER,
    unit: "Wh",
    get: (c) => c.inverter.todayWh,
    native: "inverter/energy_today",
  },
  {
    ...detail,
    key: "last_report_duration",
    id: "last_report_duration",
    name: "Last report duration",
    ...SECONDS,
    ...DIAGNOSTIC,
    get: (c) => c.inverter.lastReportDuration,
    native: "inverter/last_report_duration",
  },
  {
    key: "max_power",
    id: "max_reported",
    name: "Lifetime maximum power",
    ...POWER,
    ...DIAGNOSTIC,
    enabled: false,
    get: (c) => c.inverter.maxReportWatts,
    from: BOTH,
    native: "inverter/max_reported",
  },
  {
    key: "last_reported",
    id: "last_reported",
    name: "Last reported",
    ...TIMESTAMP,
    enabled: false,
    get: (c) => iso(c.inverter.lastReportAt),
    from: BOTH,
    native: "inverter/last_reported",
    lasting: true,
  },
  {
    key: "data_age",
    id: "data_age",
    name: "Data age",
    ...MINUTES,
    stateClass: "measurement",
    ...DIAGNOSTIC,
    enabled: false,
    get: ({ inverter, readAt }) =>
      inverter.lastReportAt === null ? null : Math.max(0, Math.round((readAt - inverter.lastReportAt) / 60_000)),
    from: "age of the last report when the gateway was asked",
  },
  {
    key: "problem",
    id: "problem",
    ...PROBLEM,
    ...DIAGNOSTIC,
    get: (c) => c.silent,
    from: "silent for an hour longer than the inverter that reported last, or for 36 hours",
  },
]);
