import { seededRandom } from "./random.ts";

/** A day is this many steps of five minutes; power runs in a straight line from step to step. */
export const STEPS = 288;
const STEP_HOURS = 24 / STEPS;

/** Power over one day in W at each step; the last point is midnight again. */
export type DayCurve = readonly number[];

/** Energy since midnight in Wh at each step. */
export type DayEnergy = readonly number[];

const hourOf = (step: number) => step * STEP_HOURS;
const hump = (hour: number, middle: number, width: number) => Math.exp(-(((hour - middle) / width) ** 2));

/** Sun on the roof as a share of its peak: clear to overcast, with passing clouds. Dark from 19:45 to 6:15. */
export function sunCurve(seed: number): DayCurve {
  const random = seededRandom(seed);
  const clearness = 0.35 + 0.65 * random();
  const restlessness = (1 - clearness) * 0.5;
  let cloud = 0;
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    cloud = Math.min(1, Math.max(-1, cloud * 0.8 + (random() - 0.5)));
    const height = Math.sin((Math.PI * (hourOf(step) - 6.25)) / 13.5);
    if (height <= 0) return 0;
    return height ** 1.3 * Math.min(1, Math.max(0.05, clearness - restlessness * cloud));
  });
}

/** What a household uses in W: a base, mornings and evenings, and appliances by chance. Every day begins and ends at the base. */
export function householdCurve(seed: number): DayCurve {
  const random = seededRandom(seed);
  const base = 280;
  const cooking = 17.5 + 1.5 * random();
  const laundry = 9 + 6 * random();
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const hour = hourOf(step);
    const habits =
      700 * hump(hour, 7.4, 0.8) + 1900 * hump(hour, cooking, 0.9) + 900 * hump(hour, 20.5, 1.6) + 1100 * hump(hour, laundry, 0.6);
    const fridge = 90 * (Math.floor(step / 4) % 2) + 60 * random();
    return step === 0 || step === STEPS ? base : base + habits + fridge;
  });
}

/** A half wave from 9:30 to 15:30. */
const sunlit = (hour: number) => (hour < 9.5 || hour > 15.5 ? 0 : Math.sin((Math.PI * (hour - 9.5)) / 6));

/** Power of batteries in W, > 0 discharges: filled from the sun, emptied by evening use; what goes in comes out the same day. */
export function batteryCurve(household: DayCurve, capacityWh: number): DayCurve {
  const evening = household.map((watts, step) => (hourOf(step) >= 17 && step < STEPS ? watts : 0));
  const share = Math.min(0.9, (0.8 * capacityWh) / last(energyOf(evening)));
  const noon = household.map((_, step) => sunlit(hourOf(step)));
  const charging = (last(energyOf(evening)) * share) / last(energyOf(noon));
  return household.map((_, step) => share * (evening[step] ?? 0) - charging * (noon[step] ?? 0));
}

/** Energy under a curve. */
export function energyOf(curve: DayCurve): DayEnergy {
  return accumulate(curve, (from, to) => ((from + to) / 2) * STEP_HOURS);
}

/** Energy of what lies above zero only. */
export function positiveEnergyOf(curve: DayCurve): DayEnergy {
  return accumulate(curve, (from, to) => positivePart(from, to) * STEP_HOURS);
}

/** Mean of what lies above zero on the straight line between two values. */
export function positivePart(from: number, to: number): number {
  if (from >= 0 && to >= 0) return (from + to) / 2;
  if (from <= 0 && to <= 0) return 0;
  const high = Math.max(from, to);
  return (high * high) / (2 * Math.abs(to - from));
}

function accumulate(curve: DayCurve, energy: (from: number, to: number) => number): DayEnergy {
  let sum = 0;
  return curve.map((watts, step) => {
    sum += step === 0 ? 0 : energy(curve[step - 1] ?? 0, watts);
    return sum;
  });
}

/** Power at a moment of the day, given as a share of it (0 to 1). */
export function wattsAt(curve: DayCurve, moment: number): number {
  const { step, rest } = place(moment);
  const from = curve[step] ?? 0;
  return from + ((curve[step + 1] ?? 0) - from) * rest;
}

/** Energy since midnight, in Wh, of what lies above zero (`positive`) or of all. */
export function energyAt(curve: DayCurve, energy: DayEnergy, moment: number, positive: boolean): number {
  const { step, rest } = place(moment);
  const from = curve[step] ?? 0;
  const here = wattsAt(curve, moment);
  const mean = positive ? positivePart(from, here) : (from + here) / 2;
  return (energy[step] ?? 0) + mean * rest * STEP_HOURS;
}

function place(moment: number): { readonly step: number; readonly rest: number } {
  const at = Math.min(STEPS - 1e-9, Math.max(0, moment * STEPS));
  const step = Math.floor(at);
  return { step, rest: at - step };
}

/** The last value of a row, 0 where it is empty. */
export function last(values: readonly number[]): number {
  return values.at(-1) ?? 0;
}
