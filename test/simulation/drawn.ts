import type { Scene, SceneOptions } from "../../src/simulator/scene/scene.ts";
import { createScene } from "../../src/simulator/scene/scene.ts";

/** What a life is like: all of it follows from its seed. */
export interface Drawn {
  /** When the world begins, epoch ms. */
  readonly start: number;
  readonly scene: Scene;
  readonly tokenLifetimeMs: number;
  /** Between two readings of the core sources, ms. */
  readonly intervalMs: number;
  /** What an answer of the gateway takes where nothing is wrong, ms. */
  readonly latencyMs: number;
}

export const SERIAL = "122302000001";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Minutes between two readings. Most lives are read rarely, so that there can be many of them. */
const PACES: readonly (readonly [minutes: number, share: number])[] = [
  [5, 0.01],
  [15, 0.02],
  [30, 0.07],
  [60, 0.2],
  [120, 0.7],
];
const TOKENS_LAST = [12 * HOUR, 3 * DAY, 365 * DAY] as const;
const LATENCIES = [0, 0, 0, 200] as const;
/** One in so many houses is a large one. */
const LARGE = 25;

export function drawLife(seed: number, random: () => number): Drawn {
  const one = <T>(choices: readonly [T, ...T[]]): T => choices[Math.floor(random() * choices.length)] ?? choices[0];
  const start = Date.UTC(2026, 0, 1) + Math.floor(random() * 365) * DAY;
  const intervalMs = drawPace(random()) * MINUTE;
  const house: Partial<SceneOptions> =
    random() * LARGE < 1
      ? { inverters: 14, phases: 3, batteries: 2, generator: true }
      : {
          inverters: one([1, 2, 3]),
          phases: one([1, 1, 1, 3]),
          batteries: one([0, 0, 0, 1]),
          ct: one(["both", "both", "production", "none"]),
        };
  return {
    start,
    scene: createScene({ start, seed, serial: SERIAL, timeZone: one(["Europe/Amsterdam", "America/Los_Angeles", "UTC"]), ...house }),
    tokenLifetimeMs: one(TOKENS_LAST),
    intervalMs,
    latencyMs: one(LATENCIES),
  };
}

function drawPace(chance: number): number {
  let left = chance;
  for (const [minutes, share] of PACES) {
    if (left < share) return minutes;
    left -= share;
  }
  return 60;
}

/** The configuration of a life's bridge, as a file. The serial is given: otherwise a restart may take whoever answers for its gateway. */
export function configFile({ intervalMs }: Drawn): string {
  const seconds = intervalMs / 1000;
  return `serial: "${SERIAL}"\nintervals: { meters: ${seconds}, production: ${seconds}, inverters: ${4 * seconds}, inventory: ${12 * seconds} }\n`;
}
