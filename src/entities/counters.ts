import type { Capabilities } from "../model/capabilities.ts";
import type { CounterReading, PowerReading } from "../model/energy.ts";
import type { Snapshot } from "../model/snapshot.ts";

/** The lifetime counters of a snapshot, in Wh, each with the most that can flow through it. */
export function counterReadings(_snapshot: Snapshot, _capabilities: Capabilities): CounterReading[] {
  return [];
}

/** Power whose energy no meter counts: `grid_import`, `grid_export`, `battery_charged`, `battery_discharged`, W. */
export function powerReadings(_snapshot: Snapshot, _capabilities: Capabilities): PowerReading[] {
  return [];
}
