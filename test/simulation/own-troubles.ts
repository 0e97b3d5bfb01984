import type { BrokerTrouble, SimulatedBroker } from "./broker.ts";
import type { WorldClock } from "./clock.ts";
import type { Disk } from "./disk.ts";

/** What troubles of the bridge's own side happen to: broker, disk, clock, process, and the gateway's key. */
export interface OwnWorld {
  readonly clock: WorldClock;
  readonly broker: SimulatedBroker;
  readonly disk: Disk;
  restart(how: "stopped" | "killed"): Promise<void>;
  setKey(name: string): void;
  setWrong(ms: number): void;
  count(what: "begins" | "ends", name: string): void;
}

interface OwnTrouble {
  readonly longestMs: number;
  begin(world: OwnWorld, random: number): () => void;
}

export interface DrawnTrouble {
  readonly name: string;
  readonly after: number;
  readonly lasts: number;
  readonly random: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const nothing = () => {};
const broker =
  (trouble: BrokerTrouble): OwnTrouble["begin"] =>
  (world) =>
    world.broker.begin(trouble);

const OWN: Readonly<Record<string, OwnTrouble>> = {
  "broker down": { longestMs: 12 * HOUR, begin: broker("down") },
  "broker refuses": { longestMs: 2 * HOUR, begin: broker("refuses") },
  "broker hangs": { longestMs: 2 * HOUR, begin: broker("hangs") },
  "acknowledgements lost": { longestMs: 10 * MINUTE, begin: broker("loses acknowledgements") },
  "broker forgets": {
    longestMs: 1,
    begin: (world) => {
      world.broker.forget();
      return nothing;
    },
  },
  "Home Assistant starts": {
    longestMs: 1,
    begin: (world) => {
      world.broker.tell("homeassistant/status", "online");
      return nothing;
    },
  },
  "disk full": {
    longestMs: 6 * HOUR,
    begin: ({ disk }, random) => {
      disk.fail(random < 0.5 ? "ENOSPC" : "EROFS");
      return () => disk.fail(null);
    },
  },
  "another certificate": {
    longestMs: 2 * HOUR,
    begin: (world) => {
      world.setKey("sha256/second");
      return () => world.setKey("sha256/first");
    },
  },
  "own clock wrong": {
    longestMs: 4 * HOUR,
    begin: (world, random) => {
      world.setWrong(Math.round((random - 0.5) * 4 * HOUR));
      return () => world.setWrong(0);
    },
  },
};
/**
 * These end the process; they come one at a time, not while the disk takes nothing or took nothing a moment ago (what was never written
 * cannot be known later), and not within a day of a wrong clock (how old the logins of an earlier run are is known by it alone).
 */
const ENDS: Readonly<Record<string, "stopped" | "killed">> = { "bridge restarted": "stopped", "bridge killed": "killed" };

/** How long after these no process is ended, ms. */
const RESTS: Readonly<Record<string, number>> = { "own clock wrong": 24 * HOUR, "disk full": 20 * MINUTE };

/** Draws troubles of the own side for a while of `spanMs`, in the order in which they begin. */
export function drawOwn(random: () => number, spanMs: number, perDay: number): readonly DrawnTrouble[] {
  const names = [...Object.keys(OWN), ...Object.keys(ENDS)];
  const count = Math.round((spanMs / (24 * HOUR)) * perDay);
  const drawn = Array.from({ length: count }, () => {
    const name = names[Math.floor(random() * names.length)] ?? "";
    const after = Math.floor(random() * spanMs);
    const lasts = Math.min(spanMs - after, Math.ceil((OWN[name]?.longestMs ?? 0) * random() ** 2));
    return { name, after, lasts, random: random() };
  });
  return drawn.sort((a, b) => a.after - b.after);
}

/** Lets them happen; resolves when all are over. */
export async function playOwn(script: readonly DrawnTrouble[], world: OwnWorld): Promise<void> {
  let restarting: Promise<void> = Promise.resolve();
  let ending = 0;
  /** When something was last wrong that a restart would make worse. */
  const wrongAt = new Map(Object.keys(RESTS).map((name) => [name, Number.NEGATIVE_INFINITY]));
  const mayEnd = () => [...wrongAt].every(([name, at]) => world.clock.monotonic() - at >= (RESTS[name] ?? 0));
  await Promise.all(
    script.map(async ({ name, after, lasts, random }) => {
      await world.clock.sleep(after);
      const how = ENDS[name];
      if (how !== undefined) {
        if (world.disk.failing || ending > 0 || !mayEnd()) return;
        ending += 1;
        world.count("begins", name);
        restarting = restarting.then(() => world.restart(how));
        await restarting;
        ending -= 1;
        return;
      }
      world.count("begins", name);
      const end = OWN[name]?.begin(world, random);
      if (wrongAt.has(name)) wrongAt.set(name, Number.POSITIVE_INFINITY);
      await world.clock.sleep(lasts);
      end?.();
      if (wrongAt.has(name)) wrongAt.set(name, world.clock.monotonic());
      world.count("ends", name);
    }),
  );
}
