import type { EnsembleDevice } from "../model/snapshot.ts";
import { childDevice } from "./devices.ts";
import type { Facts } from "./facts.ts";
import { isStale, lastKnown, measuredAt } from "./freshness.ts";
import { distinctIds, safeId } from "./ids.ts";
import type { AnyPlace, DeviceDraft } from "./place.ts";
import { C6_COMBINER, COLLAR } from "./tables/collar.ts";
import { ENCHARGE } from "./tables/encharge.ts";
import { STORAGE } from "./tables/storage.ts";
import { DRY_CONTACT, ENPOWER } from "./tables/system-controller.ts";

/** IQ batteries, the System Controller with its dry contacts and the storage settings, collar and combiner. */
export function ensemblePlaces(facts: Facts, gateway: DeviceDraft): AnyPlace[] {
  const enpower = enpowerDevice(facts, gateway);
  return [...enchargePlaces(facts, gateway), ...enpowerPlaces(facts, gateway, enpower), ...collarPlaces(facts, gateway)];
}

/** A device of the ensemble inventory, by the rules that all of them share. */
function ensemble(facts: Facts, group: "encharges" | "enpower" | "collar" | "c6" | "dryContacts") {
  return {
    stale: isStale(facts, group),
    at: measuredAt(facts.snapshot, group),
    interval: "production",
  } as const;
}

function enchargePlaces(facts: Facts, gateway: DeviceDraft): AnyPlace[] {
  const batteries = lastKnown(facts.snapshot, "encharges");
  if (!facts.capabilities.encharge || batteries === null) return [];
  const power = isStale(facts, "enchargePower") ? null : lastKnown(facts.snapshot, "enchargePower");
  return [...distinctIds(batteries.keys())].map(([serial, id]) => {
    const battery = batteries.get(serial)!;
    return {
      section: ENCHARGE,
      device: childDevice({
        id: `battery_${id}`,
        name: `Encharge ${serial}`,
        model: "Encharge",
        via: gateway.id,
        serialNumber: serial,
        softwareVersion: battery.firmware,
      }),
      path: `battery/${id}`,
      prefix: serial,
      context: { battery, power: power?.get(serial) ?? null },
      ...ensemble(facts, "encharges"),
      at: measuredAt(facts.snapshot, "encharges", "enchargePower"),
    };
  });
}

function singleDevice(device: EnsembleDevice, kind: string, name: string, model: string, gateway: DeviceDraft): DeviceDraft {
  const { serial, firmware } = device;
  return childDevice({
    id: `${kind}_${safeId(serial)}`,
    name: `${name} ${serial}`,
    model,
    via: gateway.id,
    serialNumber: serial,
    softwareVersion: firmware,
  });
}

function enpowerDevice({ capabilities, snapshot }: Facts, gateway: DeviceDraft): DeviceDraft | null {
  const enpower = lastKnown(snapshot, "enpower");
  return capabilities.enpower && enpower !== null ? singleDevice(enpower, "system_controller", "Enpower", "Enpower", gateway) : null;
}

function enpowerPlaces(facts: Facts, gateway: DeviceDraft, device: DeviceDraft | null): AnyPlace[] {
  const enpower = lastKnown(facts.snapshot, "enpower");
  if (device === null || enpower === null) return storagePlaces(facts, gateway, null);
  const { serial } = enpower;
  return [
    {
      section: ENPOWER,
      device,
      path: `system_controller/${safeId(serial)}`,
      prefix: serial,
      context: enpower,
      ...ensemble(facts, "enpower"),
    },
    ...storagePlaces(facts, gateway, device),
    ...dryContactPlaces(facts, device, serial),
  ];
}

/**
 * Home Assistant hangs the storage settings on the System Controller where there is one. Gateways have them without a battery too: then
 * they are published, and no entity is announced.
 */
function storagePlaces(facts: Facts, gateway: DeviceDraft, enpower: DeviceDraft | null): AnyPlace[] {
  const settings = lastKnown(facts.snapshot, "tariff")?.storage ?? null;
  // Before the inventory was read it is not known where they belong.
  const waits = facts.capabilities.enpower && enpower === null && facts.snapshot.enpower === undefined;
  if (settings === null || waits) return [];
  const device = enpower ?? gateway;
  return [
    {
      section: STORAGE,
      device,
      path: STORAGE.topic,
      prefix: device.serialNumber ?? "",
      context: { settings, onGateway: enpower === null },
      stale: isStale(facts, "tariff"),
      at: measuredAt(facts.snapshot, "tariff"),
      interval: "inventory",
      announced: facts.capabilities.encharge,
    },
  ];
}

function dryContactPlaces(facts: Facts, enpower: DeviceDraft, serial: string): AnyPlace[] {
  const contacts = lastKnown(facts.snapshot, "dryContacts");
  if (contacts === null) return [];
  return [...distinctIds(contacts.keys())].map(([id, safe]) => {
    const contact = contacts.get(id)!;
    // Two gateways may both have a contact of this name: ids carry the System Controller's serial.
    const name = contact.settings === null ? id : (contact.settings.loadName ?? id);
    return {
      section: DRY_CONTACT,
      device: childDevice({
        id: `${enpower.id.replace("system_controller", "relay")}_${safe}`,
        name,
        model: "Dry contact relay",
        via: enpower.id,
        softwareVersion: enpower.softwareVersion,
      }),
      path: `relay/${safe}`,
      prefix: `${serial}_relay_${id}`,
      context: contact,
      ...(name === "" ? { objectIds: namelessIds(facts, serial, id) } : {}),
      ...ensemble(facts, "dryContacts"),
    };
  });
}

/** What Home Assistant makes of a contact to whose load nobody gave a name. */
function namelessIds(facts: Facts, enpower: string, id: string): { readonly [entity: string]: string } {
  return {
    relay_status: `enphase_envoy_${enpower}_relay_${id}_relay_status`,
    soc_low: `envoy_${facts.gateway.serial}_cutoff_battery_level`,
  };
}

function collarPlaces(facts: Facts, gateway: DeviceDraft): AnyPlace[] {
  const collar = facts.capabilities.collar ? lastKnown(facts.snapshot, "collar") : null;
  const c6 = facts.capabilities.c6 ? lastKnown(facts.snapshot, "c6") : null;
  const places: AnyPlace[] = [];
  if (collar !== null) {
    const device = singleDevice(collar, "collar", "Collar", "IQ Meter Collar", gateway);
    places.push({
      section: COLLAR,
      device,
      path: `collar/${safeId(collar.serial)}`,
      prefix: collar.serial,
      context: collar,
      ...ensemble(facts, "collar"),
    });
  }
  if (c6 !== null) {
    const device = singleDevice(c6, "combiner", "C6 Combiner", "C6 COMBINER CONTROLLER", gateway);
    places.push({
      section: C6_COMBINER,
      device,
      path: `combiner/${safeId(c6.serial)}`,
      prefix: c6.serial,
      context: c6,
      ...ensemble(facts, "c6"),
    });
  }
  return places;
}
