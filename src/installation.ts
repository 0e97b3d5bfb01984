import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Config } from "./config/types.ts";
import type { Files } from "./lib/files.ts";
import type { Logger } from "./lib/logger.ts";
import { type BrokerAddress, NO_TLS_FILES } from "./mqtt/link-types.ts";
import { clientIdOf } from "./requests.ts";

/** What tells this installation from another one with the same configuration. */
export async function installationOf(directory: string, files: Files, logger: Logger): Promise<string> {
  const file = join(directory, "installation-id");
  const kept = await files.read(file).catch(() => null);
  if (kept !== null && kept.trim() !== "") return kept.trim();
  const fresh = randomUUID();
  await files.write(file, `${fresh}\n`).catch(() => logger.warn({ file }, `${file} cannot be written: make the state folder writable`));
  return fresh;
}

/** The broker at `url`, and how this installation introduces itself there. */
export function brokerOf(config: Config, url: string, installation: string): BrokerAddress {
  const { username, password, clientId, baseTopic, tls } = config.mqtt;
  return { url, username, password, clientId: clientId ?? clientIdOf(baseTopic, installation), tls: tls ?? NO_TLS_FILES };
}
