/**
 * Names a lifetime counter: `production`, `consumption`, `production_l1` … (production documents), `meter/<type>/delivered`,
 * `meter/<type>/received` and with `_l1` … at the end (CTs), `inverter/<sn>`, and the estimates `battery_charged`,
 * `battery_discharged`, `grid_import`, `grid_export`.
 */
export type CounterId = string;

/** One reading of a lifetime counter as the gateway gave it. */
export interface CounterReading {
  readonly id: CounterId;
  /** Wh; `null` where the gateway has no value now. */
  readonly wh: number | null;
  /** Epoch milliseconds of the measurement. */
  readonly at: number;
  /** The most that can flow through it, W; a faster rise is a glitch. */
  readonly limitWatts: number;
  /** Another counter of the same document or meter is above zero: then a zero of this one is no sign of a restart. */
  readonly zeroIsTrue?: boolean;
  /** The gateway's own "today" in Wh: seeds our first day where it is plausible. */
  readonly todayWh?: number | null;
  /** The gateway's own "last seven days" in Wh: seeds the first week where it is plausible. */
  readonly sevenDaysWh?: number | null;
}

/** Power for a counter that no meter counts: the energy is integrated from it. */
export interface PowerReading {
  readonly id: CounterId;
  /** W, never negative; `null` while unknown (nothing is integrated over the gap). */
  readonly watts: number | null;
  readonly at: number;
}

/** A counter that never breaks, Wh. */
export interface CounterValue {
  /** Never falls; `null` before the first good reading. */
  readonly lifetimeWh: number | null;
  /** Since local midnight; `null` while unknown. */
  readonly todayWh: number | null;
  /** The last seven days as Enphase counts them: today and the six days before. */
  readonly sevenDaysWh: number | null;
  /** True where it is integrated from power. */
  readonly estimated: boolean;
}
export type EnergyValues = ReadonlyMap<CounterId, CounterValue>;
