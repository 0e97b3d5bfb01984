import { codeOf, type Files } from "../lib/files.ts";
import type { Logger } from "../lib/logger.ts";
import { type BookFile, decodeBooks } from "./book-file.ts";

/** Keeps the text of the books on disk. Nothing of it rejects: what goes wrong is said once, in one line, until it works again. */
export interface Keeper {
  /** `null` where there are none, or none that can be read; those are set aside as `<file>.bad`. */
  load(): Promise<BookFile | null>;
  /** Whether it is on disk now. */
  save(text: string): Promise<boolean>;
}

export function createKeeper(file: string, files: Files, logger: Logger): Keeper {
  let failing = false;

  async function setAside(reason: string): Promise<null> {
    const said = await files.moveAside(file, "bad").then(
      () => `set aside as ${file}.bad`,
      (error: unknown) => `it cannot be set aside either (${codeOf(error)})`,
    );
    logger.warn({ file }, `the energy books ${file} cannot be read (${reason}): ${said}; counters go on from the gateway's readings`);
    return null;
  }

  return {
    async load() {
      let text: string | null;
      try {
        text = await files.read(file);
      } catch (error) {
        return setAside(codeOf(error));
      }
      if (text === null) return null;
      try {
        return decodeBooks(text);
      } catch (error) {
        return setAside(error instanceof SyntaxError ? "torn or not JSON" : (error as Error).message);
      }
    },
    async save(text) {
      try {
        await files.write(file, text);
      } catch (error) {
        if (!failing) {
          const code = codeOf(error);
          logger.warn(
            { file, code },
            `the energy books ${file} cannot be written (${code}): counters go on in memory, a restart now loses what was counted since; make room, or make it writable for this user`,
          );
        }
        failing = true;
        return false;
      }
      if (failing) logger.info({ file }, `the energy books ${file} are written again`);
      failing = false;
      return true;
    },
  };
}
