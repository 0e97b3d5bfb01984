import type { WaitingClock } from "./in-process-http.ts";
import { TROUBLES, type World } from "./troubles.ts";

/** One trouble of a script: which, from when to when (epoch ms), and what it draws from. */
export interface ScriptedTrouble {
  readonly name: string;
  readonly from: number;
  readonly until: number;
  readonly seed: number;
}

export interface DrawOptions {
  readonly from: number;
  /** Everything has ended by then. */
  readonly until: number;
  /** How many a day on average. */
  readonly perDay: number;
  /** Kinds to draw from; all where not given. */
  readonly names?: readonly string[];
}

const DAY = 86_400_000;

/** Draws troubles that overlap and end, in the order in which they begin. The same randomness gives the same script. */
export function drawScript(random: () => number, options: DrawOptions): readonly ScriptedTrouble[] {
  const names = options.names ?? Object.keys(TROUBLES);
  const span = options.until - options.from;
  const count = Math.round((span / DAY) * options.perDay);
  const drawn = Array.from({ length: count }, () => {
    const name = names[Math.floor(random() * names.length)] ?? "";
    const from = options.from + Math.floor(random() * span);
    // Most troubles are short: the square of a chance makes long ones rare.
    const lasts = Math.ceil((TROUBLES[name]?.longestMs ?? 0) * random() ** 2);
    return { name, from, until: Math.min(options.until, from + lasts), seed: random() };
  });
  return drawn.sort((a, b) => a.from - b.from);
}

/** Told at each begin and end, in order. */
export type OnTrouble = (what: "begins" | "ends", trouble: ScriptedTrouble) => void;

/** Lets a script happen. Resolves when all has ended; ends what is left when `signal` aborts, and rejects. */
export async function playScript(
  script: readonly ScriptedTrouble[],
  world: World,
  clock: WaitingClock,
  signal: AbortSignal,
  onTrouble: OnTrouble = () => {},
): Promise<void> {
  const ends = new Map<ScriptedTrouble, () => void>();
  const steps = script
    .flatMap((trouble) => [
      { at: trouble.from, trouble, begins: true },
      { at: trouble.until, trouble, begins: false },
    ])
    .sort((a, b) => a.at - b.at || Number(b.begins) - Number(a.begins));
  const end = (trouble: ScriptedTrouble) => {
    ends.get(trouble)?.();
    ends.delete(trouble);
    onTrouble("ends", trouble);
  };
  try {
    for (const { at, trouble, begins } of steps) {
      if (at > clock.now()) await clock.sleep(at - clock.now(), signal);
      if (!begins) end(trouble);
      else {
        ends.set(trouble, TROUBLES[trouble.name]?.begin(world, numbersFrom(trouble.seed)) ?? (() => {}));
        onTrouble("begins", trouble);
      }
    }
  } finally {
    for (const trouble of ends.keys()) end(trouble);
  }
}

/** A row of numbers from 0 to 1 that follows from the first. */
function numbersFrom(seed: number): () => number {
  let value = seed;
  return () => {
    value = (value * 997.13 + 0.618) % 1;
    return value;
  };
}
