import { bridgeHealthMessage, bridgeInfoMessage } from "./homeassistant/bridge-messages.ts";
import type { Message } from "./model/message.ts";
import type { MqttStats } from "./mqtt/mqtt-types.ts";
import type { Topics } from "./mqtt/topics.ts";
import type { GatewayStatus, Status } from "./web/status.ts";

/** What the bridge says of itself: what it is, and how it fares. */
export function reportOf(status: Status, stats: MqttStats, everySeconds: number, discovery: boolean, topics: Topics): readonly Message[] {
  const { version, startedAt, now } = status;
  const known = status.gateways.flatMap((gateway) => (gateway.serial === null ? [] : [{ ...gateway, serial: gateway.serial }]));
  const info = bridgeInfoMessage(
    {
      version,
      started: startedAt,
      node: process.versions.node,
      mqtt: { protocol: stats.protocol, discovery },
      gateways: known.map(({ serial, host, info }) => ({ id: serial, host, firmware: info?.firmware.text ?? null })),
    },
    topics,
  );
  const health = bridgeHealthMessage(
    {
      now,
      everySeconds,
      uptimeSeconds: (now - startedAt) / 1000,
      rssBytes: memoryInUse(),
      mqtt: { reconnects: stats.reconnects, published: stats.published, dropped: stats.dropped },
      gateways: known.map((gateway) => ({
        id: gateway.serial,
        lastSuccess: lastSuccessOf(gateway),
        failing: gateway.sources.filter(({ lastError }) => lastError !== null).length,
        tokenExpires: gateway.lifecycle.tokenExpires,
      })),
    },
    topics,
  );
  return [info, health];
}

/** `null` where the system does not tell, as without `/proc`. */
function memoryInUse(): number | null {
  try {
    return process.memoryUsage.rss();
  } catch {
    return null;
  }
}

function lastSuccessOf({ sources }: GatewayStatus): number | null {
  const times = sources.flatMap(({ lastSuccess }) => lastSuccess ?? []);
  return times.length === 0 ? null : Math.max(...times);
}
