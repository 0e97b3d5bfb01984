import { unwatchFile, watchFile } from "node:fs";
import { type Bridge, startBridge } from "../bridge.ts";
import type { Config } from "../config/types.ts";
import { systemClock } from "../lib/clock.ts";
import { diskFiles } from "../lib/files.ts";
import type { Logger } from "../lib/logger.ts";
import { holdStateFolder } from "./state-lock.ts";
import { createNotifier, feedWatchdog } from "./systemd.ts";
import { configOf, findHost, logOf, tokenOf, VERSION } from "./world.ts";

/** Files are looked at so often, ms. */
const LOOK_MS = 5_000;

/** Runs the bridge until a signal ends it. A changed configuration is taken over; a wrong one is told, and the old one stays. */
export async function run(settings: Readonly<Record<string, string>>, ended: AbortSignal): Promise<number> {
  let config = configOf(settings);
  const logger = logOf(() => config);
  const notifier = createNotifier(process.env);
  logger.info({ version: VERSION, node: process.versions.node }, `envoy2mqtt ${VERSION} starts`);
  const hold = (directory: string) => holdStateFolder(directory, { clock: systemClock, logger, signal: ended });
  let letGo = await hold(config.stateDir);
  let bridge = await start(config, logger);
  let turn: Promise<void> = Promise.resolve();
  let unwatch = watch(config.files, changed);

  function changed(file: string): void {
    turn = turn.then(() => takeOver(file)).catch((error: unknown) => logger.error({ err: error }, "the change could not be taken over"));
  }

  async function takeOver(file: string): Promise<void> {
    if (ended.aborted) return;
    if (config.gateways.some(({ tokenFile }) => tokenFile === file)) {
      logger.info({ file }, `${file} changed: it is tried at once`);
      bridge.wake();
      return;
    }
    try {
      const fresh = configOf(settings);
      logger.info({ file }, `${file} changed: the bridge starts again with it`);
      const moves = fresh.stateDir !== config.stateDir;
      const next = moves ? await hold(fresh.stateDir) : letGo;
      await bridge.stop();
      if (moves) await letGo();
      letGo = next;
      config = fresh;
      unwatch();
      unwatch = watch(config.files, changed);
      bridge = await start(config, logger);
    } catch (error) {
      logger.error({ file }, `${file} changed, but cannot be used: ${(error as Error).message}; the bridge goes on as it was`);
    }
  }

  await notifier.ready(`reading ${config.gateways.length} gateway(s)`);
  await feedWatchdogUntil(ended, notifier, () => bridge.trouble());
  unwatch();
  await notifier.stopping();
  await turn;
  await bridge.stop();
  await letGo();
  logger.info({}, "envoy2mqtt ended");
  return 0;
}

async function feedWatchdogUntil(ended: AbortSignal, notifier: ReturnType<typeof createNotifier>, trouble: () => string | null) {
  const feeding = feedWatchdog(notifier, trouble, systemClock, ended);
  if (!ended.aborted) await new Promise((resolve) => ended.addEventListener("abort", resolve, { once: true }));
  await feeding;
}

function start(config: Config, logger: Logger): Promise<Bridge> {
  return startBridge({
    config,
    version: VERSION,
    clock: systemClock,
    random: Math.random,
    files: diskFiles,
    logger,
    findHost: (gateway, signal) => findHost(gateway, systemClock, logger, signal),
    token: tokenOf,
  });
}

/** Watches by looking, since files in containers and credentials folders are replaced as a whole. Gives what ends it. */
function watch(files: readonly string[], changed: (file: string) => void): () => void {
  for (const file of files) {
    watchFile(file, { interval: LOOK_MS, persistent: false }, (now, before) => {
      if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino) changed(file);
    });
  }
  return () => {
    for (const file of files) unwatchFile(file);
  };
}
