import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../../../../src/lib/clock.ts";
import { until } from "../../../support/bridge-link.ts";
import { heapInUse } from "../../../support/heap.ts";
import { mosquittoVersion } from "../../../support/mosquitto.ts";
import { begin, groups, type Life, publishing } from "./lives.ts";

const found = await groups();
const ROUNDS = 6;

test(mosquittoVersion() === null ? "no Mosquitto here" : `tried: ${found.map(({ name }) => name).join("; ")}`, () => {
  expect(found.length, "install Mosquitto, or name programs in MOSQUITTO, with : between them").toBeGreaterThan(2);
});

describe.each(found)("$name", (group) => {
  let lives: readonly Life[] = [];
  let power = 0;
  beforeAll(async () => {
    lives = await begin(group, 200);
    power = await publishing(lives, power, 10, systemClock.sleep(300));
    await Promise.all(lives.map((life) => life.standing(power)));
  });
  afterAll(() => Promise.all(lives.map((life) => life.end())));

  /** Happens to all of the group's brokers at once, each time in the middle of publishing. */
  async function again(happens: (life: Life) => Promise<unknown>): Promise<void> {
    const heaps: number[] = [];
    const before = lives.map(({ client }) => client.stats());
    for (let at = 0; at < ROUNDS; at++) {
      const all = async () => {
        await systemClock.sleep(100 + 50 * at);
        await Promise.all(lives.map(happens));
        await systemClock.sleep(100);
      };
      power = await publishing(lives, power, 10, all());
      await until("every bridge is back", () => lives.every(({ client }) => client.stats().connected), 30_000);
      heaps.push(heapInUse());
    }
    await Promise.all(lives.map((life) => life.standing(power)));
    for (const [at, { client, condition }] of lives.entries()) {
      await until(`nothing is under way: ${condition}`, () => client.stats().inFlight === 0);
      expect(client.stats(), condition).toMatchObject({ connected: true, topics: before[at]?.topics });
      expect(client.stats().reconnects, condition).toBeGreaterThan(before[at]?.reconnects ?? 0);
    }
    const least = (part: readonly number[]) => Math.min(...part);
    expect(least(heaps.slice(ROUNDS / 2)) - least(heaps.slice(0, ROUNDS / 2))).toBeLessThan(3_000_000);
  }

  test("F-56: killed six times while publishing", { timeout: 120_000 }, () =>
    again(async ({ broker }) => {
      await broker.kill();
      await broker.start();
    }),
  );

  test("restarted six times while publishing", { timeout: 120_000 }, () => again(({ broker }) => broker.restart()));

  test("F-62: its client id is taken over six times while publishing", { timeout: 120_000 }, () => again((life) => life.takeOver()));
});
