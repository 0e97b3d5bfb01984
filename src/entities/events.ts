import type { BridgeEvent } from "../model/view.ts";
import type { Facts } from "./facts.ts";

/** What can happen to a gateway; the options of its event entity. */
export const EVENT_TYPES = [
  "firmware_changed",
  "counter_reset",
  "grid_lost",
  "grid_restored",
  "device_appeared",
  "device_vanished",
] as const;

/** What happened between two moments of one gateway. */
export function eventsBetween(_before: Facts, _after: Facts): BridgeEvent[] {
  return [];
}
