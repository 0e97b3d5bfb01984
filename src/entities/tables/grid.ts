import type { Phase } from "../../model/capabilities.ts";
import type { CounterValue } from "../../model/energy.ts";
import type { PowerEnergyGroup } from "../../model/snapshot.ts";
import { BINARY, CONNECTIVITY, COUNTER, DIAGNOSTIC, POWER } from "../looks.ts";
import { section } from "../row.ts";
import { kwh, negative, positive, whole } from "../units.ts";

export interface GridContext {
  /** W, positive imports; of the whole and of phases. */
  readonly power: number | null;
  readonly phases: { readonly [phase in Phase]?: number | null };
  readonly source: "net-consumption CT" | "balanced" | null;
  readonly connected: boolean | null;
  readonly hasPower: boolean;
  readonly hasConnected: boolean;
}

export interface BalancedContext {
  readonly group: PowerEnergyGroup | null;
  /** The document it comes from counts from zero again although production or consumption were counted before. */
  readonly implausible: boolean;
}

export interface GridEnergyContext {
  readonly imported: CounterValue | undefined;
  readonly exported: CounterValue | undefined;
}

const DERIVED = "the net-consumption CT (`/ivp/meters/readings`), else the balanced net consumption (`/production.json`, `/production`)";
const BALANCED_FROM = "`/production.json`, `/production`";

function gridPower({ power, phases }: GridContext, phase: Phase | null): number | null {
  return phase === null ? power : (phases[phase] ?? null);
}

const hasPower = ({ hasPower, phases }: GridContext, phase: Phase | null) => (phase === null ? hasPower : phases[phase] !== undefined);
const metered = { when: hasPower, exists: "net consumption is metered or balanced", from: DERIVED };

export const GRID = section<GridContext>(
  { topic: "grid", exists: "net consumption is metered or balanced, or a System Controller or a collar is there" },
  [
    {
      ...metered,
      key: "power",
      id: "grid_power",
      name: "Grid power",
      ...POWER,
      precision: 0,
      get: (c, p) => whole(gridPower(c, p)),
      phases: true,
    },
    {
      ...metered,
      key: "import_power",
      id: "grid_import_power",
      name: "Grid import power",
      ...POWER,
      precision: 0,
      get: (c) => positive(whole(c.power)),
    },
    {
      ...metered,
      key: "export_power",
      id: "grid_export_power",
      name: "Grid export power",
      ...POWER,
      precision: 0,
      get: (c) => negative(whole(c.power)),
    },
    { ...metered, key: "power_source", get: (c) => c.source },
    {
      key: "connected",
      id: "grid_connected",
      name: "Grid connected",
      ...CONNECTIVITY,
      icon: "mdi:transmission-tower",
      get: (c) => c.connected,
      from: "`/ivp/ensemble/inventory`: the System Controller's `mains_oper_state`, else the collar's `admin_state_str`, else its `mid_state`",
      when: (c) => c.hasConnected,
      exists: "a System Controller or a collar is there",
    },
  ],
);

function balanced({ group }: BalancedContext, phase: Phase | null) {
  return phase === null ? (group?.total ?? null) : (group?.phases[phase] ?? null);
}
const hasBalanced = ({ group }: BalancedContext, phase: Phase | null) => phase === null || group?.phases[phase] !== undefined;
const balancedRow = { from: BALANCED_FROM, phases: true, when: hasBalanced, exists: "phases: more than one is metered", enabled: false };
/** kWh, import minus export as the gateway counts them; days of the bridge's own are those of import and of export. */
const ownDays = { phases: true, when: hasBalanced, exists: "phases: more than one is metered", from: BALANCED_FROM } as const;
const BALANCED_EXISTS = "a consumption CT is enabled";

export const BALANCED = section<BalancedContext>({ topic: "grid", exists: BALANCED_EXISTS }, [
  {
    ...balancedRow,
    key: "balanced_power",
    id: "balanced_net_consumption",
    name: "Balanced net power consumption",
    ...POWER,
    precision: 0,
    get: (c, p) => whole(balanced(c, p)?.wattsNow),
    native: "envoy/balanced_net_consumption",
  },
  {
    ...balancedRow,
    phases: false,
    key: "balanced_import_power",
    id: "balanced_import_power",
    name: "Balanced import power",
    ...POWER,
    precision: 0,
    get: (c) => positive(whole(balanced(c, null)?.wattsNow)),
  },
  {
    ...balancedRow,
    phases: false,
    key: "balanced_export_power",
    id: "balanced_export_power",
    name: "Balanced export power",
    ...POWER,
    precision: 0,
    get: (c) => negative(whole(balanced(c, null)?.wattsNow)),
  },
  { ...ownDays, key: "gateway_energy_today", get: (c, p) => kwh(balanced(c, p)?.whToday) },
  { ...ownDays, key: "gateway_energy_seven_days", get: (c, p) => kwh(balanced(c, p)?.whLastSevenDays) },
]);

export const BALANCED_ENERGY = section<BalancedContext>({ topic: "energy", exists: BALANCED_EXISTS, lasts: "forever", qos: 1 }, [
  {
    ...balancedRow,
    key: "balanced_net_kwh",
    id: "lifetime_balanced_net_consumption",
    name: "Lifetime balanced net energy consumption",
    ...COUNTER,
    // Import minus export: it falls while more is exported than imported.
    stateClass: "total",
    precision: 3,
    get: (c, p) => (c.implausible ? null : kwh(balanced(c, p)?.whLifetime)),
    from: `${BALANCED_FROM}; unknown while the document is implausible`,
    native: "envoy/lifetime_balanced_net_consumption",
    lasting: true,
  },
]);

const estimated = { lasting: true, ...COUNTER, precision: 3 } as const;
const ENERGY_FROM = "the net-consumption CT's counters, else the bridge integrates the grid power";

export const GRID_ENERGY = section<GridEnergyContext>(
  { topic: "energy", exists: "net consumption is metered or balanced", lasts: "forever", qos: 1 },
  [
    {
      ...estimated,
      key: "grid_import_kwh",
      id: "grid_import_energy",
      name: "Grid import energy",
      get: (c) => kwh(c.imported?.lifetimeWh),
      from: ENERGY_FROM,
    },
    {
      ...estimated,
      key: "grid_export_kwh",
      id: "grid_export_energy",
      name: "Grid export energy",
      get: (c) => kwh(c.exported?.lifetimeWh),
      from: ENERGY_FROM,
    },
    {
      key: "grid_energy_estimated",
      id: "grid_energy_estimated",
      name: "Grid energy estimated",
      ...BINARY,
      ...DIAGNOSTIC,
      get: (c) => c.imported?.estimated ?? null,
      from: "true where the bridge integrates it",
      lasting: true,
    },
  ],
);
