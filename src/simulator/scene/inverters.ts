import type { House, HouseState } from "./house.ts";
import type { InverterReport } from "./moment.ts";
import { seededRandom } from "./random.ts";

/** An inverter reports every five minutes, each at its own time. */
const REPORT_MS = 300_000;
/** In fast motion more often, but not faster than that. */
const FASTEST_MS = 5000;

export interface RoofOptions {
  readonly seed: number;
  readonly count: number;
  readonly panelWatts: number;
  readonly speed: number;
}

export interface Roof {
  readonly serials: readonly string[];
  /** The last reports of all inverters at a moment; `midnight` gives the local midnight so many days back. */
  reports(house: House, now: number, midnight: (daysBack: number) => number): readonly InverterReport[];
}

/** Inverters that share the house's production, a little unevenly. Half of their serials look like IQ7's, half like IQ8's. */
export function createRoof({ seed, count, panelWatts, speed }: RoofOptions): Roof {
  const random = seededRandom(seed + 77);
  const every = Math.min(REPORT_MS, Math.max(FASTEST_MS, Math.round(REPORT_MS / speed)));
  const first = 10_000_000 + Math.floor(random() * 70_000_000);
  const weights = Array.from({ length: count }, () => 0.95 + 0.1 * random());
  const sum = weights.reduce((total, weight) => total + weight, 0);
  const panels = weights.map((weight, at) => ({
    serial: `${at % 2 === 0 ? "1221" : "4822"}${first + at * 37}`,
    share: weight / sum,
    lag: Math.floor(random() * (every / 1000)) * 1000,
  }));
  const reports: Roof["reports"] = (house, now, midnight) => {
    const states = new Map<number, HouseState>();
    const wh = (at: number) => stateAt(at).production.deliveredWh;
    const stateAt = (at: number) => {
      const state = states.get(at) ?? house.at(at);
      states.set(at, state);
      return state;
    };
    const [today, yesterday, week] = [midnight(0), midnight(1), midnight(6)];
    return panels.map(({ serial, share, lag }) => {
      const reportedAt = Math.floor((now - lag) / every) * every + lag;
      const from = (start: number) => share * Math.max(0, wh(reportedAt) - wh(start));
      return {
        serial,
        reportedAt,
        durationMs: every,
        watts: share * stateAt(reportedAt).production.watts,
        maxWatts: panelWatts,
        lifetimeWh: share * wh(reportedAt),
        reportedWh: from(reportedAt - every),
        todayWh: from(today),
        yesterdayWh: share * (wh(today) - wh(yesterday)),
        weekWh: from(week),
      };
    });
  };
  return { serials: panels.map(({ serial }) => serial), reports };
}
