import type { GatewayConfig } from "./config/types.ts";
import type { GatewayStatus } from "./web/status.ts";

/** A gateway that is still looked for on the network. */
export function lookedFor({ name, serial, host }: GatewayConfig, since: number): GatewayStatus {
  const told = { since, reason: "looking for the gateway on this network", nextAttempt: null };
  const lifecycle = { state: "setup", ...told, tokenExpires: null, role: null, renewal: "ok" } as const;
  return { name: name ?? serial ?? host ?? "gateway", serial, host, available: false, lifecycle, info: null, sources: [], view: null };
}
