import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "..", "..");

/** The program as a process of its own, as a user starts it. */
export interface Program {
  readonly child: ChildProcess;
  readonly pid: number;
  out(): string;
  err(): string;
  /** The exit code, or the signal's name. */
  ended(ms?: number): Promise<number | string>;
  until(what: string, holds: (out: string) => boolean, ms?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

export interface ProgramOptions {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Nobody reads its standard output. */
  readonly unread?: boolean;
  /** Words of a command that starts it in its own place, such as one that sets limits first. */
  readonly within?: readonly string[];
}

const running = new Set<ChildProcess>();

/** Ends whatever a test left running, by its own process id. */
export async function endPrograms(): Promise<void> {
  await Promise.all(
    [...running].map(async (child) => {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    }),
  );
}

export function startProgram({ args = [], env = {}, cwd = ROOT, unread = false, within: before = [] }: ProgramOptions = {}): Program {
  const { PATH = "" } = process.env;
  const [command = process.execPath, ...words] = [...before, process.execPath, join(ROOT, "src", "main.ts"), ...args];
  const child = spawn(command, words, {
    cwd,
    env: { PATH, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let out = "";
  let err = "";
  if (!unread) {
    child.stdout.on("data", (chunk: Buffer) => {
      out += chunk;
    });
  }
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk;
  });
  const exit = once(child, "exit").then(([code, signal]: (number | string | null)[]) => {
    running.delete(child);
    return code ?? signal ?? "";
  });
  return {
    child,
    pid: child.pid ?? 0,
    out: () => out,
    err: () => err,
    ended: (ms = 20_000) => within(ms, "the program to end", exit, () => out + err),
    async until(what, holds, ms = 20_000) {
      const seen = (async () => {
        while (!holds(out)) await new Promise((resolve) => setTimeout(resolve, 50));
      })();
      await within(ms, what, seen, () => out + err);
    },
    kill: (signal) => void child.kill(signal),
  };
}

async function within<T>(ms: number, what: string, work: Promise<T>, printed: () => string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`not within ${ms} ms: ${what}; printed: ${printed().slice(-2000)}`)), ms);
  return await Promise.race([work, late.promise]).finally(() => clearTimeout(timer));
}
