import type { Message } from "../model/message.ts";
import { iso } from "./time.ts";
import type { TopicNames } from "./topic-names.ts";

/** Raised when topics or keys change so that subscribers have to change, too. */
export const SCHEMA = 1;

/** What is missing so often in a row is no longer true. */
const MISSED = 3;

/** What the bridge is. No user, password, token or position. */
export interface BridgeInfo {
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** Version of Node.js. */
  readonly node: string;
  readonly mqtt: { readonly protocol: 4 | 5 | null; readonly discovery: boolean };
  readonly gateways: readonly { readonly id: string; readonly host: string | null; readonly firmware: string | null }[];
}

export function bridgeInfoMessage(info: BridgeInfo, topics: TopicNames): Message {
  const { version, started, node, mqtt, gateways } = info;
  const payload = { name: "envoy2mqtt", version, schema: SCHEMA, started: iso(started), node, mqtt, gateways };
  return { topic: topics.bridgeInfo, payload: JSON.stringify(payload), retain: true, qos: 1, expiry: null, json: true };
}

/** How the bridge fares. Times are milliseconds since 1970. */
export interface BridgeHealth {
  readonly now: number;
  /** Seconds from one to the next. */
  readonly everySeconds: number;
  readonly uptimeSeconds: number;
  readonly rssBytes: number | null;
  readonly mqtt: { readonly reconnects: number; readonly published: number; readonly dropped: number };
  readonly gateways: readonly GatewayHealth[];
}

export interface GatewayHealth {
  readonly id: string;
  readonly lastSuccess: number | null;
  /** Sources that failed when they were last asked. */
  readonly failing: number;
  readonly tokenExpires: number | null;
}

/** Sent again and again; it expires so that a dead bridge does not look healthy. */
export function bridgeHealthMessage(health: BridgeHealth, topics: TopicNames): Message {
  const payload = {
    ts: iso(health.now),
    uptime_s: Math.floor(health.uptimeSeconds),
    rss_mb: health.rssBytes === null ? null : Math.round(health.rssBytes / 104_857.6) / 10,
    mqtt: health.mqtt,
    gateways: Object.fromEntries(
      health.gateways.map(({ id, lastSuccess, failing, tokenExpires }) => [
        id,
        { last_success: iso(lastSuccess), failing, token_expires: iso(tokenExpires) },
      ]),
    ),
  };
  const expiry = Math.ceil(MISSED * health.everySeconds);
  return { topic: topics.bridgeHealth, payload: JSON.stringify(payload), retain: true, qos: 0, expiry, json: true };
}
