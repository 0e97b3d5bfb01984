import type { AcBattery, AcbAggregate, SleepState } from "../../model/snapshot.ts";
import { BINARY, CELSIUS, CHARGE, CONNECTIVITY, DIAGNOSTIC, ENUM, POWER, TIMESTAMP } from "../looks.ts";
import { section } from "../row.ts";
import { iso, whole } from "../units.ts";

export interface AcbGroupContext {
  readonly aggregate: AcbAggregate | null;
  /** `null` while the inventory is unknown. */
  readonly batteries: readonly AcBattery[] | null;
  readonly hasInventory: boolean;
}

const DOCUMENT = "`/production.json`, `/production`: `storage[0]`";
const INVENTORY = "`/inventory.json?deleted=1`";
const V1 = "`/api/v1/production/inverters`";
const BANDS = Array.from({ length: 20 }, (_, band) => `${band * 5}-${band * 5 + 5}`);
const SLEEP = ["awake", "going_to_sleep", "asleep", "waking"] as const;
const inventoried = { from: INVENTORY, when: (c: AcbGroupContext) => c.hasInventory, exists: "the inventory lists AC batteries" } as const;

export const ACB_GROUP = section<AcbGroupContext>({ topic: "ac_battery", exists: "AC batteries are there" }, [
  {
    key: "power",
    id: "acb_power",
    ...POWER,
    precision: 0,
    get: (c) => whole(c.aggregate?.power),
    from: DOCUMENT,
    native: "acb_aggregate/acb_power",
  },
  { key: "charge", id: "acb_soc", ...CHARGE, get: (c) => c.aggregate?.stateOfCharge, from: DOCUMENT, native: "acb_aggregate/acb_soc" },
  {
    key: "state",
    id: "acb_battery_state",
    name: "Battery state",
    ...ENUM,
    icon: "mdi:battery",
    options: ["discharging", "idle", "charging", "full"],
    get: (c) => c.aggregate?.state,
    from: DOCUMENT,
    native: "acb_aggregate/acb_battery_state",
  },
  { key: "batteries", get: (c) => c.aggregate?.batteries, from: DOCUMENT },
  {
    ...inventoried,
    key: "sleep_state",
    id: "acb_aggregate_sleep_state",
    name: "Sleep state",
    ...ENUM,
    icon: "mdi:sleep",
    options: [...SLEEP, "mixed"],
    get: (c) => sleepStateOf(c.batteries),
    native: "acb_aggregate/acb_aggregate_sleep_state",
  },
  {
    ...inventoried,
    key: "sleep_band",
    id: "acb_sleep_soc",
    name: "Battery sleep SOC target",
    ...ENUM,
    ...DIAGNOSTIC,
    icon: "mdi:battery-clock",
    options: BANDS,
    get: (c) => band(c.batteries?.[0]),
    native: "acb_aggregate/acb_sleep_soc",
  },
]);

/** One state for all: a change of any of them first, then what all have in common. */
function sleepStateOf(batteries: readonly AcBattery[] | null): SleepState | "mixed" | null {
  const states = new Set(batteries?.map(({ sleepState }) => sleepState) ?? []);
  for (const changing of ["going_to_sleep", "waking"] as const) if (states.has(changing)) return changing;
  const [only = null] = states;
  return states.size > 1 ? "mixed" : only;
}

function band(battery: AcBattery | undefined): string | null {
  const { sleepMinSoc = null, sleepMaxSoc = null } = battery ?? {};
  return sleepMinSoc === null || sleepMaxSoc === null ? null : `${sleepMinSoc}-${sleepMaxSoc}`;
}

export const AC_BATTERY = section<AcBattery>(
  { topic: "ac_battery/<serial>", exists: "one for each active AC battery of the inventory", lasts: "device" },
  [
    {
      key: "charge",
      id: "acb_battery_soc",
      name: "State of charge",
      ...CHARGE,
      get: (c) => c.percentFull,
      from: INVENTORY,
      native: "acb_battery/acb_battery_soc",
    },
    {
      key: "power",
      id: "acb_battery_power",
      ...POWER,
      precision: 0,
      get: (c) => whole(c.lastReportWatts),
      from: V1,
      native: "acb_battery/acb_battery_power",
    },
    {
      key: "temperature",
      id: "acb_battery_temperature",
      ...CELSIUS,
      ...DIAGNOSTIC,
      precision: 1,
      get: (c) => c.maxCellTemp,
      from: INVENTORY,
      native: "acb_battery/acb_battery_temperature",
    },
    {
      key: "charge_status",
      id: "acb_battery_charge_status",
      name: "Charge status",
      ...ENUM,
      icon: "mdi:battery",
      options: ["charging", "discharging", "idle"],
      get: (c) => c.chargeStatus,
      from: INVENTORY,
      native: "acb_battery/acb_battery_charge_status",
    },
    {
      key: "last_reported",
      id: "acb_battery_last_reported",
      name: "Last reported",
      ...TIMESTAMP,
      ...DIAGNOSTIC,
      get: (c) => iso(c.lastReportAt),
      from: V1,
      native: "acb_battery/acb_battery_last_reported",
      lasting: true,
    },
    {
      key: "sleep_band",
      id: "acb_battery_sleep_soc_target",
      name: "Sleep SOC target",
      ...DIAGNOSTIC,
      icon: "mdi:battery-clock-outline",
      get: (c) => band(c),
      from: INVENTORY,
      native: "acb_battery/acb_battery_sleep_soc_target",
    },
    {
      key: "sleep_state",
      id: "acb_battery_sleep_state",
      name: "Sleep state",
      ...ENUM,
      icon: "mdi:sleep",
      options: SLEEP,
      get: (c) => c.sleepState,
      from: INVENTORY,
      native: "acb_battery/acb_battery_sleep_state",
    },
    {
      key: "communicating",
      id: "communicating",
      name: "Communicating",
      ...CONNECTIVITY,
      ...DIAGNOSTIC,
      get: (c) => c.communicating,
      from: INVENTORY,
      native: "acb_battery/communicating",
    },
    {
      key: "operating",
      id: "operating",
      name: "Operating",
      ...BINARY,
      ...DIAGNOSTIC,
      icon: "mdi:cog",
      get: (c) => c.operating,
      from: INVENTORY,
      native: "acb_battery/operating",
    },
    {
      key: "producing",
      id: "producing",
      name: "Producing",
      ...BINARY,
      icon: "mdi:flash",
      get: (c) => c.producing,
      from: INVENTORY,
      native: "acb_battery/producing",
    },
    { key: "max_power", get: (c) => whole(c.maxReportWatts), from: V1 },
    { key: "sleep_enabled", get: (c) => c.sleepEnabled, from: INVENTORY },
    { key: "device_status", get: (c) => c.deviceStatus?.join(",") ?? null, from: INVENTORY },
    { key: "part_number", get: (c) => c.partNumber, from: INVENTORY, lasting: true },
  ],
);
