import type { Phase } from "../../model/capabilities.ts";
import type { CounterId, CounterValue, EnergyValues } from "../../model/energy.ts";
import type { PowerEnergy, PowerEnergyGroup } from "../../model/snapshot.ts";
import { COUNTER, DIAGNOSTIC, POWER, SLIDING } from "../looks.ts";
import { type Row, section } from "../row.ts";
import { kwh, whole } from "../units.ts";

/** What the rows of production and of consumption are read from. `group` is `null` before the first reading. */
export interface PowerEnergyContext {
  readonly counter: "production" | "consumption";
  readonly group: PowerEnergyGroup | null;
  readonly energy: EnergyValues;
}

const DOCUMENT = "`/production.json`, `/production`";
const PRODUCTION_FROM = `${DOCUMENT}, \`/api/v1/production\``;
const BOOKS = ", guarded and counted by the bridge";

export function phaseOf(context: PowerEnergyContext, phase: Phase | null): PowerEnergy | null {
  return phase === null ? (context.group?.total ?? null) : (context.group?.phases[phase] ?? null);
}

export function hasPhase(context: PowerEnergyContext, phase: Phase | null): boolean {
  return phase === null || context.group?.phases[phase] !== undefined;
}

/** The guarded counter of a phase, or of the whole. */
function counted({ counter, energy }: PowerEnergyContext, phase: Phase | null): CounterValue | undefined {
  const id: CounterId = phase === null ? counter : `${counter}_${phase}`;
  return energy.get(id);
}

function live(kind: "production" | "consumption", from: string, icon: string | undefined): readonly Row<PowerEnergyContext>[] {
  const shared = { phases: true, when: hasPhase, exists: "phases: more than one is metered", ...(icon === undefined ? {} : { icon }) };
  const own = { from, phases: true, when: hasPhase, enabled: false, ...DIAGNOSTIC, ...SLIDING, precision: 2 };
  return [
    {
      ...shared,
      key: "power",
      id: kind,
      name: `Current power ${kind}`,
      ...POWER,
      precision: 0,
      get: (c, phase) => whole(phaseOf(c, phase)?.wattsNow),
      from,
      native: `envoy/${kind}`,
    },
    {
      ...shared,
      key: "energy_today",
      id: `daily_${kind}`,
      name: `Energy ${kind} today`,
      ...COUNTER,
      precision: 2,
      get: (c, phase) => kwh(counted(c, phase)?.todayWh),
      from: from + BOOKS,
      native: `envoy/daily_${kind}`,
      lasting: true,
    },
    {
      ...shared,
      key: "energy_seven_days",
      id: `seven_days_${kind}`,
      name: `Energy ${kind} last seven days`,
      ...SLIDING,
      precision: 1,
      get: (c, phase) => kwh(counted(c, phase)?.sevenDaysWh),
      from: from + BOOKS,
      native: `envoy/seven_days_${kind}`,
      lasting: true,
    },
    {
      ...own,
      key: "gateway_energy_today",
      id: `gateway_daily_${kind}`,
      name: `Energy ${kind} today by gateway`,
      get: (c, phase) => kwh(phaseOf(c, phase)?.whToday),
    },
    {
      ...own,
      key: "gateway_energy_seven_days",
      id: `gateway_seven_days_${kind}`,
      name: `Energy ${kind} last seven days by gateway`,
      get: (c, phase) => kwh(phaseOf(c, phase)?.whLastSevenDays),
    },
  ];
}

function lifetime(kind: "production" | "consumption", from: string, icon: string | undefined): Row<PowerEnergyContext> {
  return {
    key: `${kind}_kwh`,
    id: `lifetime_${kind}`,
    name: `Lifetime energy ${kind}`,
    ...COUNTER,
    ...(icon === undefined ? {} : { icon }),
    precision: 0,
    get: (c, phase) => kwh(counted(c, phase)?.lifetimeWh),
    from: `${from}, guarded by the bridge`,
    native: `envoy/lifetime_${kind}`,
    phases: true,
    when: hasPhase,
    exists: "phases: more than one is metered",
    lasting: true,
  };
}

const SUN = "mdi:solar-power";
const ALWAYS = "every gateway whose production can be read";
const CONSUMPTION = "a consumption CT is enabled";

export const PRODUCTION = section({ topic: "production", exists: ALWAYS }, live("production", PRODUCTION_FROM, SUN));
export const PRODUCTION_ENERGY = section({ topic: "energy", exists: ALWAYS, lasts: "forever", qos: 1 }, [
  lifetime("production", PRODUCTION_FROM, SUN),
]);
export const CONSUMPTION_LIVE = section({ topic: "consumption", exists: CONSUMPTION }, live("consumption", DOCUMENT, undefined));
export const CONSUMPTION_ENERGY = section({ topic: "energy", exists: CONSUMPTION, lasts: "forever", qos: 1 }, [
  lifetime("consumption", DOCUMENT, undefined),
]);
