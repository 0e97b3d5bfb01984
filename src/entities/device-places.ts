import { childDevice } from "./devices.ts";
import { ensemblePlaces } from "./ensemble-places.ts";
import type { Facts } from "./facts.ts";
import { isStale, lastKnown, measuredAt } from "./freshness.ts";
import { distinctIds } from "./ids.ts";
import type { AnyPlace, DeviceDraft } from "./place.ts";
import { isSilent, reportsOf } from "./silence.ts";
import { AC_BATTERY, ACB_GROUP } from "./tables/ac-battery.ts";
import { GENERATOR } from "./tables/generator.ts";
import { INVERTER } from "./tables/inverters.ts";

/** What is published of the devices behind the gateway, parents first. */
export function devicePlaces(facts: Facts, gateway: DeviceDraft): AnyPlace[] {
  return [
    ...inverterPlaces(facts, gateway),
    ...ensemblePlaces(facts, gateway),
    ...acBatteryPlaces(facts, gateway),
    ...generatorPlaces(facts, gateway),
  ];
}

function inverterPlaces(facts: Facts, gateway: DeviceDraft): AnyPlace[] {
  const { snapshot, capabilities, energy, now } = facts;
  const reading = snapshot.inverters;
  if (capabilities.inverters === null || reading === undefined) return [];
  const reports = reportsOf(reading.value.values());
  const stale = isStale(facts, "inverters");
  const detailed = capabilities.inverters !== "v1";
  const places: AnyPlace[] = [];
  for (const [serial, id] of distinctIds(reading.value.keys())) {
    const inverter = reading.value.get(serial)!;
    places.push({
      section: INVERTER,
      device: childDevice({ id: `inverter_${id}`, name: `Inverter ${serial}`, model: "Inverter", via: gateway.id, serialNumber: serial }),
      path: `inverter/${id}`,
      prefix: serial,
      context: {
        inverter,
        counter: energy.get(`inverter/${serial}`),
        detailed,
        readAt: reading.readAt,
        silent: isSilent(inverter, reports, now),
      },
      stale,
      at: reading.measuredAt,
      interval: "inverters",
    } satisfies AnyPlace);
  }
  return places;
}

function acBatteryPlaces(facts: Facts, gateway: DeviceDraft): AnyPlace[] {
  const { capabilities, snapshot } = facts;
  if (capabilities.acBatteries === 0 && !capabilities.acBatteryInventory) return [];
  const { serial } = facts.gateway;
  const group = childDevice({ id: `${gateway.id}_acb`, name: `ACB ${serial}`, model: "ACB", via: gateway.id });
  const known = lastKnown(snapshot, "acBatteries");
  const aggregate = isStale(facts, "acb") ? null : lastKnown(snapshot, "acb");
  const context = { aggregate, batteries: known === null ? null : [...known.values()], hasInventory: capabilities.acBatteryInventory };
  return [
    {
      section: ACB_GROUP,
      device: group,
      path: ACB_GROUP.topic,
      prefix: serial,
      context,
      stale: false,
      at: measuredAt(snapshot, "acb", "acBatteries"),
      interval: "production",
    },
    ...[...distinctIds(known?.keys() ?? [])].map(([serial, id]) => ({
      section: AC_BATTERY,
      device: childDevice({
        id: `ac_battery_${id}`,
        name: `AC Battery ${serial}`,
        model: "AC Battery",
        via: group.id,
        serialNumber: serial,
      }),
      path: `ac_battery/${id}`,
      prefix: serial,
      context: known?.get(serial),
      stale: isStale(facts, "acBatteries"),
      at: measuredAt(snapshot, "acBatteries"),
      interval: "inverters" as const,
    })),
  ];
}

function generatorPlaces(facts: Facts, gateway: DeviceDraft): AnyPlace[] {
  const { capabilities, snapshot } = facts;
  if (!capabilities.generator) return [];
  const { serial } = facts.gateway;
  const now = <G extends "generator" | "generatorConfig" | "generatorMode" | "generatorSchedule">(group: G) =>
    isStale(facts, group) ? null : lastKnown(snapshot, group);
  const context = {
    status: now("generator"),
    config: now("generatorConfig"),
    mode: now("generatorMode"),
    schedule: now("generatorSchedule"),
    has: { status: capabilities.generatorStatus, mode: capabilities.generatorMode, schedule: capabilities.generatorSchedule },
  };
  return [
    {
      section: GENERATOR,
      device: childDevice({ id: `${gateway.id}_generator`, name: `Generator ${serial}`, model: "Generator", via: gateway.id }),
      path: GENERATOR.topic,
      prefix: serial,
      context,
      stale: false,
      at: measuredAt(snapshot, "generator", "generatorConfig", "generatorMode", "generatorSchedule"),
      interval: "inventory",
    },
  ];
}
