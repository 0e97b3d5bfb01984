/** CT types that have names in Home Assistant's integration; another type of newer firmware is passed over. */
export const METER_TYPES = ["production", "net-consumption", "total-consumption", "storage", "backfeed", "load", "evse", "pv3p"] as const;
export type MeterType = (typeof METER_TYPES)[number];

export const PHASES = ["l1", "l2", "l3"] as const;
export type Phase = (typeof PHASES)[number];

/** From where production and consumption are read. */
export type ProductionRoute = "production.json" | "production" | "v1" | "inverters-section";

/** What the probe found that this gateway has. Only this is polled. */
export interface Capabilities {
  /** CTs enabled at probe time, in the gateway's order. */
  readonly meters: readonly { readonly eid: number; readonly type: string }[];
  /** Phases of the enabled CTs: 1, 2 (split) or 3. */
  readonly phaseCount: number;
  /** `phaseMode` of the last enabled CT: `split`, `three`; `null` without CTs. */
  readonly phaseMode: string | null;
  readonly production: ProductionRoute | null;
  /** Which production document the `inverters-section` and the AC batteries' sum are read from. */
  readonly productionDocument: "production.json" | "production";
  /** The production document also gives them (total-consumption / net-consumption), and from which route. */
  readonly consumption: ProductionRoute | null;
  readonly netConsumption: ProductionRoute | null;
  /** A CT measures production (MET of the reference). */
  readonly metering: boolean;
  /** From where inverters are read: `both` merges device data with V1 above the device limit. */
  readonly inverters: "device_data" | "v1" | "both" | null;
  /** Number of AC batteries in `storage[0]`, 0 without. */
  readonly acBatteries: number;
  /** `/inventory.json?deleted=1` lists AC batteries. */
  readonly acBatteryInventory: boolean;
  readonly encharge: boolean;
  readonly enpower: boolean;
  readonly collar: boolean;
  readonly c6: boolean;
  readonly tariff: boolean;
  readonly generator: boolean;
  readonly generatorStatus: boolean;
  readonly generatorMode: boolean;
  readonly generatorSchedule: boolean;
  readonly pelSettings: boolean;
  readonly pvLimit: boolean;
  readonly dpel: boolean;
}

/** A gateway of which nothing is known yet. */
export const NO_CAPABILITIES: Capabilities = {
  meters: [],
  phaseCount: 1,
  phaseMode: null,
  production: null,
  productionDocument: "production.json",
  consumption: null,
  netConsumption: null,
  metering: false,
  inverters: null,
  acBatteries: 0,
  acBatteryInventory: false,
  encharge: false,
  enpower: false,
  collar: false,
  c6: false,
  tariff: false,
  generator: false,
  generatorStatus: false,
  generatorMode: false,
  generatorSchedule: false,
  pelSettings: false,
  pvLimit: false,
  dpel: false,
};
