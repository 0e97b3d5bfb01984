import { afterEach, expect, test } from "vitest";
import { checkRetained, checkStream } from "../support/discovery-checker.ts";
import { startWorld, type World } from "../support/world.ts";

let world: World | null = null;
afterEach(async () => {
  await world?.end();
  world = null;
});

async function announced(made: World): Promise<void> {
  await made.watch.until("everything announced", () => made.watch.last(made.topic("availability")) === "online", 25_000);
  await made.watch.until("bridge online", () => made.watch.last("envoy2mqtt/bridge/state") === "online");
}

test("a simulated house: discovery holds at every moment, from the first message to after a stop", async () => {
  world = await startWorld({ factor: 20 });
  await announced(world);
  const state = new Map(world.watch.topics());
  await world.stopBridge();
  expect(checkRetained(state)).toEqual([]);
  expect(checkStream(world.watch.heard)).toEqual([]);
});
