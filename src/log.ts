import type { Writable } from "node:stream";
import { pino } from "pino";
import type { Logger } from "./lib/logger.ts";
import { describeError } from "./log/describe-error.ts";
import { createScrub } from "./log/scrub.ts";
import { asText } from "./log/text.ts";

export interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error";
  /** One JSON object a line, or one line for people. */
  readonly format: "json" | "text";
  /** Every secret known now; asked for each line, so one learnt later is taken out too. */
  readonly secrets: () => readonly string[];
  /** Standard output or error. On pipes and sockets it does not block. */
  readonly stream: Writable;
  /** Bytes that may wait for a reader that does not read; lines beyond are dropped and counted. Default 1 MiB. */
  readonly limit?: number;
}

/** A log that never stops the daemon and never shows a secret. */
export interface Log extends Logger {
  /** Lines that were dropped because nobody read them, since the start. */
  dropped(): number;
}

const DEFAULT_LIMIT = 1_048_576;

/** Opens the log on `stream`. A closed stream (EPIPE) is borne: lines are then dropped. */
export function createLog(options: LogOptions): Log {
  const render = options.format === "json" ? (entry: object) => JSON.stringify(entry) : asText;
  const output = boundedOutput(options.stream, options.limit ?? DEFAULT_LIMIT, render);
  const scrub = createScrub(options.secrets);
  const write = (line: string): void => {
    output.write(scrub.fields(JSON.parse(line) as Record<string, unknown>));
  };
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (level) => ({ level }) },
      serializers: { err: describeError, error: describeError },
    },
    { write },
  );
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    dropped: output.dropped,
  };
}

type Entry = Record<string, unknown>;

interface Output {
  write(entry: Entry): void;
  dropped(): number;
}

/** Lines to a stream that may stand still or be gone. The first line after a gap says how many are missing. */
function boundedOutput(stream: Writable, limit: number, render: (entry: Entry) => string): Output {
  let all = 0;
  let unsaid = 0;
  stream.on("error", () => {});
  return {
    write(entry) {
      if (stream.destroyed || stream.writableEnded || stream.writableLength > limit) {
        all += 1;
        unsaid += 1;
        return;
      }
      const gap = { level: "warn", time: entry["time"], dropped: unsaid, msg: "lines of the log are missing: nobody read them" };
      const before = unsaid === 0 ? "" : `${render(gap)}\n`;
      unsaid = 0;
      stream.write(`${before}${render(entry)}\n`);
    },
    dropped: () => all,
  };
}
