import type { Logger } from "./logger.ts";

/** Says with each line which gateway it is about. */
export function withName(logger: Logger, gateway: string): Logger {
  return {
    debug: (fields, message) => logger.debug({ gateway, ...fields }, message),
    info: (fields, message) => logger.info({ gateway, ...fields }, message),
    warn: (fields, message) => logger.warn({ gateway, ...fields }, message),
    error: (fields, message) => logger.error({ gateway, ...fields }, message),
  };
}
