import { join } from "node:path";
import type { PinStore } from "./envoy/pin.ts";
import { codeOf, type Files } from "./lib/files.ts";
import type { Logger } from "./lib/logger.ts";

/** What is remembered of the gateway at one address, from one start to the next. */
export interface KnownGateway extends PinStore {
  /** Where it is kept: what a person removes to accept another certificate. */
  readonly file: string;
  /** The serial last seen there; `null` before the first contact. */
  serial(): string | null;
  meet(serial: string): void;
}

interface Kept {
  readonly serial?: unknown;
  readonly certificate?: unknown;
}

/**
 * Reads `gateway-<host>.json` of the state folder. A file that makes no sense counts as none, with one line. A gateway that moved is held to
 * the certificate that it had before.
 *
 * @param former where the same gateway was before; `null` without.
 */
export async function openKnownGateway(
  directory: string,
  host: string,
  files: Files,
  logger: Logger,
  former: string | null = null,
): Promise<KnownGateway> {
  const file = fileOf(directory, host);
  const here = await load(file, files, logger);
  const isMoved = former !== null && typeof here.certificate !== "string";
  const kept = isMoved ? await load(fileOf(directory, former), files, logger) : here;
  let serial = typeof kept.serial === "string" ? kept.serial : null;
  let certificate = typeof kept.certificate === "string" ? kept.certificate : null;
  let writing: Promise<void> = Promise.resolve();
  let complained = false;

  function save(): void {
    const text = `${JSON.stringify({ serial, certificate })}\n`;
    writing = writing
      .then(() => files.write(file, text))
      .catch((error: unknown) => {
        if (!complained) logger.warn({ file }, `${file} cannot be written (${codeOf(error)}): it is known until the next start only`);
        complained = true;
      });
  }

  if (isMoved) save();
  return {
    file,
    serial: () => serial,
    meet(met) {
      if (serial === met) return;
      serial = met;
      save();
    },
    accepted: () => certificate,
    accept(fingerprint) {
      certificate = fingerprint;
      save();
    },
  };
}

function fileOf(directory: string, host: string): string {
  return join(directory, `gateway-${host.toLowerCase().replaceAll(/[^a-z0-9.-]+/g, "_")}.json`);
}

async function load(file: string, files: Files, logger: Logger): Promise<Kept> {
  try {
    const text = await files.read(file);
    return text === null ? {} : ((JSON.parse(text) as Kept | null) ?? {});
  } catch (error) {
    logger.warn({ file }, `${file} cannot be read (${codeOf(error)}): the gateway's certificate is accepted anew at the first contact`);
    return {};
  }
}
