import type { Capabilities, MeterType } from "../model/capabilities.ts";
import { PHASES } from "../model/capabilities.ts";
import type { CounterId, CounterReading, PowerReading } from "../model/energy.ts";
import type { CtMeter, PowerEnergy, Snapshot } from "../model/snapshot.ts";
import { measuredAt } from "./freshness.ts";
import { consumptionLimit, inverterLimit, meterLimit, productionLimit } from "./limits.ts";
import { batteryPower, gridPower, hasBatteryPower, hasMeter, lastReader } from "./site.ts";
import { METER_SECTIONS } from "./tables/meters.ts";
import { negative, positive } from "./units.ts";

/** The lifetime counters of a snapshot, in Wh, each with the most that can flow through it. */
export function counterReadings(snapshot: Snapshot, capabilities: Capabilities): CounterReading[] {
  return [
    ...documentReadings(snapshot, "production", productionLimit(snapshot)),
    ...documentReadings(snapshot, "consumption", consumptionLimit(snapshot)),
    ...meterReadings(snapshot, capabilities),
    ...inverterReadings(snapshot),
  ];
}

function documentReadings(snapshot: Snapshot, counter: "production" | "consumption", limitWatts: number): CounterReading[] {
  const reading = snapshot[counter];
  if (reading === undefined) return [];
  const { value, measuredAt: at } = reading;
  const read = (id: string, from: PowerEnergy | null | undefined): CounterReading => ({
    id,
    wh: from?.whLifetime ?? null,
    at,
    limitWatts,
    todayWh: from?.whToday ?? null,
    sevenDaysWh: from?.whLastSevenDays ?? null,
    zeroIsTrue: (value.total?.whLifetime ?? 0) > 0,
  });
  const phases = PHASES.filter((phase) => value.phases[phase] !== undefined);
  return [read(counter, value.total), ...phases.map((phase) => read(`${counter}_${phase}`, value.phases[phase]))];
}

function meterReadings(snapshot: Snapshot, capabilities: Capabilities): CounterReading[] {
  const reading = snapshot.meters;
  if (reading === undefined) return [];
  const readings: CounterReading[] = [];
  for (const [type, { total, phases }] of reading.value) {
    if (!METER_SECTIONS.has(type)) continue;
    const limitWatts = meterLimit(type, snapshot, capabilities);
    readings.push(...siteReadings(type, total, reading.measuredAt, limitWatts));
    for (const phase of [null, ...PHASES]) {
      const meter = phase === null ? total : phases[phase];
      if (meter === undefined) continue;
      const end = phase === null ? "" : `_${phase}`;
      const at = meter?.measuredAt ?? reading.measuredAt;
      const zeroIsTrue = (total?.energyDelivered ?? 0) + (total?.energyReceived ?? 0) > 0;
      readings.push({ id: `meter/${type}/delivered${end}`, wh: meter?.energyDelivered ?? null, at, limitWatts, zeroIsTrue });
      readings.push({ id: `meter/${type}/received${end}`, wh: meter?.energyReceived ?? null, at, limitWatts, zeroIsTrue });
    }
  }
  return readings;
}

/** What the energy of the whole site is counted by, under the names that it has without this CT, too. */
const SITE_COUNTERS: { readonly [type in MeterType]?: readonly [delivered: CounterId, received: CounterId] } = {
  "net-consumption": ["grid_import", "grid_export"],
  storage: ["battery_discharged", "battery_charged"],
};

/** Counted on by estimation where the CT goes, so that the site's energy never begins anew. */
function siteReadings(type: MeterType, total: CtMeter | null, readAt: number, limitWatts: number): CounterReading[] {
  const [delivered, received] = SITE_COUNTERS[type] ?? [];
  if (delivered === undefined || received === undefined) return [];
  const at = total?.measuredAt ?? readAt;
  const zeroIsTrue = (total?.energyDelivered ?? 0) + (total?.energyReceived ?? 0) > 0;
  return [
    { id: delivered, wh: total?.energyDelivered ?? null, at, limitWatts, zeroIsTrue },
    { id: received, wh: total?.energyReceived ?? null, at, limitWatts, zeroIsTrue },
  ];
}

function inverterReadings({ inverters }: Snapshot): CounterReading[] {
  if (inverters === undefined) return [];
  const readings: CounterReading[] = [];
  for (const inverter of inverters.value.values()) {
    const { serial, lifetimeWh, lastReportAt } = inverter;
    // Inverters that are read without device data have no counter.
    if (lifetimeWh === null) continue;
    readings.push({
      id: `inverter/${serial}`,
      wh: lifetimeWh,
      at: lastReportAt ?? inverters.measuredAt,
      limitWatts: inverterLimit(inverter),
    });
  }
  return readings;
}

/**
 * Power whose energy no meter counts: `grid_import` and `grid_export` without a net-consumption CT, `battery_charged` and
 * `battery_discharged` without a storage CT. W, never negative.
 */
export function powerReadings(snapshot: Snapshot, capabilities: Capabilities): PowerReading[] {
  const read = lastReader(snapshot);
  const readings: PowerReading[] = [];
  const add = (up: string, down: string, watts: number | null, at: number | null) => {
    if (at === null) return;
    readings.push({ id: up, watts: positive(watts), at }, { id: down, watts: negative(watts), at });
  };
  if (!hasMeter(capabilities, "net-consumption") && capabilities.netConsumption !== null) {
    add("grid_import", "grid_export", gridPower(capabilities, read, null), measuredAt(snapshot, "netConsumption"));
  }
  if (!hasMeter(capabilities, "storage") && hasBatteryPower(capabilities)) {
    add("battery_discharged", "battery_charged", batteryPower(capabilities, read), batteriesAt(snapshot, capabilities));
  }
  return readings;
}

/** When the older of the batteries' readings was taken: a sum is no younger. `null` while one is missing. */
function batteriesAt({ enchargePower, acb }: Snapshot, { encharge, acBatteries }: Capabilities): number | null {
  const needed = [...(encharge ? [enchargePower] : []), ...(acBatteries > 0 ? [acb] : [])];
  const times = needed.map((reading) => reading?.measuredAt ?? null);
  return times.includes(null) ? null : Math.min(...(times as number[]));
}
