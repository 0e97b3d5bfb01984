import type { Get } from "./source.ts";

/** Answers with 200 that were had already, by path. */
export type Answers = ReadonlyMap<string, unknown>;

/** Asks for each path once: what was answered is kept for the length of a round; a failure is not. */
export interface Round {
  readonly get: Get;
  readonly answers: Answers;
}

/** `had`: answers of the probe before, which its first round does not ask for again. */
export function createRound(ask: Get, had: Answers = new Map()): Round {
  const answers = new Map(had);
  return {
    answers,
    async get(path) {
      if (answers.has(path)) return answers.get(path);
      const answer = await ask(path);
      answers.set(path, answer);
      return answer;
    },
  };
}
