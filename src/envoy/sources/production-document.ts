import { type Capabilities, PHASES, type Phase } from "../../model/capabilities.ts";
import type { AcbAggregate, Groups, PowerEnergy, PowerEnergyGroup } from "../../model/snapshot.ts";
import { type Drift, type Fields, fields, type JsonObject } from "../decode.ts";
import { hasProductionCt, isActive, section } from "./production-claims.ts";

/** A group, and when the gateway measured it (epoch milliseconds, `null` where it does not say). */
export interface Measured {
  readonly group: PowerEnergyGroup;
  readonly at: number | null;
}

const NOTHING: Measured = { group: { total: null, phases: {} }, at: null };

/**
 * Production by the meter (`eim`) where it counts, else by the inverters. With a production CT that does not count now there is no value:
 * the inverters' counter is another one. Without CTs, today and the last seven days are of the first section that has any.
 */
export function readProduction(document: JsonObject, capabilities: Capabilities, drift: Drift): Measured {
  const sections = section(document, "production");
  const meter = sections.find((entry) => entry["type"] === "eim");
  const inverters = sections.find((entry) => entry["type"] === "inverters");
  const isMetered = meter !== undefined && isActive(meter);
  if (hasProductionCt(capabilities) && !isMetered) return NOTHING;
  const main = fields((isMetered ? meter : inverters) ?? {}, "production", drift);
  const byMeter = fields(meter ?? {}, "production eim", drift).optional;
  const byInverters = fields(inverters ?? {}, "production inverters", drift).optional;
  const firstOf = (key: string) => byMeter.integer(key) || byInverters.integer(key) || 0;
  const lifetime = main.integer("whLifetime");
  const now = main.integer("wNow");
  const days = lifetime === null && now === null ? null : firstOf;
  const total: PowerEnergy = {
    wattsNow: now,
    whLifetime: lifetime,
    whToday: days?.("whToday") ?? null,
    whLastSevenDays: days?.("whLastSevenDays") ?? null,
  };
  return { group: { total, phases: readPhases(meter, capabilities, drift) }, at: main.optional.time("readingTime") };
}

/** Total or net consumption, by what the entry says that it measures; never by its place. */
export function readConsumption(document: JsonObject, type: string, capabilities: Capabilities, drift: Drift): Measured {
  const entry = section(document, "consumption").find((one) => one["measurementType"] === type);
  if (entry === undefined) {
    drift(`consumption: ${type} is missing`);
    return NOTHING;
  }
  const all = fields(entry, "consumption", drift);
  return { group: { total: readValues(all), phases: readPhases(entry, capabilities, drift) }, at: all.optional.time("readingTime") };
}

function readPhases(entry: JsonObject | undefined, { phaseCount }: Capabilities, drift: Drift): PowerEnergyGroup["phases"] {
  if (phaseCount < 2 || entry === undefined) return {};
  const lines = fields(entry, "production document", drift).optional.objects("lines");
  const phases: { [phase in Phase]?: PowerEnergy } = {};
  for (const [index, phase] of PHASES.slice(0, phaseCount).entries()) {
    const line = lines[index];
    if (line !== undefined) phases[phase] = readValues(fields(line, "production document lines", drift));
  }
  return phases;
}

function readValues(entry: Fields): PowerEnergy {
  return {
    wattsNow: entry.integer("wNow"),
    whLifetime: entry.integer("whLifetime"),
    whToday: entry.integer("whToday"),
    whLastSevenDays: entry.integer("whLastSevenDays"),
  };
}

/** All AC batteries together: `storage[0]`. */
export function readAcBatteries(document: JsonObject, drift: Drift): AcbAggregate {
  const storage = fields(section(document, "storage")[0] ?? {}, "storage", drift);
  return {
    power: storage.number("wNow"),
    chargeWh: storage.number("whNow"),
    stateOfCharge: storage.number("percentFull"),
    state: storage.text("state"),
    batteries: storage.number("activeCount"),
  };
}

type Trio = Partial<Pick<Groups, "production" | "consumption" | "netConsumption">>;

/**
 * Firmware 8.3.5433 and later give net consumption as the total too. Where both say the same, the total is production + net. Today's and
 * the last seven days' values cannot be mended.
 */
export function repairTotal({ production, consumption, netConsumption }: Trio): Trio {
  if (!production || !consumption?.total || !netConsumption?.total || !isSame(consumption.total, netConsumption.total)) return {};
  if (production.total === null) return { consumption: { total: null, phases: {} } };
  const phases = Object.entries(consumption.phases).map(([phase, values]) => {
    const [made, net] = [production.phases[phase as Phase], netConsumption.phases[phase as Phase]];
    return [phase, made !== undefined && net !== undefined && isSame(values, net) ? withProduction(values, made) : values];
  });
  return { consumption: { total: withProduction(consumption.total, production.total), phases: Object.fromEntries(phases) } };
}

function isSame(total: PowerEnergy, net: PowerEnergy): boolean {
  return total.whLifetime === net.whLifetime && total.wattsNow === net.wattsNow;
}

function withProduction(total: PowerEnergy, made: PowerEnergy): PowerEnergy {
  return { ...total, whLifetime: sum(total.whLifetime, made.whLifetime), wattsNow: sum(total.wattsNow, made.wattsNow) };
}

function sum(one: number | null, other: number | null): number | null {
  return one === null || other === null ? null : one + other;
}
