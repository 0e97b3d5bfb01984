import { join } from "node:path";
import { codeOf, type Files } from "../lib/files.ts";
import type { Logger } from "../lib/logger.ts";
import type { TokenStore } from "./ports.ts";
import { readToken } from "./token.ts";

export interface TokenStoreOptions {
  /** The state folder; made where it is missing. */
  readonly directory: string;
  readonly files: Files;
  readonly logger: Logger;
}

/**
 * One token file per gateway, `token-<serial>.jwt`, mode 0600, replaced as a whole. A person may put a token there as well. What the disk
 * does not take stays in memory and is offered to it again at each `load` and `save`; that is said once, until it works again.
 */
export function createTokenStore({ directory, files, logger }: TokenStoreOptions): TokenStore {
  const unsaved = new Map<string, string>();
  let complained = false;

  const pathOf = (serial: string) => join(directory, `token-${serial.replace(/[^\w-]/g, "_")}.jwt`);

  function complain(error: unknown, what: string, instead: string): void {
    if (complained) return;
    complained = true;
    logger.warn({ directory, code: codeOf(error) }, `the state folder ${directory} cannot be ${what} (${codeOf(error)}): ${instead}`);
  }

  return {
    async load(serial) {
      const waiting = unsaved.get(serial);
      if (waiting !== undefined) {
        await save(serial, waiting);
        return waiting;
      }
      try {
        return await readable(pathOf(serial));
      } catch (error) {
        complain(error, "read", "stored tokens are not used; make it readable for this user, mode 0700");
        return null;
      }
    },
    save,
  };

  async function save(serial: string, token: string): Promise<void> {
    try {
      await files.write(pathOf(serial), `${token}\n`);
      unsaved.delete(serial);
      complained = false;
    } catch (error) {
      unsaved.set(serial, token);
      complain(error, "written", "the token is kept in memory until a restart; make room, or make it writable for this user");
    }
  }

  /** A file that holds no token (cut off, emptied) is moved aside for a person to look at, and counts as none. */
  async function readable(path: string): Promise<string | null> {
    const text = await files.read(path);
    if (text === null) return null;
    try {
      return readToken(text).text;
    } catch {
      await files.moveAside(path, "unreadable");
      logger.warn({ path }, `${path} holds no readable token: moved aside to ${path}.unreadable, going on without it`);
      return null;
    }
  }
}
