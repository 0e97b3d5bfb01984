import type { Capabilities, Phase } from "../model/capabilities.ts";
import { PHASES } from "../model/capabilities.ts";
import type { EnergyValues } from "../model/energy.ts";
import type { EnchargePower, GroupName, Groups, Snapshot } from "../model/snapshot.ts";
import type { Facts } from "./facts.ts";
import { fresh, lastKnown } from "./freshness.ts";
import { adminWord } from "./tables/collar.ts";
import type { BalancedContext } from "./tables/grid.ts";
import { closed } from "./tables/system-controller.ts";
import { oneOf } from "./units.ts";

/** Reads a group; `null` where it is unknown. */
export type Reader = <G extends GroupName>(group: G) => Groups[G] | null;

export function freshReader(facts: Facts): Reader {
  return (group) => fresh(facts, group);
}

export function lastReader(snapshot: Snapshot): Reader {
  return (group) => lastKnown(snapshot, group);
}

export function hasMeter({ meters }: Capabilities, type: string): boolean {
  return meters.some((meter) => meter.type === type);
}

/** W, positive imports. The CT says it first hand; without one the gateway's balanced net consumption does. */
export function gridPower(capabilities: Capabilities, read: Reader, phase: Phase | null): number | null {
  if (hasMeter(capabilities, "net-consumption")) {
    const group = read("meters")?.get("net-consumption");
    return (phase === null ? group?.total : group?.phases[phase])?.activePower ?? null;
  }
  const group = read("netConsumption");
  return (phase === null ? group?.total : group?.phases[phase])?.wattsNow ?? null;
}

/** Grid power of each phase that is metered. */
export function gridPhases(capabilities: Capabilities, known: Reader, now: Reader): { readonly [phase in Phase]?: number | null } {
  const group = hasMeter(capabilities, "net-consumption") ? known("meters")?.get("net-consumption") : known("netConsumption");
  const metered = PHASES.filter((phase) => group?.phases[phase] !== undefined);
  return Object.fromEntries(metered.map((phase) => [phase, gridPower(capabilities, now, phase)]));
}

/** Batteries of any kind whose power can be known. */
export function hasBatteryPower(capabilities: Capabilities): boolean {
  return hasMeter(capabilities, "storage") || capabilities.encharge || capabilities.acBatteries > 0;
}

/** W, positive discharges: the storage CT, else the sum of all batteries, `null` while one of them is unknown. */
export function batteryPower(capabilities: Capabilities, read: Reader): number | null {
  if (hasMeter(capabilities, "storage")) return read("meters")?.get("storage")?.total?.activePower ?? null;
  const parts: (number | null)[] = [];
  if (capabilities.encharge) parts.push(enchargeWatts(read("enchargePower")));
  if (capabilities.acBatteries > 0) parts.push(read("acb")?.power ?? null);
  return parts.length === 0 ? null : sum(parts);
}

function enchargeWatts(batteries: ReadonlyMap<string, EnchargePower> | null): number | null {
  const milliwatts = sum([...(batteries?.values() ?? [])].map(({ realPowerMw }) => realPowerMw));
  return batteries === null || milliwatts === null ? null : milliwatts / 1000;
}

function sum(parts: readonly (number | null)[]): number | null {
  let total = 0;
  for (const part of parts) {
    if (part === null) return null;
    total += part;
  }
  return total;
}

/**
 * Whether the house is connected to the grid: the System Controller's relay, else the collar. A collar's `grid_state` does not follow
 * islanding, its `admin_state_str` does.
 */
export function gridConnected(read: Reader): boolean | null {
  const enpower = read("enpower");
  if (enpower !== null) return closed(enpower.mainsOperState);
  const collar = read("collar");
  return (
    oneOf(adminWord(collar?.adminStateText ?? null), ["on_grid"], ["off_grid"]) ?? oneOf(collar?.midState, ["close", "closed"], ["open"])
  );
}

/** The production document counted from zero again, although production or consumption were counted before: nothing in it is true. */
export function balancedContext(facts: Facts): BalancedContext {
  const group = lastKnown(facts.snapshot, "netConsumption");
  const restarted = (["production", "consumption"] as const).some((id) => {
    const raw = lastKnown(facts.snapshot, id)?.total?.whLifetime;
    return raw === 0 && counted(facts.energy, id) > 0;
  });
  const zero = group?.total?.whLifetime === 0 && counted(facts.energy, "consumption") > 0;
  return { group: group, implausible: restarted || zero };
}

function counted(energy: EnergyValues, id: string): number {
  return energy.get(id)?.lifetimeWh ?? 0;
}
