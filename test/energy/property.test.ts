import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { mostWh, WRAP_WH } from "../../src/energy/line.ts";
import type { BridgeEvent } from "../../src/model/view.ts";
import { household } from "./support.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const LIMIT = 2_000;
/** What floating point adds and takes; published are whole Wh. */
const NOISE_WH = 1e-6;
const START_WH = 6_000_000;

/** How a reading differs from the true counter for a while. */
type Glitch =
  | { readonly kind: "zero" }
  | { readonly kind: "null" }
  | { readonly kind: "repeat" }
  /** Far from the true counter, further than could be made in the whole run. */
  | { readonly kind: "far"; readonly wh: number }
  /** So near that it may be true. */
  | { readonly kind: "near"; readonly wh: number };

interface Episode {
  /** True for this many polls … */
  readonly quiet: number;
  /** … then this for that many, */
  readonly glitch: Glitch;
  readonly polls: number;
  /** then the bridge goes on, or is stopped, or killed before it could save, and is away for a while. */
  readonly end: "go on" | "stop" | "kill";
  readonly awayMs: number;
  /** The counter itself goes on from elsewhere from here on, Wh further. */
  readonly step: number;
}

interface Story {
  readonly pollMs: number;
  /** Share of the limit that is made, poll by poll, over and over. */
  readonly shares: readonly number[];
  readonly episodes: readonly Episode[];
}

/** The counter when the glitches have ended: this is enough to believe anything that stays. */
const SETTLING_POLLS = 70;

async function tell(story: Story) {
  const { clock, open } = household();
  let books = await open();
  let made = 0;
  let shift = START_WH;
  let given: number | null = null;
  let poll = 0;
  let quietAt = clock.now();
  let quietPolls = 0;
  let publishedWh: number | null = null;
  const steps: { readonly from: number; readonly to: number; readonly roomMs: number }[] = [];
  const falls: string[] = [];
  const events: BridgeEvent[] = [];
  let gapGain = 0;

  async function read(glitch: Glitch | null, save: boolean): Promise<void> {
    made += pass(story.pollMs);
    const truth = made + shift;
    if (glitch?.kind !== "repeat") given = reading(glitch, truth);
    const recorded = books.record([{ id: "production", wh: given, at: clock.now(), limitWatts: LIMIT }], []);
    const wh = recorded.values.get("production")?.lifetimeWh ?? null;
    events.push(...recorded.events);
    if (wh !== null) {
      if (publishedWh !== null && wh < publishedWh - NOISE_WH) falls.push(`${publishedWh} -> ${wh}`);
      if (publishedWh !== null) steps.push({ from: publishedWh, to: wh, roomMs: clock.now() - quietAt });
      publishedWh = wh;
    }
    quietPolls = glitch === null ? quietPolls + 1 : 0;
    if (quietPolls > SETTLING_POLLS || (quietPolls > 0 && poll < 2)) quietAt = clock.now();
    if (save) await books.save();
  }

  function pass(ms: number): number {
    clock.move(ms);
    const share = story.shares[poll % story.shares.length]!;
    poll += 1;
    const gain = (share * LIMIT * ms) / 3_600_000;
    gapGain = Math.max(gapGain, gain);
    return gain;
  }

  await read(null, true);
  for (const episode of story.episodes) {
    const killed = episode.end === "kill";
    for (let index = 0; index < episode.quiet; index += 1) {
      const unsaved = killed && index === episode.quiet - 1 && episode.polls === 0 && episode.step === 0;
      await read(null, !unsaved);
    }
    shift += episode.step;
    if (episode.step !== 0) quietPolls = 0;
    for (let index = 0; index < episode.polls; index += 1) {
      // What a killed bridge had published of a false count since its last save, nobody can know afterwards.
      const unsaved = killed && index === episode.polls - 1 && episode.glitch.kind !== "near" && episode.glitch.kind !== "far";
      await read(episode.glitch, !unsaved);
    }
    if (episode.end === "stop") await books.close();
    if (episode.end !== "go on") {
      clock.boot();
      made += pass(episode.awayMs);
      books = await open();
    }
  }
  for (let index = 0; index < SETTLING_POLLS; index += 1) await read(null, true);
  const gained = (publishedWh ?? 0) - START_WH;
  return { made, gained, steps, falls, events, gapGain };
}

function reading(glitch: Glitch | null, truth: number): number | null {
  if (glitch === null || glitch.kind === "repeat") return truth;
  if (glitch.kind === "null") return null;
  if (glitch.kind === "zero") return 0;
  return Math.max(0, truth + glitch.wh);
}

// None of these, nor the way from one to another, is near a multiple of the wrap.
const far = fc.constantFrom(-700_000, -350_000, 350_000, 700_000, 1_050_000);
const farGlitch = fc.oneof(
  fc.constantFrom<Glitch>({ kind: "zero" }, { kind: "null" }, { kind: "repeat" }),
  far.map((wh): Glitch => ({ kind: "far", wh })),
);
const anyGlitch = fc.oneof(
  farGlitch,
  fc.integer({ min: -3_000, max: 3_000 }).map((wh): Glitch => ({ kind: "near", wh })),
);

function episodes(glitch: fc.Arbitrary<Glitch>, step: fc.Arbitrary<number>): fc.Arbitrary<Episode[]> {
  const episode = fc.record<Episode>({
    quiet: fc.integer({ min: 1, max: 20 }),
    glitch,
    polls: fc.integer({ min: 0, max: 25 }),
    end: fc.constantFrom("go on", "go on", "stop", "kill"),
    awayMs: fc.integer({ min: SECOND, max: 10 * 60 * MINUTE }),
    step,
  });
  return fc.array(episode, { minLength: 1, maxLength: 4 });
}

function stories(list: fc.Arbitrary<Episode[]>): fc.Arbitrary<Story> {
  return fc.record({
    pollMs: fc.constantFrom(10 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE),
    shares: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 12 }),
    episodes: list,
  });
}

const ROUNDING = 0.01;
const steady = fc.constant(0);
const wraps = fc.constantFrom(0, 0, -WRAP_WH);

describe("for any true counter with glitches, restarts and outages", () => {
  test("published never falls and never rises by more than could have been made", async () => {
    await fc.assert(
      fc.asyncProperty(stories(episodes(anyGlitch, fc.oneof(steady, wraps, far))), async (story) => {
        const { falls, steps } = await tell(story);
        expect(falls).toEqual([]);
        for (const { from, to, roomMs } of steps) expect(to - from).toBeLessThanOrEqual(mostWh(LIMIT, roomMs) + ROUNDING);
      }),
      { numRuns: 400, seed: 1_193 },
    );
  });

  test("after the glitches it is the true gain again", async () => {
    await fc.assert(
      fc.asyncProperty(stories(episodes(farGlitch, steady)), async (story) => {
        const { made, gained, falls } = await tell(story);
        expect(falls).toEqual([]);
        expect(Math.abs(gained - made)).toBeLessThanOrEqual(ROUNDING);
      }),
      { numRuns: 400, seed: 1_193 },
    );
  });

  test("a wrap loses nothing", async () => {
    const story = stories(
      episodes(fc.constant<Glitch>({ kind: "null" }), wraps).map((list) =>
        list.map((each) => ({ ...each, polls: 0, end: "go on" as const })),
      ),
    );
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const { made, gained, events } = await tell(told);
        expect(Math.abs(gained - made)).toBeLessThanOrEqual(ROUNDING);
        expect(events).toHaveLength(told.episodes.filter(({ step }) => step !== 0).length);
      }),
      { numRuns: 200, seed: 1_193 },
    );
  });

  test("a count that goes on from elsewhere loses one poll's worth at most, and is told once", async () => {
    const one = fc.record({ quiet: fc.integer({ min: 1, max: 20 }), step: far, glitch: fc.constant<Glitch>({ kind: "null" }) });
    const story = stories(one.map((each) => [{ ...each, polls: 0, end: "go on" as const, awayMs: SECOND }]));
    await fc.assert(
      fc.asyncProperty(story, async (told) => {
        const { made, gained, gapGain, events } = await tell(told);
        expect(gained).toBeLessThanOrEqual(made + ROUNDING);
        expect(made - gained).toBeLessThanOrEqual(gapGain + ROUNDING);
        expect(events).toHaveLength(1);
      }),
      { numRuns: 200, seed: 1_193 },
    );
  });
});
