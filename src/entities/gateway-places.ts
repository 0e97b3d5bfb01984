import type { MeterType } from "../model/capabilities.ts";
import type { Facts } from "./facts.ts";
import { isStale, lastKnown, measuredAt } from "./freshness.ts";
import { safeId } from "./ids.ts";
import type { AnyPlace, DeviceDraft, Place } from "./place.ts";
import { problemOf } from "./problem.ts";
import { isSilent, reportsOf } from "./silence.ts";
import {
  balancedContext,
  batteryPower,
  freshReader,
  gridConnected,
  gridPhases,
  gridPower,
  hasBatteryPower,
  hasMeter,
  lastReader,
} from "./site.ts";
import { ACB_ON_GATEWAY, BATTERY, BATTERY_AGGREGATE, BATTERY_ENERGY, ENCHARGE_AGGREGATE } from "./tables/battery.ts";
import { DIAGNOSTICS, type DiagnosticsContext, EVENTS, INFO, LIFECYCLE, type sourceSection } from "./tables/gateway.ts";
import { BALANCED, BALANCED_ENERGY, GRID, GRID_ENERGY, type GridContext } from "./tables/grid.ts";
import { METER_SECTIONS } from "./tables/meters.ts";
import { CONSUMPTION_ENERGY, CONSUMPTION_LIVE, PRODUCTION, PRODUCTION_ENERGY } from "./tables/production.ts";
import { TARIFF } from "./tables/storage.ts";

type OnGateway<C> = Pick<Place<C>, "section" | "context"> & Partial<Place<C>>;

/** What is published of the gateway itself: its own state, production, consumption, grid, meters and the batteries together. */
export function gatewayPlaces(facts: Facts, device: DeviceDraft, sections: typeof sourceSection): AnyPlace[] {
  const place = <C>(wanted: OnGateway<C>): Place<C> => ({
    device,
    path: wanted.section.topic,
    prefix: facts.gateway.serial,
    stale: false,
    at: facts.now,
    interval: "production",
    ...wanted,
  });
  return [
    ...ownPlaces(facts, place, sections),
    ...productionPlaces(facts, place),
    ...meterPlaces(facts, place),
    ...gridPlaces(facts, place),
    ...batteryPlaces(facts, place),
  ];
}

type Placing = <C>(wanted: OnGateway<C>) => Place<C>;

function ownPlaces(facts: Facts, place: Placing, sections: typeof sourceSection): AnyPlace[] {
  const home = lastKnown(facts.snapshot, "home");
  const diagnostics = diagnosticsContext(facts);
  const tariff = lastKnown(facts.snapshot, "tariff");
  return [
    place({ section: LIFECYCLE, context: facts, elsewhere: true }),
    place({ section: EVENTS, context: facts, elsewhere: true }),
    place({
      section: INFO,
      context: { gateway: facts.gateway, capabilities: facts.capabilities, home },
      at: measuredAt(facts.snapshot, "home"),
    }),
    place({ section: DIAGNOSTICS, context: diagnostics, at: diagnostics.lastRead }),
    ...facts.health.map((health) => place({ section: sections(health.source), context: health, at: diagnostics.lastRead })),
    ...(tariff === null
      ? []
      : [
          place({
            section: TARIFF,
            context: tariff,
            stale: isStale(facts, "tariff"),
            at: measuredAt(facts.snapshot, "tariff"),
            interval: "inventory",
          }),
        ]),
  ];
}

function diagnosticsContext(facts: Facts): DiagnosticsContext {
  const inverters = lastKnown(facts.snapshot, "inverters");
  const reports = reportsOf(inverters?.values() ?? []);
  const all = inverters === null ? null : [...inverters.values()];
  return {
    lastRead: facts.health.reduce<number | null>(
      (latest, { lastSuccess }) => (lastSuccess === null ? latest : Math.max(latest ?? 0, lastSuccess)),
      null,
    ),
    problem: problemOf(facts),
    inverters: all?.length ?? null,
    silent: all?.filter((inverter) => isSilent(inverter, reports, facts.now)).length ?? null,
    oldestReport: reports.oldest,
    hasInverters: facts.capabilities.inverters !== null,
  };
}

function productionPlaces({ snapshot, energy, capabilities, ...facts }: Facts, place: Placing): AnyPlace[] {
  const both = { snapshot, energy, capabilities, ...facts };
  const of = (counter: "production" | "consumption") => ({
    context: { counter, group: lastKnown(snapshot, counter), energy } as const,
    stale: isStale(both, counter),
    at: measuredAt(snapshot, counter),
  });
  return [
    ...(capabilities.production === null
      ? []
      : [place({ section: PRODUCTION, ...of("production") }), place({ section: PRODUCTION_ENERGY, ...of("production") })]),
    ...(capabilities.consumption === null
      ? []
      : [place({ section: CONSUMPTION_LIVE, ...of("consumption") }), place({ section: CONSUMPTION_ENERGY, ...of("consumption") })]),
  ];
}

function meterPlaces(facts: Facts, place: Placing): AnyPlace[] {
  const groups = lastKnown(facts.snapshot, "meters");
  const rest = { stale: isStale(facts, "meters"), at: measuredAt(facts.snapshot, "meters"), interval: "meters" } as const;
  const types = new Set(facts.capabilities.meters.map(({ type }) => type as MeterType));
  return [...types].flatMap((type) => {
    const sections = METER_SECTIONS.get(type);
    if (sections === undefined) return [];
    const context = { type, group: groups?.get(type) ?? null, energy: facts.energy };
    return [
      place({ section: sections.live, context, path: `meter/${safeId(type)}`, ...rest }),
      place({ section: sections.energy, context, ...rest }),
    ];
  });
}

function gridPlaces(facts: Facts, place: Placing): AnyPlace[] {
  const { capabilities, energy, snapshot } = facts;
  const now = freshReader(facts);
  const byCt = hasMeter(capabilities, "net-consumption");
  const hasPower = byCt || capabilities.netConsumption !== null;
  const hasConnected = capabilities.enpower || capabilities.collar;
  const power: GridContext = {
    power: gridPower(capabilities, now, null),
    phases: hasPower ? gridPhases(capabilities, lastReader(snapshot), now) : {},
    source: byCt ? "net-consumption CT" : hasPower ? "balanced" : null,
    connected: hasConnected ? gridConnected(now) : null,
    hasPower,
    hasConnected,
  };
  const at = measuredAt(snapshot, byCt ? "meters" : "netConsumption", "enpower", "collar");
  const imported = energy.get("grid_import");
  const exported = energy.get("grid_export");
  const balanced = { context: balancedContext(facts), at: measuredAt(snapshot, "netConsumption"), stale: isStale(facts, "netConsumption") };
  return [
    ...(hasPower || hasConnected ? [place({ section: GRID, context: power, at, interval: byCt ? "meters" : "production" })] : []),
    ...(hasPower ? [place({ section: GRID_ENERGY, context: { imported, exported }, at })] : []),
    ...(capabilities.netConsumption === null
      ? []
      : [place({ section: BALANCED, ...balanced }), place({ section: BALANCED_ENERGY, ...balanced })]),
  ];
}

function batteryPlaces(facts: Facts, place: Placing): AnyPlace[] {
  const { capabilities, energy, snapshot } = facts;
  const byCt = hasMeter(capabilities, "storage");
  const charged = energy.get("battery_charged");
  const discharged = energy.get("battery_discharged");
  const at = measuredAt(snapshot, byCt ? "meters" : "enchargePower", "acb");
  const source = byCt ? "storage CT" : "batteries";
  const ensemble = <G extends "enchargeAggregate" | "batteryAggregate">(group: G) => ({
    context: lastKnown(snapshot, group),
    stale: isStale(facts, group),
    at: measuredAt(snapshot, group),
  });
  return [
    ...(hasBatteryPower(capabilities)
      ? [
          place({ section: BATTERY, context: { power: batteryPower(capabilities, freshReader(facts)), source }, at }),
          place({ section: BATTERY_ENERGY, context: { charged, discharged }, at }),
        ]
      : []),
    ...(capabilities.encharge ? [place({ section: ENCHARGE_AGGREGATE, ...ensemble("enchargeAggregate") })] : []),
    ...(capabilities.acBatteries > 0 && snapshot.batteryAggregate !== undefined
      ? [place({ section: BATTERY_AGGREGATE, ...ensemble("batteryAggregate") })]
      : []),
    ...(capabilities.acBatteries > 0
      ? [
          place({
            section: ACB_ON_GATEWAY,
            context: lastKnown(snapshot, "acb"),
            stale: isStale(facts, "acb"),
            at: measuredAt(snapshot, "acb"),
          }),
        ]
      : []),
  ];
}
