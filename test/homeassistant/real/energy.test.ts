import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../../support/world.ts";
import { isThere, titled } from "./folder.ts";
import { enable, eventually, type House, startHouse } from "./house.ts";

const README = readFileSync(join(import.meta.dirname, "../../../README.md"), "utf8");

let house: House | null = null;
let world: World | null = null;

beforeAll(async () => {
  if (!isThere()) return;
  house = await startHouse();
  world = await startWorld({ scene: { batteries: 2 }, brokerUrl: house.broker.url });
}, 150_000);

afterAll(async () => {
  await world?.end();
  await house?.end();
});

/** What the README's table says of one place in the dashboard. */
function entityFor(place: string): string {
  const row = README.split("\n").find((line) => line.startsWith(`| ${place} |`));
  const name = row?.split("|")[2]?.trim();
  if (name === undefined) throw new Error(`the README's table has no "${place}"`);
  return name;
}

test(titled("the Energy dashboard takes the entities of the README's table and has no complaint"), { timeout: 720_000 }, async () => {
  if (house === null || world === null) return;
  const { home } = house;
  const device = `Envoy ${world.gateway.serial}`;
  const named = (name: string) =>
    eventually(
      name,
      async () => (await home.states()).find(({ attributes }) => attributes["friendly_name"] === `${device} ${name}`)?.entity_id,
    );
  const solar = await named(entityFor("Solar production"));
  const from = await named(entityFor("Grid consumption"));
  const to = await named(entityFor("Return to grid"));
  const charged = await named(entityFor("Battery systems, energy going in"));
  const discharged = await named(entityFor("Battery systems, energy coming out"));

  expect(entityFor("Individual devices")).toContain("Lifetime energy production of an inverter");
  const inverter = await eventually("an inverter's counter", async () =>
    (await home.entities()).find(({ unique_id }) => /^envoy2mqtt_\d+_lifetime_energy$/.test(unique_id)),
  );
  expect(inverter.disabled_by).toBe("integration");
  await enable(home, [inverter.entity_id]);

  const wanted = [solar, from, to, charged, discharged, inverter.entity_id];
  let states: readonly (string | undefined)[] = [];
  const areNumbers = async () => {
    const all = new Map((await home.states()).map(({ entity_id, state }) => [entity_id, state]));
    states = wanted.map((id) => all.get(id));
    return states.every((state) => Number.isFinite(Number.parseFloat(state ?? "")));
  };
  await eventually("all of them have numbers", areNumbers, 180_000).catch(() => expect(states).toEqual([]));
  await home.ask("energy/save_prefs", {
    energy_sources: [
      { type: "solar", stat_energy_from: solar },
      { type: "grid", stat_energy_from: from, stat_energy_to: to, cost_adjustment_day: 0 },
      { type: "battery", stat_energy_from: discharged, stat_energy_to: charged },
    ],
    device_consumption: [{ stat_consumption: inverter.entity_id }],
  });
  // Until it has made statistics of them, which it does every five minutes, each is "not defined".
  let complaints: Record<string, readonly (readonly { readonly type: string }[])[]> = {};
  await eventually(
    "statistics of all of them",
    async () => {
      complaints = await home.ask("energy/validate");
      return !JSON.stringify(complaints).includes("statistics_not_defined");
    },
    360_000,
  );
  expect(complaints).toMatchObject({ energy_sources: [[], [], []], device_consumption: [[]] });
  expect(await home.ask("recorder/validate_statistics")).toEqual({});
  expect(await home.complaints()).toEqual([]);
});
