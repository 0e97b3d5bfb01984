import { createHash } from "node:crypto";
import type { GatewayBridge } from "./gateway-bridge.ts";
import { BridgeError } from "./model/errors.ts";
import type { Json } from "./model/json.ts";
import type { Mqtt } from "./mqtt/mqtt-types.ts";

export interface RequestTargets {
  readonly mqtt: Mqtt;
  gateways(): readonly GatewayBridge[];
  /** One line where something stands still, `null` while all goes on. */
  trouble(): string | null;
}

type Request = (argument: Json) => Promise<Json>;

/** What may be asked of the bridge itself, on `<base>/bridge/request/<name>`. */
export function createRequests({ mqtt, gateways, trouble }: RequestTargets): (command: string) => Request | null {
  const requests: Readonly<Record<string, Request>> = {
    health_check: async () => ({ healthy: trouble() === null, trouble: trouble() }),
    "discovery/republish": async () => {
      mqtt.announce();
      return { republished: true };
    },
    "discovery/clear": async () => {
      for (const gateway of gateways()) gateway.forget();
      for (const topic of mqtt.orphans()) mqtt.forget(topic);
      return { cleared: true };
    },
    "device/remove": async (argument) => {
      const id = typeof argument === "string" ? argument : (argument as { readonly id?: Json } | null)?.id;
      if (typeof id !== "string") throw new BridgeError("config", 'say which device: {"id": "inverter serial or other device id"}');
      if (gateways().some((gateway) => gateway.removeDevice(id))) return { removed: id };
      throw new BridgeError("config", `${id} is not a device that is known and no longer reported`);
    },
    "gateway/refresh": async () => {
      for (const gateway of gateways()) gateway.wake();
      return { refreshed: gateways().length };
    },
  };
  return (command) => (Object.hasOwn(requests, command) ? (requests[command] ?? null) : null);
}

/** A client id that stays the same from start to start, and differs between two bridges on one broker. */
export function clientIdOf(base: string, installation: string): string {
  const digest = createHash("sha256").update(installation).digest("hex").slice(0, 12);
  return `${base.replaceAll(/[^A-Za-z0-9]/g, "-")}-${digest}`;
}
