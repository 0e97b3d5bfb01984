import type { Capabilities } from "../model/capabilities.ts";
import type { GatewayInfo } from "../model/gateway.ts";
import type { GroupName, Groups, Snapshot } from "../model/snapshot.ts";

/** Gets and parses JSON from the gateway. Throws `BridgeError`: `unauthorized`, `http`, `not_json`, `timeout`, `unreachable`, `too_large`. */
export type Get = (path: string) => Promise<unknown>;

/** Which of the configured intervals a source has. */
export type IntervalName = "meters" | "production" | "inverters" | "inventory" | "once";

export interface ProbeContext {
  readonly gateway: GatewayInfo;
  /** Answers with 200 are kept for the length of one probe and the round after it, so nothing is asked twice. */
  readonly get: Get;
  /** What the sources before this one found. */
  readonly found: Capabilities;
  /** Whether export and production limits are asked for; `auto` (the default): only on firmware 8.3.5528 and later. */
  readonly siteLimits?: "auto" | "always" | "never" | undefined;
}

export interface ReadContext {
  readonly gateway: GatewayInfo;
  readonly capabilities: Capabilities;
  readonly get: Get;
  /** When this reading began, epoch milliseconds. */
  readonly now: number;
  /** What was last read of each group; a source may need it to tell a short list from a vanished device. */
  readonly previous?: Snapshot;
  /** Says that the gateway's answer is not of the known shape; each distinct text is reported once. */
  readonly drift: (what: string) => void;
}

/** What one reading gave: groups, and when the gateway measured them where it says so. */
export interface SourceResult {
  readonly groups: Partial<Groups>;
  readonly measuredAt?: Partial<Record<GroupName, number>>;
}

/** One endpoint (or a few that make one thing). Each fails alone. */
export interface Source {
  readonly name: string;
  readonly interval: IntervalName;
  /** Groups that it can give: they go stale together when it fails. */
  readonly groups: readonly GroupName[];
  /** A good reading of a core source makes the gateway `online`. */
  readonly core: boolean;
  /**
   * What this gateway has of it. Soft failures (404, 401, no JSON) mean that it has none; `unreachable` and `timeout` go through.
   */
  probe(context: ProbeContext): Promise<Partial<Capabilities>>;
  /** Whether this source is read at all with these capabilities. */
  wanted(capabilities: Capabilities): boolean;
  read(context: ReadContext): Promise<SourceResult>;
}
