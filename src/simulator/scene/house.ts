import {
  batteryCurve,
  type DayCurve,
  type DayEnergy,
  energyAt,
  energyOf,
  householdCurve,
  last,
  positiveEnergyOf,
  sunCurve,
  wattsAt,
} from "./day.ts";
import { pick } from "./random.ts";

const DAY_MS = 86_400_000;
const HISTORY_MS = 9 * DAY_MS;
const SUNS = 12;
const HOUSEHOLDS = 6;
/** What each phase has of the household. */
const SHARES: Readonly<Record<1 | 2 | 3, readonly number[]>> = { 1: [1], 2: [0.55, 0.45], 3: [0.42, 0.33, 0.25] };

export interface HouseOptions {
  readonly seed: number;
  /** When the scene begins, epoch ms. It has a past: nine days of it. */
  readonly start: number;
  /** The sun's local time is UTC plus this, ms. */
  readonly sunOffset: number;
  /** How many times faster than the clock sun and household move. Energy stays power times the clock's time. */
  readonly speed: number;
  readonly phases: 1 | 2 | 3;
  /** Most that the roof gives, W. */
  readonly peakWatts: number;
  /** Capacity of all batteries, Wh; 0 without. */
  readonly batteryWh: number;
}

/** One direction-aware measurement: W now, Wh since the house was built. */
export interface Flow {
  readonly watts: number;
  readonly deliveredWh: number;
  readonly receivedWh: number;
}

/** A flow with its phases, whose sum it is. */
export interface Measured extends Flow {
  readonly phases: readonly Flow[];
}

/** What happens in the house at one moment. */
export interface HouseState {
  readonly production: Measured;
  /** > 0 imports. */
  readonly net: Measured;
  /** > 0 discharges. */
  readonly storage: Measured;
  /** Charge of the batteries, % (0 without). */
  readonly soc: number;
}

/** A house whose past and future follow from its seed. */
export interface House {
  at(now: number): HouseState;
}

interface Channel {
  readonly curve: DayCurve;
  readonly energy: DayEnergy;
  readonly positive: boolean;
}
/** Per phase: production, import, export, discharging, charging; `soc` in Wh above empty. */
interface Day {
  readonly channels: readonly Channel[];
  readonly battery: DayCurve;
  readonly batteryEnergy: DayEnergy;
}
const PER_PHASE = 5;
/** Lifetime energy in Wh before the scene's past, per phase and channel. */
const EARLIER = [4_200_000, 2_900_000, 2_100_000, 350_000, 380_000];

export function createHouse(options: HouseOptions): House {
  const { seed, start, speed, phases, peakWatts, batteryWh } = options;
  const shares = SHARES[phases];
  const days = new Map<number, Day>();
  let present: { readonly index: number; readonly day: Day } | null = null;
  const sunTime = (now: number) => start + options.sunOffset + (now - start) * speed;
  const origin = sunTime(start - HISTORY_MS);
  const originDay = Math.floor(origin / DAY_MS);
  const sums: number[][] = [new Array<number>(phases * PER_PHASE).fill(0)];

  const dayOf = (index: number): Day => {
    if (present?.index === index) return present.day;
    const kind = pick(seed, index, SUNS) * HOUSEHOLDS + pick(seed + 1, index, HOUSEHOLDS);
    const known = days.get(kind) ?? makeDay(seed + kind, seed + 1000 + (kind % HOUSEHOLDS), shares, peakWatts, batteryWh);
    days.set(kind, known);
    present = { index, day: known };
    return known;
  };
  const before = (index: number): readonly number[] => {
    for (let day = originDay + sums.length - 1; day < index; day += 1) {
      const total = sums[sums.length - 1] as number[];
      sums.push(dayOf(day).channels.map((channel, at) => (total[at] ?? 0) + last(channel.energy)));
    }
    return sums[index - originDay] as number[];
  };
  const energies = (sun: number): readonly number[] => {
    const index = Math.floor(sun / DAY_MS);
    const moment = sun / DAY_MS - index;
    const earlier = before(index);
    return dayOf(index).channels.map(({ curve, energy, positive }, at) => (earlier[at] ?? 0) + energyAt(curve, energy, moment, positive));
  };
  const atOrigin = energies(origin);

  return {
    at(now) {
      const sun = sunTime(now);
      const index = Math.floor(sun / DAY_MS);
      const moment = sun / DAY_MS - index;
      const day = dayOf(index);
      const sinceOrigin = energies(Math.max(origin, sun));
      const wh = (at: number) => (EARLIER[at % PER_PHASE] ?? 0) + ((sinceOrigin[at] ?? 0) - (atOrigin[at] ?? 0)) / speed;
      const watts = (at: number) => wattsAt(day.channels[at]?.curve ?? [], moment);
      const flows = (delivered: number, received: number | null) =>
        shares.map((_, phase) => {
          const at = phase * PER_PHASE;
          return { watts: watts(at + delivered), deliveredWh: wh(at + delivered), receivedWh: received === null ? 0 : wh(at + received) };
        });
      const stored = energyAt(day.battery, day.batteryEnergy, moment, false);
      return {
        production: measured(flows(0, null)),
        net: measured(flows(1, 2)),
        storage: measured(flows(3, 4)),
        soc: batteryWh === 0 ? 0 : 10 - (100 * stored) / batteryWh,
      };
    },
  };
}

function makeDay(sunSeed: number, householdSeed: number, shares: readonly number[], peakWatts: number, batteryWh: number): Day {
  const sun = sunCurve(sunSeed);
  const household = householdCurve(householdSeed);
  const battery = batteryWh === 0 ? household.map(() => 0) : batteryCurve(household, batteryWh);
  const channels = shares.flatMap((share) => {
    const production = sun.map((height) => (height * peakWatts) / shares.length);
    const storage = battery.map((watts) => watts * share);
    const net = household.map((watts, step) => watts * share - (production[step] ?? 0) - (storage[step] ?? 0));
    const reversed = (curve: DayCurve) => curve.map((watts) => -watts);
    const positive = (curve: DayCurve): Channel => ({ curve, energy: positiveEnergyOf(curve), positive: true });
    return [positive(production), positive(net), positive(reversed(net)), positive(storage), positive(reversed(storage))];
  });
  return { channels, battery, batteryEnergy: energyOf(battery) };
}

function measured(phases: readonly Flow[]): Measured {
  const sum = (value: (flow: Flow) => number) => phases.reduce((total, flow) => total + value(flow), 0);
  return {
    phases,
    watts: sum((flow) => flow.watts),
    deliveredWh: sum((flow) => flow.deliveredWh),
    receivedWh: sum((flow) => flow.receivedWh),
  };
}
