import type { Clock } from "./clock.ts";

/** Runs `task` every `ms`, never two at a time, until `signal` aborts. Neither rejects nor ends when the task fails: tasks see to their own errors. */
export async function every(ms: number, clock: Clock, signal: AbortSignal, task: () => void | Promise<void>): Promise<void> {
  while (!signal.aborted) {
    try {
      await clock.sleep(ms, signal);
      await task();
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
