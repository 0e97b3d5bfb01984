import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import type { TokenKey } from "../../src/simulator/token.ts";
import type { Life } from "./life.ts";

export interface Task {
  readonly seed: number;
  readonly days: number;
}

/** What a worker says of one life. */
export interface Told extends Task {
  /** `null`: the life failed by a mistake of the simulation; `error` says how. */
  readonly life: Life | null;
  readonly error: string | null;
}

/** Memory for what lives shortly, MiB: most of what a life makes does. */
const YOUNG_MB = 64;

/**
 * Lets lives run on all cores, each on one thread from its begin to its end. Tells of each in the order in which they end; what it tells
 * of one does not depend on the others. Ends when all are told, or as soon as `tell` gives `false`.
 */
export async function runLives(tasks: Iterable<Task>, key: TokenKey, tell: (told: Told) => boolean): Promise<void> {
  const waiting = tasks[Symbol.iterator]();
  let goesOn = true;
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      workerData: { privateKey: key.privateKey, publicKey: key.publicKey },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    try {
      for (let next = waiting.next(); goesOn && next.done !== true; next = waiting.next()) {
        const told = await ask(worker, next.value);
        if (goesOn) goesOn = tell(told);
      }
    } finally {
      await worker.terminate();
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

function ask(worker: Worker, task: Task): Promise<Told> {
  return new Promise((resolve, reject) => {
    const told = (answer: Told) => {
      worker.off("error", failed);
      resolve(answer);
    };
    const failed = (error: Error) => {
      worker.off("message", told);
      reject(error);
    };
    worker.once("message", told);
    worker.once("error", failed);
    worker.postMessage(task);
  });
}
