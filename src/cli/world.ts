import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Config, GatewayConfig } from "../config/types.ts";
import { loadConfig, secretsOf } from "../config.ts";
import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import { createLog, type Log } from "../log.ts";
import { discover } from "./discover.ts";

/** The version in package.json, which lies beside `src` and beside `dist`. */
export const VERSION: string = (createRequire(import.meta.url)("../../package.json") as { version: string }).version;

/** The configuration of this process. Throws a `BridgeError("config")`. */
export function configOf(settings: Readonly<Record<string, string>>): Config {
  return loadConfig({
    env: process.env,
    args: settings,
    readFile: (path) => readFileSync(path, "utf8"),
    credentialsDirectory: process.env["CREDENTIALS_DIRECTORY"] ?? null,
    cwd: process.cwd(),
  });
}

/** The log on standard output; secrets of `config` are taken out of each line. */
export function logOf(config: () => Config): Log {
  const { level, format } = config().log;
  const text = format === "text" || (format === "auto" && process.stdout.isTTY === true);
  return createLog({ level, format: text ? "text" : "json", secrets: () => secretsOf(config()), stream: process.stdout });
}

/** The token of a gateway as it is now: one from a file of its own is read again. */
export function tokenOf(gateway: GatewayConfig): string | null {
  if (gateway.tokenFile === null) return gateway.token;
  try {
    return readFileSync(gateway.tokenFile, "utf8").trim() || null;
  } catch {
    return gateway.token;
  }
}

const SEARCH_MS = 5_000;
const SEARCH_PAUSE_MS = 30_000;

/** Looks for a gateway on the network until one answers that fits. Ends by the abort of `signal` only. */
export async function findHost(gateway: GatewayConfig, clock: Clock, logger: Logger, signal: AbortSignal): Promise<string> {
  const fits = (serial: string | null) => gateway.serial === null || gateway.serial === serial;
  for (let tries = 0; ; tries++) {
    const found = await discover({ ms: SEARCH_MS, clock, signal, until: (all) => all.some(({ serial }) => fits(serial)) }).catch(
      (error: unknown) => {
        if (tries === 0) logger.warn({ err: error }, "gateways cannot be looked for on this network; set host to the gateway's address");
        return [];
      },
    );
    signal.throwIfAborted();
    const one = found.find(({ serial }) => fits(serial));
    const host = one?.addresses[0] ?? one?.host ?? null;
    if (host !== null) {
      logger.info({ host, serial: one?.serial ?? null }, `found gateway ${one?.serial ?? ""} at ${host}`);
      return host;
    }
    if (tries === 0) logger.warn({}, "no gateway answers on this network; looking on. Set host where multicast does not get through");
    await clock.sleep(SEARCH_PAUSE_MS, signal);
  }
}
