import { createScene } from "../../../src/simulator/scene/scene.ts";
import { zoneOffset } from "../../../src/simulator/scene/zone.ts";
import type { Home } from "./home.ts";

/** What the energy dashboard is filled with, by the entities' names in the README's table. */
const COUNTERS = {
  "Lifetime energy production": ({ production }: Energies) => production.deliveredWh,
  "Grid import energy": ({ net }: Energies) => net.deliveredWh,
  "Grid export energy": ({ net }: Energies) => net.receivedWh,
  "Battery energy charged": ({ storage }: Energies) => storage.receivedWh,
  "Battery energy discharged": ({ storage }: Energies) => storage.deliveredWh,
};
export type CounterName = keyof typeof COUNTERS;
export const COUNTER_NAMES = Object.keys(COUNTERS) as readonly CounterName[];

type Scene = ReturnType<typeof createScene>;
type Energies = ReturnType<Scene["house"]["at"]>;

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;
export const TIME_ZONE = "Europe/Amsterdam";

/** The seed of a house whose yesterday was sunny: weather follows from seed and date. */
export function sunnySeed(now: number, batteries: number): number {
  const midnight = lastMidnight(now);
  const yesterdayWh = (seed: number) => {
    const { house } = createScene({ start: now, seed, batteries, timeZone: TIME_ZONE });
    return house.at(midnight).production.deliveredWh - house.at(midnight - DAY_HOURS * HOUR_MS).production.deliveredWh;
  };
  const seeds = Array.from({ length: 20 }, (_, at) => at + 1);
  return seeds.reduce((best, seed) => (yesterdayWh(seed) > yesterdayWh(best) ? seed : best));
}

/** Gives the counters a past of three days in Home Assistant's statistics, hour by hour, as the simulated house had it. */
export async function importHistory(home: Home, ids: Readonly<Record<CounterName, string>>, seed: number, batteries: number) {
  const now = Date.now();
  const { house } = createScene({ start: now, seed, batteries, timeZone: TIME_ZONE });
  const first = lastMidnight(now) - 3 * DAY_HOURS * HOUR_MS;
  const hours = Math.floor((now - first) / HOUR_MS);
  for (const name of COUNTER_NAMES) {
    const kwh = (time: number) => COUNTERS[name](house.at(time)) / 1000;
    const stats = Array.from({ length: hours }, (_, hour) => {
      const start = first + hour * HOUR_MS;
      const state = kwh(start + HOUR_MS);
      return { start: new Date(start).toISOString(), state, sum: state - kwh(first) };
    });
    const metadata = { has_mean: false, mean_type: 0, has_sum: true, name: null, source: "recorder", unit_class: "energy" };
    await home.ask("recorder/import_statistics", {
      metadata: { ...metadata, statistic_id: ids[name], unit_of_measurement: "kWh" },
      stats,
    });
  }
}

/** The energy dashboard as the README's table has it. */
export async function saveEnergyPreferences(home: Home, ids: Readonly<Record<CounterName, string>>): Promise<void> {
  const source = (type: string, from: CounterName, to?: CounterName) => ({
    type,
    stat_energy_from: ids[from],
    ...(to === undefined ? {} : { stat_energy_to: ids[to] }),
  });
  const noCost = { stat_cost: null, entity_energy_price: null, number_energy_price: null };
  const noCompensation = { stat_compensation: null, entity_energy_price_export: null, number_energy_price_export: null };
  await home.ask("energy/save_prefs", {
    energy_sources: [
      { ...source("solar", "Lifetime energy production"), config_entry_solar_forecast: null },
      { ...source("grid", "Grid import energy", "Grid export energy"), ...noCost, ...noCompensation, cost_adjustment_day: 0 },
      source("battery", "Battery energy discharged", "Battery energy charged"),
    ],
    device_consumption: [],
  });
}

function lastMidnight(now: number): number {
  const offset = zoneOffset(TIME_ZONE, now);
  const day = DAY_HOURS * HOUR_MS;
  return Math.floor((now + offset) / day) * day - offset;
}
