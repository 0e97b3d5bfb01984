import type { Capabilities } from "../model/capabilities.ts";
import type { EnergyValues } from "../model/energy.ts";
import type { GatewayInfo } from "../model/gateway.ts";
import type { SourceHealth } from "../model/health.ts";
import type { LifecycleStatus } from "../model/lifecycle.ts";
import type { Snapshot } from "../model/snapshot.ts";

/** How often each kind of source is read, seconds. */
export interface Intervals {
  readonly meters: number;
  readonly production: number;
  readonly inverters: number;
  readonly inventory: number;
}

/** What a person may set that changes what is published. */
export interface FactsOptions {
  readonly intervals: Intervals;
}

export const DEFAULT_INTERVALS: Intervals = { meters: 10, production: 30, inverters: 300, inventory: 900 };

/** Everything that is known of one gateway at one moment; the catalogue makes a view of it and of nothing else. */
export interface Facts {
  readonly gateway: GatewayInfo;
  readonly capabilities: Capabilities;
  readonly snapshot: Snapshot;
  /** The guarded counters of this gateway. */
  readonly energy: EnergyValues;
  readonly lifecycle: LifecycleStatus;
  /** One for each source that is read. */
  readonly health: readonly SourceHealth[];
  /** The gateway's own web page, such as `https://192.168.1.10`; `null` where none can be named. */
  readonly configurationUrl: string | null;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly options: FactsOptions;
}
