import type { Logger } from "../lib/logger.ts";
import { type Capabilities, NO_CAPABILITIES } from "../model/capabilities.ts";
import { BridgeError, isBridgeError } from "../model/errors.ts";
import type { GatewayInfo } from "../model/gateway.ts";
import { type Answers, createRound } from "./round.ts";
import type { ProbeContext, Source } from "./source.ts";

export interface ProbeOptions {
  readonly sources: readonly Source[];
  readonly gateway: GatewayInfo;
  readonly get: (path: string, signal: AbortSignal) => Promise<unknown>;
  readonly logger: Logger;
  /** Whether export and production limits are asked for; by firmware where it is not said. */
  readonly siteLimits?: ProbeContext["siteLimits"];
}

export interface ProbeResult {
  readonly capabilities: Capabilities;
  /** What was answered, for the first round of the poller: nothing is asked twice. */
  readonly answers: Answers;
  /** Sources that gave no answer in time: whether the gateway has them is not known. */
  readonly unsure: readonly string[];
}

/**
 * Asks each source once whether this gateway has it. Throws `no_production` where none gives production, `unauthorized` where that is
 * because the gateway refuses everything, and `unreachable` or `timeout` where the gateway does not answer. A source that is not core and
 * does not answer, while others after it do, is left out: it must not keep the others away.
 */
export async function probe(options: ProbeOptions, signal: AbortSignal): Promise<ProbeResult> {
  const { gateway, logger, siteLimits } = options;
  let refused: BridgeError | null = null;
  let silent: BridgeError | null = null;
  const round = createRound(async (path) => {
    try {
      const answer = await options.get(path, signal);
      silent = null;
      return answer;
    } catch (error) {
      if (isBridgeError(error, "unauthorized")) refused ??= error;
      silent = isBridgeError(error, "timeout", "unreachable") ? error : null;
      throw error;
    }
  });
  let found: Capabilities = NO_CAPABILITIES;
  const unsure: string[] = [];
  for (const source of options.sources) {
    try {
      found = { ...found, ...(await source.probe({ gateway, get: round.get, found, siteLimits })) };
    } catch (error) {
      if (source.core || !isBridgeError(error, "timeout", "unreachable")) throw error;
      unsure.push(source.name);
      logger.warn({ source: source.name }, `${error.message}; ${source.name} is left out for now, and asked again later`);
    }
  }
  if (silent !== null) throw silent;
  if (found.production !== null) return { capabilities: found, answers: round.answers, unsure };
  if (refused !== null && round.answers.size === 0) throw refused;
  throw new BridgeError(
    "no_production",
    `the gateway (firmware ${gateway.firmware.text}) gives no production data on any known path; it may have just started, and is asked again`,
  );
}
