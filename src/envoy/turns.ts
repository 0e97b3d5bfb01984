/** Lets one task run at a time, in the order in which they came. */
export interface Turns {
  /** Runs `task` when its turn has come. A task whose signal aborts before that is never run, and rejects at once with the signal's reason. */
  take<T>(task: () => Promise<T>, signal: AbortSignal): Promise<T>;
}

export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve();
  return {
    take(task, signal) {
      const turn = last.then(async () => {
        signal.throwIfAborted();
        return await task();
      });
      last = turn.catch(() => undefined);
      return Promise.race([turn, left(signal, turn)]);
    },
  };
}

/** Rejects when `signal` aborts, and lets go of the signal when `turn` is over. */
function left(signal: AbortSignal, turn: Promise<unknown>): Promise<never> {
  return new Promise((_, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    const done = () => signal.removeEventListener("abort", leave);
    turn.then(done, done);
  });
}
