import { counterReadings, powerReadings } from "../../src/entities/counters.ts";
import { DEFAULT_INTERVALS, type Facts } from "../../src/entities/facts.ts";
import { type Capabilities, NO_CAPABILITIES } from "../../src/model/capabilities.ts";
import type { CounterValue, EnergyValues } from "../../src/model/energy.ts";
import { parseFirmware } from "../../src/model/firmware.ts";
import type { LifecycleStatus } from "../../src/model/lifecycle.ts";
import type { GroupName, Groups, Inverter, PowerEnergy, Snapshot } from "../../src/model/snapshot.ts";

export const NOW = Date.UTC(2026, 10, 25, 12, 0, 0);
export const SERIAL = "122312345678";

export const AUTHENTICATED: LifecycleStatus = {
  state: "authenticated",
  since: NOW - 3_600_000,
  reason: "polling",
  nextAttempt: null,
  tokenExpires: NOW + 200 * 86_400_000,
  role: "owner",
  renewal: "ok",
};

/** Readings of now. */
export function snapshotOf(groups: Partial<Groups>, at = NOW): Snapshot {
  return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name as GroupName, { value, readAt: at, measuredAt: at }]));
}

/** Counters as the gateway gives them: what the books say of a gateway without glitches. */
export function honestEnergy(snapshot: Snapshot, capabilities: Capabilities): EnergyValues {
  const values = new Map<string, CounterValue>();
  for (const { id, wh, todayWh = null, sevenDaysWh = null } of counterReadings(snapshot, capabilities)) {
    values.set(id, { lifetimeWh: wh, todayWh, sevenDaysWh, estimated: false });
  }
  for (const { id } of powerReadings(snapshot, capabilities))
    values.set(id, { lifetimeWh: 12_345, todayWh: 1, sevenDaysWh: 2, estimated: true });
  return values;
}

export interface FactsOf extends Omit<Partial<Facts>, "capabilities" | "snapshot"> {
  readonly capabilities?: Partial<Capabilities>;
  readonly groups?: Partial<Groups>;
  readonly snapshot?: Snapshot;
}

export function factsOf({ capabilities, groups, ...rest }: FactsOf = {}): Facts {
  const has: Capabilities = { ...NO_CAPABILITIES, production: "production.json", ...capabilities };
  const snapshot = rest.snapshot ?? snapshotOf(groups ?? {});
  return {
    gateway: { serial: SERIAL, firmware: parseFirmware("8.3.1598"), partNumber: "800-00654-r08", metered: true, scheme: "https" },
    capabilities: has,
    snapshot,
    energy: honestEnergy(snapshot, has),
    lifecycle: AUTHENTICATED,
    health: [],
    configurationUrl: "https://192.0.2.10",
    now: NOW,
    options: { intervals: DEFAULT_INTERVALS },
    ...rest,
  };
}

export function powerEnergy(wattsNow: number, whLifetime = 1_000_000): PowerEnergy {
  return { wattsNow, whLifetime, whToday: 1234, whLastSevenDays: 56_789 };
}

export function inverterOf(serial: string, some: Partial<Inverter> = {}): Inverter {
  return {
    serial,
    lastReportAt: NOW - 300_000,
    lastReportWatts: 200,
    maxReportWatts: 366,
    dcVoltage: 30.5,
    dcCurrent: 6.5,
    acVoltage: 240.1,
    acCurrent: 0.83,
    acFrequency: 60,
    temperature: 31,
    lifetimeWh: 777_001,
    todayWh: 900,
    lastReportDuration: 903,
    ...some,
  };
}

export function inverters(count: number): ReadonlyMap<string, Inverter> {
  const serials = Array.from({ length: count }, (_, n) => String(482_200_000_000 + n));
  return new Map(serials.map((serial) => [serial, inverterOf(serial)]));
}
