import { parseFirmware } from "../../src/model/firmware.ts";
import type { Entity, View } from "../../src/model/view.ts";
import type { GatewayStatus, Status } from "../../src/web/status.ts";

export const NOW = Date.UTC(2026, 10, 25, 12);

export function entity(given: Partial<Entity> & Pick<Entity, "topic" | "key">): Entity {
  return {
    platform: "sensor",
    id: given.key,
    uniqueId: `envoy2mqtt_${given.key}`,
    name: given.key,
    defaultEntityId: `sensor.${given.key}`,
    enabledByDefault: true,
    ...given,
  };
}

export function view(entities: readonly Entity[], values: Record<string, string | number | boolean | null>, serial = "122000000001"): View {
  return {
    serial,
    devices: [
      {
        id: `envoy_${serial}`,
        name: `Envoy ${serial}`,
        manufacturer: "Enphase",
        model: "Envoy",
        serialNumber: serial,
        softwareVersion: null,
        hardwareVersion: null,
        via: null,
        configurationUrl: null,
        entities,
      },
    ],
    states: [{ path: "production", payload: values, qos: 0, retain: true, expiry: null }],
  };
}

export function gateway(given: Partial<GatewayStatus> = {}): GatewayStatus {
  return {
    name: "House",
    serial: "122000000001",
    host: "envoy.local",
    available: true,
    lifecycle: {
      state: "authenticated",
      since: NOW - 7_500_000,
      reason: "polling",
      nextAttempt: null,
      tokenExpires: NOW + 86_400_000,
      role: "owner",
      renewal: "ok",
    },
    info: { serial: "122000000001", firmware: parseFirmware("D8.3.1598"), partNumber: null, metered: true, scheme: "https" },
    sources: [
      { source: "meters", lastSuccess: NOW - 4_000, failures: 0, replyMs: 123.4, lastError: null },
      { source: "inverters", lastSuccess: null, failures: 2, replyMs: null, lastError: "no answer in 45 s" },
    ],
    view: view([entity({ topic: "production", key: "power", unit: "W", stateClass: "measurement" })], { power: 1234 }),
    ...given,
  };
}

export function status(given: Partial<Status> = {}): Status {
  return {
    version: "1.2.3",
    startedAt: NOW - 200_000_000,
    now: NOW,
    mqtt: { connected: true, address: "mqtt://broker:1883" },
    gateways: [gateway()],
    sites: [],
    ...given,
  };
}
