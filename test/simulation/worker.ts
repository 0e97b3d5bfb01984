import { parentPort, workerData } from "node:worker_threads";
import type { TokenKey } from "../../src/simulator/token.ts";
import { live } from "./life.ts";
import type { Task, Told } from "./pool.ts";

// Errors are part of a life by the thousand, and nobody reads where they come from.
Error.stackTraceLimit = 0;
/** What the machine complains of, such as listeners that are never removed, is a violation of the life in which it does. */
let warning: string | null = null;
process.on("warning", ({ message }) => {
  warning ??= `the machine warns: ${message}`;
});

parentPort?.on("message", async ({ seed, days }: Task) => {
  let told: Told;
  warning = null;
  try {
    const life = await live({ seed, days, key: workerData as TokenKey });
    told = { seed, days, life: { ...life, violation: life.violation ?? warning }, error: null };
  } catch (error) {
    told = { seed, days, life: null, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  parentPort?.postMessage(told);
});
