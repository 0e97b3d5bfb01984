import { createEnlighten } from "./auth/enlighten.ts";
import type { LoginBudget } from "./auth/login-budget.ts";
import type { Cloud } from "./auth/ports.ts";
import type { BridgeOptions } from "./bridge-options.ts";
import type { GatewayConfig } from "./config/types.ts";

/** One cloud for each account: it is logged in to once at a time, and all logins together are counted. */
export function createClouds(
  { config, clock, cloudCa, edges }: BridgeOptions,
  budget: LoginBudget,
): (gateway: GatewayConfig) => Cloud | null {
  const { loginUrl, tokenUrl: tokensUrl } = config.enlighten;
  const clouds = new Map<string, Cloud>();
  return ({ username, password }) => {
    if (username === null || password === null) return null;
    const account = JSON.stringify([username, password]);
    const way = edges === undefined ? {} : { post: edges.post };
    const cloud =
      clouds.get(account) ?? createEnlighten({ username, password, budget, clock, loginUrl, tokensUrl, ca: cloudCa ?? null, ...way });
    clouds.set(account, cloud);
    return cloud;
  };
}
