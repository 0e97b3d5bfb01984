import type { Files } from "../../src/lib/files.ts";

/** A disk in memory that survives its processes. */
export interface Disk {
  /** The disk as one process sees it; a dead one writes no more. */
  files(isAlive: () => boolean): Files;
  /** Writes fail with this code from now on; `null`: they succeed. */
  fail(code: "ENOSPC" | "EROFS" | null): void;
  readonly failing: boolean;
  readonly size: number;
  /** Text of a file. */
  read(path: string): string | null;
}

export function createDisk(): Disk {
  const kept = new Map<string, string>();
  let failure: string | null = null;
  const check = () => {
    if (failure !== null) throw Object.assign(new Error(failure), { code: failure });
  };
  return {
    files: (isAlive) => ({
      read: async (path) => kept.get(path) ?? null,
      async write(path, text) {
        check();
        if (isAlive()) kept.set(path, text);
      },
      async moveAside(path, suffix) {
        check();
        const text = kept.get(path);
        if (text === undefined || !isAlive()) return;
        kept.delete(path);
        kept.set(`${path}.${suffix}`, text);
      },
    }),
    fail(code) {
      failure = code;
    },
    get failing() {
      return failure !== null;
    },
    get size() {
      return kept.size;
    },
    read: (path) => kept.get(path) ?? null,
  };
}
