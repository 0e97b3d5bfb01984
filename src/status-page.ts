import type { Config } from "./config/types.ts";
import type { Logger } from "./lib/logger.ts";
import { startWeb, type Web } from "./web/server.ts";
import type { Status } from "./web/status.ts";

/** Serves the status page where one is configured; a port that cannot be had is said, and the bridge goes on without. */
export async function openStatusPage(
  config: Config,
  status: () => Status,
  health: () => string | null,
  logger: Logger,
): Promise<Web | null> {
  const { listen, hosts, password } = config.web;
  if (listen === null) return null;
  try {
    return await startWeb({ ...listen, hosts, password, status, health });
  } catch (error) {
    logger.error({ err: error }, `the page cannot be served on ${listen.host}:${listen.port}; set web.listen to another port, or off`);
    return null;
  }
}
