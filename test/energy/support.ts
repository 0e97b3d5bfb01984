import { type Books, openBooks } from "../../src/energy/books.ts";
import type { Clock } from "../../src/lib/clock.ts";
import type { Files } from "../../src/lib/files.ts";
import type { Logger } from "../../src/lib/logger.ts";

/** A clock that is moved by hand; `boot` is what a restart of the machine does to the monotonic one. */
export interface HandClock extends Clock {
  move(ms: number): void;
  jump(ms: number): void;
  boot(): void;
}

export function handClock(start = Date.UTC(2026, 5, 1, 10)): HandClock {
  let wall = start;
  let monotonic = 1_000;
  return {
    now: () => wall,
    monotonic: () => monotonic,
    sleep: async () => {},
    move(ms) {
      wall += ms;
      monotonic += ms;
    },
    jump(ms) {
      wall += ms;
    },
    boot() {
      monotonic = 5;
    },
  };
}

/** A disk in memory, which fails with `failWith` while that is set. */
export function memoryFiles() {
  const kept = new Map<string, string>();
  const disk = {
    kept,
    writes: 0,
    failWith: null as string | null,
    async read(path: string) {
      fail();
      return kept.get(path) ?? null;
    },
    async write(path: string, text: string) {
      fail();
      disk.writes += 1;
      kept.set(path, text);
    },
    async moveAside(path: string, suffix: string) {
      fail();
      const text = kept.get(path);
      if (text === undefined) return;
      kept.delete(path);
      kept.set(`${path}.${suffix}`, text);
    },
  } satisfies Files & Record<string, unknown>;
  function fail(): void {
    if (disk.failWith !== null) throw Object.assign(new Error("the disk"), { code: disk.failWith });
  }
  return disk;
}

/** Keeps what was said. */
export function listeningLogger(): Logger & { readonly said: string[] } {
  const said: string[] = [];
  const say = (_fields: object, message: string) => void said.push(message);
  return { said, debug: say, info: say, warn: say, error: say };
}

export const FILE = "/state/energy-1.json";

export function household(timeZone: string | null = "Europe/Amsterdam", start?: number) {
  const clock = handClock(start);
  const files = memoryFiles();
  const logger = listeningLogger();
  return { clock, files, logger, open: (): Promise<Books> => openBooks({ file: FILE, timeZone, clock, files, logger }) };
}
