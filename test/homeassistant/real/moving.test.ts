import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../../support/world.ts";
import { announced } from "./announced.ts";
import { isThere, titled } from "./folder.ts";
import type { Home, HomeEntity } from "./home.ts";
import { eventually, type House, startHouse } from "./house.ts";
import { withoutDomain } from "./native.ts";

const OWN = "enphase_envoy";
/** Home Assistant makes statistics of each five minutes, a few seconds after they ended. */
const FIVE_MINUTES = 300_000;

interface Row {
  /** Epoch ms. */
  readonly start: number;
  readonly sum?: number | null;
  readonly state?: number | null;
  readonly mean?: number | null;
}

let house: House | null = null;
let world: World | null = null;

beforeAll(async () => {
  if (!isThere()) return;
  house = await startHouse();
  // The integration speaks to 443 only.
  const gateway = { host: "127.0.0.9", ports: { https: 443, http: 80 } };
  world = await startWorld({ scene: { batteries: 2, panelWatts: 800 }, gateway, brokerUrl: house.broker.url, start: false });
}, 150_000);

afterAll(async () => {
  await world?.end();
  await house?.end();
});

/** Adds the integration as a person does in its dialogue, and gives its entry's id. */
async function addIntegration(home: Home, host: string, token: string): Promise<string> {
  const flows = "/api/config/config_entries/flow";
  const { flow_id } = (await home.rest("POST", flows, { handler: OWN })) as { flow_id: string };
  await home.rest("POST", `${flows}/${flow_id}`, { host, use_manual_token: true });
  const added = (await home.rest("POST", `${flows}/${flow_id}`, { host, use_manual_token: true, token })) as {
    type: string;
    result?: { entry_id: string };
  };
  expect(added).toMatchObject({ type: "create_entry" });
  return added.result?.entry_id ?? "";
}

const entitiesOf = async (home: Home, platform: string) => (await home.entities()).filter((entity) => entity.platform === platform);

async function statistics(home: Home, ids: readonly string[], since: number): Promise<ReadonlyMap<string, readonly Row[]>> {
  const rows = await home.ask<Readonly<Record<string, readonly Row[]>>>("recorder/statistics_during_period", {
    start_time: new Date(since).toISOString(),
    statistic_ids: ids,
    period: "5minute",
    types: ["sum", "state", "mean"],
    units: { energy: "kWh", power: "W" },
  });
  return new Map(Object.entries(rows));
}

/** Statistics of these entities of a time that begins after `since`. */
function counted(home: Home, ids: readonly string[], since: number) {
  return eventually(
    `statistics of ${ids.length} entities since ${new Date(since).toISOString()}`,
    async () => {
      const found = await statistics(home, ids, since);
      return ids.every((id) => (found.get(id)?.length ?? 0) > 0) && found;
    },
    FIVE_MINUTES + 60_000,
  );
}

/** In the registry, and up. */
async function shownIds(home: Home, platform: string): Promise<readonly string[]> {
  const states = new Map((await home.states()).map(({ entity_id, state }) => [entity_id, state]));
  const entities = await entitiesOf(home, platform);
  return entities.map(({ entity_id }) => entity_id).filter((id) => !["unavailable", "unknown", undefined].includes(states.get(id)));
}

const nameOf = ({ entity_id, original_name, disabled_by, entity_category }: HomeEntity) => ({
  id: withoutDomain(entity_id),
  name: original_name,
  disabled: disabled_by,
  category: entity_category === "config" ? "diagnostic" : entity_category,
});

test(titled("who moves from the own integration keeps entity ids, names and one series of statistics"), {
  timeout: 2 * FIVE_MINUTES + 240_000,
  retry: 0,
}, async () => {
  if (house === null || world === null) return;
  const { home } = house;
  const began = Date.now() - FIVE_MINUTES;
  const entry = await addIntegration(home, "127.0.0.9", world.cloud.issueToken(world.gateway.serial));
  const counters = await eventually("the integration's counters", async () => {
    const shown = await shownIds(home, OWN);
    const ids = (await home.states()).filter(
      ({ entity_id, attributes }) => shown.includes(entity_id) && attributes["state_class"] !== undefined,
    );
    return ids.length > 20 && ids.map(({ entity_id }) => entity_id);
  });
  const native = await entitiesOf(home, OWN);
  await counted(home, counters, began);

  await home.rest("DELETE", `/api/config/config_entries/entry/${entry}`);
  expect(await entitiesOf(home, OWN)).toEqual([]);
  const moved = Date.now();
  await world.start();
  await eventually("the bridge's entities have taken their place", async () => {
    const shown = await shownIds(home, "mqtt");
    return counters.every((id) => shown.includes(id));
  });
  // Of the five minutes that have begun the bridge has the last word.
  const after = await counted(home, counters, moved - (moved % FIVE_MINUTES));

  const ours = new Map((await entitiesOf(home, "mqtt")).map((entity) => [entity.unique_id, entity]));
  const taken = native.filter(({ unique_id }) => ours.has(`envoy2mqtt_${unique_id}`));
  expect(taken.map((entity) => nameOf(ours.get(`envoy2mqtt_${entity.unique_id}`) ?? entity))).toEqual(taken.map(nameOf));
  const lacking = native.filter(({ unique_id }) => !ours.has(`envoy2mqtt_${unique_id}`)).map(({ entity_id }) => entity_id);
  console.log(`moved: ${taken.length} entities; not taken over: ${lacking.join(", ") || "none"}`);
  // Nothing had to step aside for something that was still there.
  const asked = announced(world.watch.topics()).map(({ uniqueId, defaultEntityId }) => [uniqueId, defaultEntityId]);
  expect([...ours.values()].map(({ unique_id, entity_id }) => [unique_id, entity_id]).sort()).toEqual(asked.sort());

  const all = await statistics(home, counters, began);
  const sums = counters.filter((id) => typeof all.get(id)?.[0]?.sum === "number");
  expect(sums.length).toBeGreaterThan(3);
  for (const id of sums) {
    const rows = all.get(id) ?? [];
    const gain = (of: "sum" | "state") => Number(rows.at(-1)?.[of]) - Number(rows[0]?.[of]);
    expect(gain("sum"), `${id} gained`).toBeCloseTo(gain("state"), 2);
    expect(gain("sum"), `${id} gained in ten minutes`).toBeLessThan(10);
    for (const [index, { sum }] of rows.entries()) {
      expect(Number(sum), `${id} never falls`).toBeGreaterThanOrEqual(Number(rows[index - 1]?.sum ?? 0));
    }
  }
  console.log(`one series each: ${after.size} entities' statistics, ${sums.length} of them sums`);
  expect(await home.ask("recorder/validate_statistics")).toEqual({});
  expect(await home.complaints()).toEqual([]);
});
