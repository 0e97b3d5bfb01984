import type { MeterType, Phase } from "./capabilities.ts";
import type { Json } from "./json.ts";

/** A number, or `null` where the gateway did not say it. */
export type Maybe<T = number> = T | null;
export type Phases<T> = { readonly [phase in Phase]?: T };

/** Power in W and energy in Wh, whole; may be negative at night. */
export interface PowerEnergy {
  readonly wattsNow: Maybe;
  readonly whLifetime: Maybe;
  readonly whToday: Maybe;
  readonly whLastSevenDays: Maybe;
}

/** The whole and, where several phases are configured, each phase. `total` is `null` where the gateway has it but gives no value now. */
export interface PowerEnergyGroup {
  readonly total: Maybe<PowerEnergy>;
  readonly phases: Phases<PowerEnergy>;
}

/** One CT. Power W, energy Wh, V, A, Hz; `measuredAt` epoch milliseconds. */
export interface CtMeter {
  readonly eid: number;
  readonly measuredAt: Maybe;
  readonly energyDelivered: Maybe;
  readonly energyReceived: Maybe;
  readonly activePower: Maybe;
  readonly powerFactor: Maybe;
  readonly voltage: Maybe;
  readonly current: Maybe;
  readonly frequency: Maybe;
  /** VA and var, where the gateway says them. */
  readonly apparentPower: Maybe;
  readonly reactivePower: Maybe;
  readonly state: Maybe<string>;
  readonly measurementType: string;
  readonly meteringStatus: Maybe<string>;
  readonly statusFlags: Maybe<readonly string[]>;
}
/** `total` is `null` for a CT that is configured but missing from this reading. */
export interface CtMeterGroup {
  readonly total: Maybe<CtMeter>;
  readonly phases: Phases<CtMeter>;
}

/** One microinverter. W, V, A, Hz, °C, Wh, s; times epoch milliseconds. */
export interface Inverter {
  readonly serial: string;
  readonly lastReportAt: Maybe;
  readonly lastReportWatts: Maybe;
  readonly maxReportWatts: Maybe;
  readonly dcVoltage: Maybe;
  readonly dcCurrent: Maybe;
  readonly acVoltage: Maybe;
  readonly acCurrent: Maybe;
  readonly acFrequency: Maybe;
  readonly temperature: Maybe;
  readonly lifetimeWh: Maybe;
  readonly todayWh: Maybe;
  readonly lastReportDuration: Maybe;
}

/** What ensemble devices have in common. */
export interface EnsembleDevice {
  readonly serial: string;
  readonly partNumber: Maybe<string>;
  readonly firmware: Maybe<string>;
  readonly firmwareLoadedAt: Maybe;
  readonly installedAt: Maybe;
  readonly lastReportAt: Maybe;
  readonly communicating: Maybe<boolean>;
  readonly operating: Maybe<boolean>;
  readonly adminState: Maybe;
  readonly adminStateText: Maybe<string>;
}
/** One IQ battery (Encharge). Temperature °C, capacity Wh, charge %. */
export interface Encharge extends EnsembleDevice {
  readonly bmuFirmware: Maybe<string>;
  readonly zigbeeFirmware: Maybe<string>;
  readonly commLevel24Ghz: Maybe;
  readonly commLevelSubGhz: Maybe;
  readonly dcSwitchOff: Maybe<boolean>;
  readonly capacityWh: Maybe;
  readonly revision: Maybe;
  readonly ledStatus: Maybe;
  readonly temperature: Maybe;
  readonly maxCellTemp: Maybe;
  readonly percentFull: Maybe;
}
/** `/ivp/ensemble/power`: mW and mVA, > 0 discharges; charge %. */
export interface EnchargePower {
  readonly realPowerMw: Maybe;
  readonly apparentPowerMva: Maybe;
  readonly soc: Maybe;
}
/** All IQ batteries together, from `/ivp/ensemble/secctrl`: Wh and %. */
export interface EnchargeAggregate {
  readonly availableWh: Maybe;
  readonly backupReserveWh: Maybe;
  readonly stateOfCharge: Maybe;
  readonly reserveSoc: Maybe;
  readonly configuredReserveSoc: Maybe;
  readonly maxCapacityWh: Maybe;
}
/** IQ and AC batteries together: Wh and %. */
export interface BatteryAggregate {
  readonly availableWh: Maybe;
  readonly stateOfCharge: Maybe;
  readonly maxCapacityWh: Maybe;
}
/** System Controller. Temperature °F, as the gateway gives it. */
export interface Enpower extends EnsembleDevice {
  /** Up to firmware 7. */
  readonly zigbeeFirmware: Maybe<string>;
  readonly gridMode: Maybe<string>;
  readonly mainsAdminState: Maybe<string>;
  readonly mainsOperState: Maybe<string>;
  readonly temperature: Maybe;
  readonly commLevel24Ghz: Maybe;
  readonly commLevelSubGhz: Maybe;
}
/** IQ Meter Collar. Temperature °C. */
export interface Collar extends EnsembleDevice {
  readonly temperature: Maybe;
  readonly midState: Maybe<string>;
  readonly gridState: Maybe<string>;
  readonly controlError: Maybe;
  readonly collarState: Maybe<string>;
}
export interface C6Combiner extends EnsembleDevice {
  readonly dmirVersion: Maybe<string>;
}
/** Status and settings of one dry contact, joined by id. Times seconds after midnight, charge %. */
export interface DryContact {
  readonly id: string;
  readonly status: Maybe<"open" | "closed">;
  readonly settings: Maybe<DryContactSettings>;
}
export type DryContactAction = "apply" | "shed" | "schedule" | "none";
export interface DryContactSettings {
  readonly blackStart: Maybe;
  readonly essentialStart: Maybe;
  readonly essentialEnd: Maybe;
  readonly generatorAction: Maybe<DryContactAction>;
  readonly gridAction: Maybe<DryContactAction>;
  readonly microGridAction: Maybe<DryContactAction>;
  readonly loadName: Maybe<string>;
  readonly manualOverride: Maybe<boolean>;
  readonly mode: Maybe<"manual" | "soc">;
  readonly override: Maybe<boolean>;
  readonly priority: Maybe;
  readonly pvSerials: Maybe<readonly string[]>;
  readonly socHigh: Maybe;
  readonly socLow: Maybe;
  readonly type: Maybe<"NONE" | "PV" | "LOAD" | "3RD-PV">;
}
/** AC batteries together, `storage[0]` of the production document: W (> 0 discharges), Wh, %. */
export interface AcbAggregate {
  readonly power: Maybe;
  readonly chargeWh: Maybe;
  readonly stateOfCharge: Maybe;
  readonly state: Maybe<string>;
  readonly batteries: Maybe;
}
export type SleepState = "asleep" | "going_to_sleep" | "waking" | "awake";
/** One AC battery of the inventory. */
export interface AcBattery {
  readonly serial: string;
  readonly partNumber: Maybe<string>;
  readonly sleepEnabled: Maybe<boolean>;
  readonly chargeStatus: Maybe<"charging" | "discharging" | "idle">;
  readonly deviceStatus: Maybe<readonly string[]>;
  readonly percentFull: Maybe;
  readonly maxCellTemp: Maybe;
  readonly communicating: Maybe<boolean>;
  readonly operating: Maybe<boolean>;
  readonly producing: Maybe<boolean>;
  readonly sleepMinSoc: Maybe;
  readonly sleepMaxSoc: Maybe;
  readonly sleepState: Maybe<SleepState>;
  readonly lastReportAt: Maybe;
  readonly lastReportWatts: Maybe;
  readonly maxReportWatts: Maybe;
}
export type StorageMode = "backup" | "self-consumption" | "economy";
export interface StorageSettings {
  readonly mode: Maybe<StorageMode>;
  readonly operationModeSubType: Maybe<string>;
  readonly reservedSoc: Maybe;
  readonly veryLowSoc: Maybe;
  readonly chargeFromGrid: Maybe<boolean>;
  readonly date: Maybe<string>;
  readonly optSchedules: Maybe<boolean>;
}
/** `/admin/lib/tariff`: the storage settings read, and the whole document as it came (needed to write it back). */
export interface Tariff {
  readonly currency: Maybe<string>;
  readonly date: Maybe<string>;
  readonly logger: Maybe<string>;
  readonly singleRate: Json;
  readonly seasons: Json;
  readonly seasonsSell: Json;
  readonly storage: Maybe<StorageSettings>;
  readonly document: Json;
}
export interface GeneratorStatus {
  readonly adminState: Maybe<string>;
  readonly operState: Maybe<string>;
  /** Numbers without a published meaning: `adminMode` 0 or 2, `schedule` 0 or 1, `type` 0 or 1 seen. */
  readonly adminMode: Maybe;
  readonly schedule: Maybe;
  readonly startSoc: Maybe;
  readonly stopSoc: Maybe;
  readonly excOn: Maybe;
  readonly present: Maybe<boolean>;
  readonly type: Maybe;
}
/** `nameplateKw` in kW, whatever the gateway's key says. */
export interface GeneratorConfig {
  readonly maxContinuousAmps: Maybe;
  readonly minLoadingPercent: Maybe;
  readonly maxEfficiencyPercent: Maybe;
  readonly nameplateKw: Maybe;
  readonly startMethod: Maybe<string>;
  readonly warmUpMinutes: Maybe;
  readonly coolDownMinutes: Maybe;
  readonly type: Maybe<string>;
  readonly model: Maybe<string>;
  readonly manufacturer: Maybe<string>;
  readonly lastUpdatedBy: Maybe<string>;
  readonly generatorId: Maybe<string>;
  readonly chargeFromGenerator: Maybe<boolean>;
}
export interface GeneratorMode {
  readonly command: Maybe<"off" | "on" | "auto">;
  readonly lastUpdatedBy: Maybe<string>;
}
/** Exercise start in minutes after midnight, duration in minutes; charge %. */
export interface GeneratorSchedule {
  readonly frequencyWeeks: Maybe;
  readonly start: Maybe;
  readonly duration: Maybe;
  readonly day: Maybe<string>;
  readonly startSoc: Maybe;
  readonly stopSoc: Maybe;
  readonly lastUpdatedBy: Maybe<string>;
  /** The whole plan as it came (needed to write it back). */
  readonly schedule: Json;
}
/** `/home`: the interface in use and the gateway's time zone (IANA). */
export interface HomeInfo {
  readonly primaryInterface: Maybe<string>;
  readonly interfaceType: Maybe<string>;
  readonly mac: Maybe<string>;
  readonly dhcp: Maybe<boolean>;
  readonly softwareBuiltAt: Maybe;
  readonly timezone: Maybe<string>;
}

/** Every group that a gateway can report, with the type of its value. */
export interface Groups {
  readonly home: HomeInfo;
  readonly production: PowerEnergyGroup;
  readonly consumption: PowerEnergyGroup;
  readonly netConsumption: PowerEnergyGroup;
  readonly meters: ReadonlyMap<MeterType, CtMeterGroup>;
  readonly inverters: ReadonlyMap<string, Inverter>;
  readonly acb: AcbAggregate;
  readonly acBatteries: ReadonlyMap<string, AcBattery>;
  readonly encharges: ReadonlyMap<string, Encharge>;
  readonly enchargePower: ReadonlyMap<string, EnchargePower>;
  readonly enchargeAggregate: EnchargeAggregate;
  readonly batteryAggregate: BatteryAggregate;
  readonly enpower: Enpower | null;
  readonly dryContacts: ReadonlyMap<string, DryContact>;
  readonly collar: Collar | null;
  readonly c6: C6Combiner | null;
  readonly tariff: Tariff;
  readonly generator: GeneratorStatus;
  readonly generatorConfig: GeneratorConfig;
  readonly generatorMode: GeneratorMode;
  readonly generatorSchedule: GeneratorSchedule;
  readonly pelSettings: { readonly [key: string]: Json };
  readonly pvLimit: { readonly [key: string]: Json };
  readonly dpel: { readonly [key: string]: Json };
}
export type GroupName = keyof Groups;

/** A group's value and when it was read and measured (epoch milliseconds). */
export interface Reading<T> {
  readonly value: T;
  readonly readAt: number;
  /** When the gateway measured it; equals `readAt` where it does not say. */
  readonly measuredAt: number;
}

/** The last good reading of each group; a group that was never read is absent. */
export type Snapshot = { readonly [G in GroupName]?: Reading<Groups[G]> };
