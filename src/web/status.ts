import type { GatewayInfo } from "../model/gateway.ts";
import type { SourceHealth } from "../model/health.ts";
import type { LifecycleStatus } from "../model/lifecycle.ts";
import type { View } from "../model/view.ts";

/** One gateway as it stands now. Nothing in it is secret. */
export interface GatewayStatus {
  readonly name: string;
  /** `null` until it is known. */
  readonly serial: string | null;
  /** Name or address it is reached at; `null` while it is looked for. */
  readonly host: string | null;
  readonly available: boolean;
  readonly lifecycle: LifecycleStatus;
  readonly info: GatewayInfo | null;
  readonly sources: readonly SourceHealth[];
  readonly view: View | null;
}

/** The whole bridge as it stands now. Times are epoch milliseconds. */
export interface Status {
  readonly version: string;
  readonly startedAt: number;
  readonly now: number;
  /** `address`: the broker's, without user and password. */
  readonly mqtt: { readonly connected: boolean; readonly address: string };
  readonly gateways: readonly GatewayStatus[];
  /** Gateways added up. */
  readonly sites: readonly View[];
}

/** Asked for on each request. */
export type StatusSupplier = () => Status;

/** `null` while progress is made, else in a few words what stands still. A gateway that is away does not count. */
export type Health = () => string | null;
