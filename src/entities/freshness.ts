import type { GroupName, Groups, Snapshot } from "../model/snapshot.ts";
import type { Facts, FactsOptions, Intervals } from "./facts.ts";
import type { Lasts } from "./row.ts";

/** How often each group is read at the least. */
const INTERVAL: Readonly<Record<Exclude<GroupName, "home">, keyof Intervals>> = {
  production: "production",
  consumption: "production",
  netConsumption: "production",
  acb: "production",
  meters: "meters",
  inverters: "inverters",
  acBatteries: "inverters",
  encharges: "production",
  enchargePower: "production",
  enchargeAggregate: "production",
  batteryAggregate: "production",
  enpower: "production",
  dryContacts: "production",
  collar: "production",
  c6: "production",
  tariff: "inventory",
  generator: "production",
  generatorConfig: "inventory",
  generatorMode: "production",
  generatorSchedule: "inventory",
  pelSettings: "inventory",
  pvLimit: "inventory",
  dpel: "inventory",
};

const MISSED = 3;
const LEAST_MS = 90_000;
/** A source that answers slowly is asked less often: no more than a tenth of the time is spent on it. */
const SHARE = 10;

/** True where a group was never read, or its last three readings are missing and 90 s have passed: its live values are unknown. */
export function isStale(facts: Facts, group: GroupName): boolean {
  const reading = facts.snapshot[group];
  if (reading === undefined) return true;
  if (group === "home") return false;
  const interval = Math.max(facts.options.intervals[INTERVAL[group]] * 1000, slowestReply(facts) * SHARE);
  return facts.now - reading.readAt > Math.max(LEAST_MS, MISSED * interval);
}

/** The names of the groups whose live values are unknown. */
export function staleGroups(facts: Facts): string {
  let names = "";
  for (const group in facts.snapshot) if (isStale(facts, group as GroupName)) names += `${group} `;
  return names;
}

/** The value of a group that is still true, else `null`. */
export function fresh<G extends GroupName>(facts: Facts, group: G): Groups[G] | null {
  return isStale(facts, group) ? null : lastKnown(facts.snapshot, group);
}

/** The last good reading's value, however old. */
export function lastKnown<G extends GroupName>(snapshot: Snapshot, group: G): Groups[G] | null {
  const reading = snapshot[group];
  return reading === undefined ? null : (reading.value as Groups[G]);
}

/** The latest moment at which one of `groups` was measured; `null` before the first reading. */
export function measuredAt(snapshot: Snapshot, ...groups: readonly GroupName[]): number | null {
  return groups.reduce<number | null>((latest, group) => {
    const at = snapshot[group]?.measuredAt ?? null;
    return at === null || (latest !== null && latest >= at) ? latest : at;
  }, null);
}

/** Seconds after which the broker forgets a payload (MQTT 5). */
export function expiry(lasts: Lasts, interval: keyof Intervals, options: FactsOptions): number | null {
  const seconds = options.intervals[interval];
  if (lasts === "forever") return null;
  return lasts === "live" ? Math.max(300, 5 * seconds) : Math.max(1800, 3 * seconds);
}

function slowestReply({ health }: Facts): number {
  return health.reduce((slowest, { replyMs }) => Math.max(slowest, replyMs ?? 0), 0);
}
