import { describe, expect, test } from "vitest";
import { createScene, type SceneOptions } from "../../src/simulator/scene/scene.ts";
import { lies } from "../support/truth.ts";
import { startWorld, type World } from "../support/world.ts";

const MINUTE = 60_000;
const PANEL_W = 400;
const INVERTERS = 12;

async function story(scene: Omit<SceneOptions, "start">, tell: (world: World, scene: ReturnType<typeof createScene>) => Promise<void>) {
  const content = createScene({ start: Date.now(), startHour: 11, panelWatts: PANEL_W, inverters: INVERTERS, ...scene });
  const world = await startWorld({ content, factor: 20 });
  try {
    await world.watch.until("online", () => world.watch.last(world.topic("availability")) === "online", 25_000);
    await tell(world, content);
  } finally {
    await world.end();
  }
}

/** The counter at every message on `energy`, with when it was heard (the world's time, ms). */
function counted({ watch, topic, clock }: World, key: string): readonly { readonly kwh: number; readonly at: number }[] {
  return watch.heard
    .filter((one) => one.topic === topic("energy"))
    .map((one) => ({ kwh: JSON.parse(one.payload)[key] as number | null, at: clock.at(one.at).time }))
    .flatMap(({ kwh, at }) => (kwh === null ? [] : [{ kwh, at }]));
}

/** What is wrong with a counter through which `watts` can flow at most. */
function spikes(values: ReturnType<typeof counted>, watts: number): readonly string[] {
  if (values.length < 10) return [`only ${values.length} values`];
  return values.slice(1).flatMap((value, index) => {
    const before = values[index]!;
    const most = ((watts / 1000) * 1.5 * (value.at - before.at + MINUTE)) / 3_600_000 + 0.02;
    if (value.kwh < before.kwh) return [`fell from ${before.kwh} to ${value.kwh} kWh`];
    return value.kwh - before.kwh > most ? [`rose from ${before.kwh} to ${value.kwh} kWh in ${value.at - before.at} ms`] : [];
  });
}

const energyNow = ({ watch, topic }: World) => watch.json(topic("energy")) ?? {};
async function pass(world: World, ms: number): Promise<void> {
  world.clock.pace(150);
  await world.clock.sleep(ms);
  world.clock.pace(20);
}

describe("energy through what happens to a gateway", () => {
  test("F-24: a reboot with four minutes of zeros: no counter falls or jumps, and what was made meanwhile is there", async () => {
    await story({}, async (world, scene) => {
      await pass(world, 5 * MINUTE);
      const before = Number(energyNow(world)["production_kwh"]);
      const today = Number(world.watch.json(world.topic("production"))?.["energy_today"]);
      expect(before).toBeGreaterThan(1);
      world.gateway.cutConnections();
      scene.zerosUntil(world.clock.now() + 4 * MINUTE);
      await pass(world, 12 * MINUTE);
      for (const key of ["production_kwh", "consumption_kwh"]) expect(spikes(counted(world, key), 25_000), key).toEqual([]);
      const gained = Number(energyNow(world)["production_kwh"]) - before;
      expect(gained).toBeGreaterThan(0.05);
      expect(Number(world.watch.json(world.topic("production"))?.["energy_today"]) - today).toBeCloseTo(gained, 1);
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  }, 90_000);

  test("F-27: firmware that gives net consumption as total, and an update that repairs it: the counter never falls or jumps", async () => {
    await story({ firmware: "8.3.5289" }, async (world) => {
      await pass(world, 5 * MINUTE);
      const before = Number(energyNow(world)["consumption_kwh"]);
      world.gateway.setFirmware("8.3.5433");
      await pass(world, 20 * MINUTE);
      world.gateway.setFirmware("8.3.5289");
      await world.watch.until("the former firmware", () => world.watch.json(world.topic("info"))?.["firmware"] === "8.3.5289", 25_000);
      await pass(world, 25 * MINUTE);
      expect(spikes(counted(world, "consumption_kwh"), 25_000)).toEqual([]);
      expect(spikes(counted(world, "production_kwh"), 25_000)).toEqual([]);
      expect(Number(energyNow(world)["consumption_kwh"])).toBeGreaterThanOrEqual(before);
    });
  }, 120_000);
});
