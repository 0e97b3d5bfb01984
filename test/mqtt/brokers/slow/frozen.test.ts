import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/lib/clock.ts";
import { heapInUse } from "../../../support/heap.ts";
import { begin, groups, type Life, publishing } from "./lives.ts";

const FROZEN_MS = 120_000;
const found = await groups();
let lives: readonly (readonly Life[])[] = [];
let heaps: readonly number[] = [];
let power = 0;

// All are frozen at the same time: two minutes for every broker and version together.
beforeAll(async () => {
  lives = await Promise.all(found.map((group) => begin(group, 5_000)));
  const all = lives.flat();
  power = await publishing(all, power, 50, systemClock.sleep(500));
  await Promise.all(all.map((life) => life.standing(power)));
  for (const { broker } of all) broker.freeze();
  power = await publishing(all, power, 250, systemClock.sleep(FROZEN_MS / 4));
  const early = heapInUse();
  power = await publishing(all, power, 250, systemClock.sleep((FROZEN_MS * 3) / 4));
  heaps = [early, heapInUse()];
}, FROZEN_MS + 60_000);

afterAll(() => Promise.all(lives.flat().map((life) => life.end())));

test("while they are frozen nothing piles up: only the newest value of each topic is kept", () => {
  for (const { client, condition } of lives.flat()) {
    expect(client.stats(), condition).toMatchObject({ connected: false, inFlight: 0, topics: 32 });
  }
  expect((heaps[1] ?? 0) - (heaps[0] ?? 0)).toBeLessThan(3_000_000);
});

describe.each(found.map((group, at) => ({ ...group, at })))("$name", ({ at }) => {
  test("F-63: frozen for two minutes, thawed: a new subscriber gets the newest values", { timeout: 60_000 }, async () => {
    const all = lives[at] ?? [];
    for (const { broker } of all) broker.thaw();
    await Promise.all(all.map((life) => life.standing(power)));
  });
});
