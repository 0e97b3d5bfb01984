/** Numbers of gateways differ by this much between two documents that mean the same, Wh. */
export const ROUNDING_WH = 5;
/** Installations make more than they are rated for, in cold and under cloud edges. */
const HEADROOM = 1.5;
/** Inverters count joules in 32 bits and start anew at about 1.193 MWh; so does every sum over them fall by that much. */
export const WRAP_WH = 2 ** 32 / 3600;
/** Of several inverters that began together, this many may start anew between two readings. */
const MOST_WRAPS = 8;
/** With more room than this for a true gain, a fall says little about a wrap: then it must stay to be believed … */
export const WRAP_AT_ONCE_WH = WRAP_WH / 100;
/** … and with more than this it says nothing. */
export const WRAP_CONFIRMED_WH = WRAP_WH / 20;

const HOUR_MS = 3_600_000;

/** What a gateway counts from some moment on: `rawWh + offsetWh` is what is published. */
export interface Line {
  /** The highest reading accepted on it, Wh. */
  readonly rawWh: number;
  /** The reading before that: a fall back to here means that the highest one was the glitch. */
  readonly beforeWh: number;
  readonly offsetWh: number;
  /** When it was last read, steady ms. */
  readonly at: number;
  /** When it last rose, steady ms: a gateway may give the same number for long, and then all that was made meanwhile at once. */
  readonly roseAt: number;
}

/** The most that can have flowed in `elapsedMs`, Wh; without a sensible limit there is none. */
export function mostWh(limitWatts: number, elapsedMs: number): number {
  if (!(limitWatts > 0)) return Number.POSITIVE_INFINITY;
  return (limitWatts * HEADROOM * Math.max(0, elapsedMs)) / HOUR_MS + ROUNDING_WH;
}

/** Whether a counter that stood at `fromWh` can stand at `wh` now. */
export function follows(fromWh: number, wh: number, roomWh: number): boolean {
  return wh >= fromWh - ROUNDING_WH && wh <= fromWh + roomWh;
}

/** How often 2³² joules must be added to `wh` so that it follows `fromWh`; 0 where that explains nothing. */
export function wrapsBetween(fromWh: number, wh: number, roomWh: number, mostRoomWh: number): number {
  if (wh <= 0 || roomWh > mostRoomWh) return 0;
  const wraps = Math.ceil((fromWh - ROUNDING_WH - wh) / WRAP_WH);
  return wraps >= 1 && wraps <= MOST_WRAPS && follows(fromWh, wh + wraps * WRAP_WH, roomWh) ? wraps : 0;
}
