import type { BridgeEvent, Device, View } from "../model/view.ts";
import type { EventType } from "./event-types.ts";
import type { Facts } from "./facts.ts";
import { gridConnected, lastReader } from "./site.ts";

/** One gateway at one moment: what was known, and what was published of it. */
export interface Moment {
  readonly facts: Facts;
  readonly view: View;
}

/**
 * What happened between two moments of one gateway: `firmware_changed`, `grid_lost` and `grid_restored` (known before and after),
 * `device_appeared` and `device_vanished` (only once the gateway's devices were known before, so that a start is no event).
 */
export function eventsBetween(before: Moment, after: Moment): BridgeEvent[] {
  const at = after.facts.now;
  return [
    ...firmwareEvents(before.facts, after.facts, at),
    ...gridEvents(before.facts, after.facts, at),
    ...deviceEvents(before, after, at),
  ];
}

function event(type: EventType, at: number, details: BridgeEvent["details"]): BridgeEvent {
  return { type, at, details };
}

function firmwareEvents(before: Facts, after: Facts, at: number): BridgeEvent[] {
  const [from, to] = [before.gateway.firmware.text, after.gateway.firmware.text];
  return from === to ? [] : [event("firmware_changed", at, { from, to })];
}

function gridEvents(before: Facts, after: Facts, at: number): BridgeEvent[] {
  const [was, is] = [gridConnected(lastReader(before.snapshot)), gridConnected(lastReader(after.snapshot))];
  if (was === null || is === null || was === is) return [];
  return [event(is ? "grid_restored" : "grid_lost", at, {})];
}

function deviceEvents(before: Moment, after: Moment, at: number): BridgeEvent[] {
  if (before.view.devices === after.view.devices) return [];
  const said =
    (type: EventType) =>
    ({ id, name, model }: Device) =>
      event(type, at, { id, name, model });
  return [...without(after, before).map(said("device_appeared")), ...without(before, after).map(said("device_vanished"))];
}

/** Devices of `one` that `other` lacks, of kinds whose group both have read. */
function without(one: Moment, other: Moment): readonly Device[] {
  const known = new Set(other.view.devices.map(({ id }) => id));
  const bothRead = DEVICE_GROUPS.filter((group) => one.facts.snapshot[group] !== undefined && other.facts.snapshot[group] !== undefined);
  const models = new Set<string>(bothRead.flatMap((group) => MODELS[group]));
  return one.view.devices.filter(({ id, model }) => models.has(model) && !known.has(id));
}

const MODELS = {
  inverters: ["Inverter"],
  encharges: ["Encharge"],
  enpower: ["Enpower"],
  dryContacts: ["Dry contact relay"],
  collar: ["IQ Meter Collar"],
  c6: ["C6 COMBINER CONTROLLER"],
  acBatteries: ["AC Battery"],
} as const;
const DEVICE_GROUPS = Object.keys(MODELS) as readonly (keyof typeof MODELS)[];
