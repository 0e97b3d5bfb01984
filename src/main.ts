#!/usr/bin/env node
import { writeFile } from "node:fs/promises";
import { helpText, parseCommandLine } from "./cli/args.ts";
import { demo } from "./cli/demo.ts";
import { discover, foundText } from "./cli/discover.ts";
import { run } from "./cli/run.ts";
import { checkSetUp, recordGateway } from "./cli/set-up.ts";
import { VERSION } from "./cli/world.ts";
import { systemClock } from "./lib/clock.ts";
import { isBridgeError } from "./model/errors.ts";

/** What sysexits.h calls EX_CONFIG: systemd does not start us again for it. */
const WRONG_CONFIG = 78;
const SEARCH_SECONDS = 5;

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Performs the command line and gives the exit code. */
async function main(argv: readonly string[], ended: AbortSignal): Promise<number> {
  const { command, settings, seconds, output } = parseCommandLine(argv);
  switch (command) {
    case "help":
      print(helpText(VERSION));
      return 0;
    case "version":
      print(VERSION);
      return 0;
    case "run":
      return await run(settings, ended);
    case "demo":
      return await demo({ seconds, print }, ended);
    case "check":
      return await checkSetUp(settings, print, ended);
    case "discover":
      print(foundText(await discover({ ms: (seconds ?? SEARCH_SECONDS) * 1000, clock: systemClock, signal: ended })));
      return 0;
    case "record": {
      const text = `${JSON.stringify(await recordGateway(settings, (line) => process.stderr.write(`${line}\n`), ended), null, 1)}\n`;
      if (output === null) process.stdout.write(text);
      else await writeFile(output, text, { mode: 0o600 });
      return 0;
    }
  }
}

const ended = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (ended.signal.aborted) process.exit(1);
    ended.abort();
  });
}
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

try {
  process.exitCode = await main(process.argv.slice(2), ended.signal);
} catch (error) {
  const isConfig = isBridgeError(error, "config");
  const text = error instanceof Error ? error.message : String(error);
  process.stderr.write(isBridgeError(error) ? `envoy2mqtt: ${text}\n` : `envoy2mqtt: ${text}: a mistake of the bridge, please report it\n`);
  process.exitCode = isConfig ? WRONG_CONFIG : ended.signal.aborted ? 0 : 1;
}
// Whatever may still be open is nobody's any more.
setTimeout(() => process.exit(), 3_000).unref();
