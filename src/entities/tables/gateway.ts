import type { Capabilities } from "../../model/capabilities.ts";
import type { GatewayInfo } from "../../model/gateway.ts";
import type { SourceHealth } from "../../model/health.ts";
import { LIFECYCLE_STATES } from "../../model/lifecycle.ts";
import type { HomeInfo } from "../../model/snapshot.ts";
import { EVENT_TYPES } from "../event-types.ts";
import type { Facts } from "../facts.ts";
import { COUNT, DIAGNOSTIC, ENUM, MILLISECONDS, PROBLEM, TIMESTAMP } from "../looks.ts";
import { type Section, section } from "../row.ts";
import { brief, iso } from "../units.ts";

/** Published by the lifecycle itself, at every transition, on a topic of its own. */
export const LIFECYCLE = section<Facts>({ topic: "lifecycle", exists: "every gateway", lasts: "forever", qos: 1 }, [
  {
    key: "state",
    id: "lifecycle_state",
    name: "Lifecycle state",
    ...ENUM,
    ...DIAGNOSTIC,
    options: LIFECYCLE_STATES,
    icon: "mdi:state-machine",
    get: (c) => c.lifecycle.state,
    from: "the session of the bridge",
    withoutGateway: true,
    lasting: true,
  },
  {
    key: "token_expires",
    id: "token_expires",
    name: "Token expires",
    ...TIMESTAMP,
    ...DIAGNOSTIC,
    get: (c) => iso(c.lifecycle.tokenExpires),
    from: "`exp` of the token",
    withoutGateway: true,
    lasting: true,
  },
  {
    key: "role",
    id: "token_role",
    name: "Token role",
    ...DIAGNOSTIC,
    icon: "mdi:account-key",
    get: (c) => c.lifecycle.role,
    from: "`enphaseUser` of the token",
    withoutGateway: true,
    lasting: true,
  },
]);

export const EVENTS = section<Facts>({ topic: "event", exists: "every gateway", lasts: "forever", qos: 1 }, [
  {
    key: "event_type",
    id: "events",
    name: "Events",
    platform: "event",
    options: EVENT_TYPES,
    icon: "mdi:bell-outline",
    get: () => null,
    from: "what the bridge noticed; not retained",
  },
]);

/** `oldestReport` epoch milliseconds. */
export interface DiagnosticsContext {
  readonly lastRead: number | null;
  readonly problem: string | null;
  readonly inverters: number | null;
  readonly silent: number | null;
  readonly oldestReport: number | null;
  readonly hasInverters: boolean;
}

const ofInverters = { when: (c: DiagnosticsContext) => c.hasInverters, exists: "inverters can be read", lasting: true } as const;

export const DIAGNOSTICS = section<DiagnosticsContext>({ topic: "diagnostics", exists: "every gateway", lasts: "forever" }, [
  {
    key: "last_read",
    id: "last_read",
    name: "Last successful read",
    ...TIMESTAMP,
    ...DIAGNOSTIC,
    // It changes with every poll: a line in the history each time is for those who want it.
    enabled: false,
    get: (c) => iso(c.lastRead),
    from: "the latest good answer of any source",
    withoutGateway: true,
  },
  {
    key: "problem",
    id: "problem",
    ...PROBLEM,
    ...DIAGNOSTIC,
    get: (c) => c.problem !== null,
    from: "the session needs a person, the gateway is away, the token cannot be renewed, or a source failed three times in a row",
    withoutGateway: true,
  },
  {
    key: "problem_text",
    id: "problem_text",
    name: "Problem description",
    ...DIAGNOSTIC,
    icon: "mdi:alert-circle-outline",
    get: (c) => brief(c.problem ?? "none"),
    from: "what the problem is and what to do",
    withoutGateway: true,
  },
  {
    ...ofInverters,
    key: "inverters",
    id: "inverters",
    name: "Inverters",
    ...COUNT,
    ...DIAGNOSTIC,
    icon: "mdi:solar-panel",
    get: (c) => c.inverters,
    from: "how many the gateway lists",
  },
  {
    ...ofInverters,
    key: "inverters_silent",
    id: "inverters_silent",
    name: "Inverters silent",
    ...COUNT,
    ...DIAGNOSTIC,
    icon: "mdi:solar-panel",
    get: (c) => c.silent,
    from: "how many have a problem",
  },
  {
    ...ofInverters,
    key: "oldest_report",
    id: "oldest_report",
    name: "Oldest inverter report",
    ...TIMESTAMP,
    ...DIAGNOSTIC,
    get: (c) => iso(c.oldestReport),
    from: "the earliest of all inverters' last reports",
  },
]);

/** How one source fares; its rows carry the source's name. */
export function sourceSection(source: string): Section<SourceHealth> {
  const name = source.toLowerCase().replace(/[^a-z0-9]+/g, "_");
  const words = source.replaceAll("_", " ");
  return section<SourceHealth>({ topic: "diagnostics", exists: "one for each source that is read", lasts: "forever" }, [
    {
      key: `${name}_reply_ms`,
      id: `reply_time_${name}`,
      name: `Reply time ${words}`,
      ...MILLISECONDS,
      ...DIAGNOSTIC,
      precision: 0,
      enabled: false,
      get: (c) => (c.replyMs === null ? null : Math.round(c.replyMs)),
      from: "how long the last answer took",
    },
    { key: `${name}_last_read`, get: (c) => iso(c.lastSuccess), from: "the source's last good answer" },
    { key: `${name}_failures`, get: (c) => c.failures, from: "failures in a row" },
    { key: `${name}_error`, get: (c) => brief(c.lastError), from: "why it failed" },
  ]);
}

export interface InfoContext {
  readonly gateway: GatewayInfo;
  readonly capabilities: Capabilities;
  readonly home: HomeInfo | null;
}

const INFO_FROM = "`/info`";
const PROBED = "probe";

export const INFO = section<InfoContext>({ topic: "info", exists: "every gateway", lasts: "forever", qos: 1 }, [
  { key: "serial", get: ({ gateway }) => gateway.serial, from: INFO_FROM },
  {
    key: "firmware",
    id: "firmware",
    name: "Firmware",
    ...DIAGNOSTIC,
    icon: "mdi:chip",
    get: ({ gateway }) => gateway.firmware.text,
    from: INFO_FROM,
  },
  { key: "part_number", get: ({ gateway }) => gateway.partNumber, from: INFO_FROM },
  { key: "metered", get: ({ gateway }) => gateway.metered, from: INFO_FROM },
  { key: "phases", get: ({ capabilities }) => capabilities.phaseCount, from: PROBED },
  { key: "phase_mode", get: ({ capabilities }) => capabilities.phaseMode, from: PROBED },
  { key: "meters", get: ({ capabilities }) => capabilities.meters.map(({ type }) => type).join(","), from: PROBED },
  { key: "capabilities", get: ({ capabilities }) => capabilityNames(capabilities), from: PROBED },
  { key: "production_source", get: ({ capabilities }) => capabilities.production, from: PROBED },
  { key: "inverter_source", get: ({ capabilities }) => capabilities.inverters, from: PROBED },
  { key: "interface", get: ({ home }) => home?.primaryInterface, from: "`/home`" },
  { key: "interface_type", get: ({ home }) => home?.interfaceType, from: "`/home`" },
  { key: "mac", get: ({ home }) => home?.mac, from: "`/home`" },
  { key: "dhcp", get: ({ home }) => home?.dhcp, from: "`/home`" },
  { key: "software_built", get: ({ home }) => iso(home?.softwareBuiltAt), from: "`/home`" },
  { key: "timezone", get: ({ home }) => home?.timezone, from: "`/home`" },
]);

/** The names of what it has, in the order of the probe. */
function capabilityNames(capabilities: Capabilities): string {
  return Object.entries(capabilities)
    .filter(([name, value]) => !["meters", "phaseCount", "phaseMode"].includes(name) && value !== null && value !== false && value !== 0)
    .map(([name]) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
    .join(",");
}
