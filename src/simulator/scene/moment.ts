import type { Firmware } from "../../model/firmware.ts";
import type { HouseState } from "./house.ts";

/** A microinverter's last report. */
export interface InverterReport {
  readonly serial: string;
  /** Epoch ms of the report, and the time that it covers. */
  readonly reportedAt: number;
  readonly durationMs: number;
  readonly watts: number;
  readonly maxWatts: number;
  readonly lifetimeWh: number;
  /** Energy in the reported time. */
  readonly reportedWh: number;
  readonly todayWh: number;
  readonly yesterdayWh: number;
  readonly weekWh: number;
}

/** Everything that the documents of one request are written from. */
export interface Moment {
  /** Epoch ms. */
  readonly now: number;
  readonly serial: string;
  readonly firmware: Firmware;
  readonly timeZone: string;
  readonly house: HouseState;
  /** The house at the last midnight and at the midnight six days before. */
  readonly midnight: HouseState;
  readonly weekStart: HouseState;
  readonly inverters: readonly InverterReport[];
  readonly metered: boolean;
  readonly ct: CtSetup;
  readonly phases: 1 | 2 | 3;
  readonly batteries: readonly string[];
  readonly batteryWh: number;
  readonly generator: boolean;
}

/** Which CTs are installed. */
export type CtSetup = "none" | "production" | "both";

export const seconds = (ms: number) => Math.floor(ms / 1000);
export const round3 = (value: number) => Math.round(value * 1000) / 1000 + 0;
