import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

/** Small files that must survive a power cut. Tests bring a disk that fails. */
export interface Files {
  /** The text of a file, `null` where there is none. Throws the system's error otherwise. */
  read(path: string): Promise<string | null>;
  /** Replaces a file as a whole: after a crash at any moment it holds the old text or the new one. Mode 0600, folder 0700. */
  write(path: string, text: string): Promise<void>;
  /** Puts a file out of the way under a new name; nothing happens where there is none. */
  moveAside(path: string, suffix: string): Promise<void>;
}

/** The machine's own disk. */
export const diskFiles: Files = { read, write, moveAside };

async function read(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

async function write(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    await writeAndSync(temporary, text);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
  await syncFolder(folder);
}

async function writeAndSync(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the rename itself durable; some file systems cannot, and then the old file is as good as before. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, "r");
    await handle.sync().finally(() => handle.close());
  } catch {
    // The new file is in place already.
  }
}

async function moveAside(path: string, suffix: string): Promise<void> {
  try {
    await rename(path, `${path}.${suffix}`);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

/** The system's code of an error (`ENOSPC`, `EROFS`, …), or `unknown`. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "unknown";
}
