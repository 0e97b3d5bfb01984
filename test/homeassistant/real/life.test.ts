import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { endPrograms, type Program, startProgram } from "../../support/program.ts";
import { ACCOUNT, startWorld, type World } from "../../support/world.ts";
import { announced, published, shows } from "./announced.ts";
import { isThere, titled } from "./folder.ts";
import type { HomeState } from "./home.ts";
import { eventually, type House, startHouse } from "./house.ts";

const MINUTE = 60_000;
const YEAR = 365 * 24 * 60 * MINUTE;
/** The pace of the house while something happens, while nothing does, and while it is looked at. */
const PACE = 10;
const IDLE = 60;
const STILL = 1;

/** What Home Assistant says of its own doing: that its broker was killed, and, once for each entity, that it hears of a device that it has just deleted. */
const OWN_WORDS = [
  /^Error returned from MQTT server: The connection was lost\.$/,
  /^No device components to cleanup for inverter_\d+, node_id 'envoy2mqtt'$/,
];

let house: House;
let world: World;

beforeAll(async () => {
  if (!isThere()) return;
  house = await startHouse();
  world = await startWorld({
    factor: PACE,
    scene: { batteries: 2, inverters: 4 },
    gateway: { firmware: "7.6.175" },
    brokerUrl: house.broker.url,
    tokenLifetimeMs: 8 * MINUTE,
    plainCloud: true,
  });
}, 150_000);

afterEach(endPrograms);
afterAll(async () => {
  await world?.end();
  await house?.end();
});

async function paced<T>(pace: number, work: () => Promise<T>): Promise<T> {
  world.clock.pace(pace);
  return await work().finally(() => world.clock.pace(PACE));
}

const lifecycle = (key: string) => world.watch.json(world.topic("lifecycle"))?.[key];
const production = () => `sensor.envoy_${world.gateway.serial}_current_power_production`;
const entities = async () => (await house.home.entities()).filter(({ platform }) => platform === "mqtt");

async function enabledStates(): Promise<readonly { readonly uniqueId: string; readonly state: HomeState | undefined }[]> {
  const states = new Map((await house.home.states()).map((state) => [state.entity_id, state]));
  return (await entities())
    .filter(({ disabled_by }) => disabled_by === null)
    .map(({ entity_id, unique_id }) => ({ uniqueId: unique_id, state: states.get(entity_id) }));
}

/** Entities that do not show what is on the broker. */
async function untrue(): Promise<string[]> {
  const states = await enabledStates();
  const topics = world.watch.topics();
  const told = new Map(announced(topics).map((entity) => [entity.uniqueId, entity]));
  return states.flatMap(({ uniqueId, state }) => {
    const entity = told.get(uniqueId);
    const isTrue = entity !== undefined && state !== undefined && state.state !== "unavailable";
    if (isTrue && shows(state, published(entity, topics), entity.unit, entity.deviceClass)) return [];
    return [`${state?.entity_id ?? uniqueId}: ${state?.state}`];
  });
}

/** Everything is there, shows what is published, and is there once; nobody complained. */
async function allIsWell(): Promise<void> {
  await eventually("the gateway is online", async () => world.watch.last(world.topic("availability")) === "online");
  let wrong: string[] = [];
  const looked = paced(STILL, () =>
    eventually("all is as published", async () => {
      wrong = await untrue();
      return wrong.length === 0 && (await enabledStates()).length > 20;
    }),
  );
  await looked.catch(() => expect(wrong).toEqual([]));
  // Something that turned up twice has another id than the one that it asks for.
  const asked = new Map(announced(world.watch.topics()).map(({ uniqueId, defaultEntityId }) => [uniqueId, defaultEntityId]));
  expect((await entities()).filter(({ unique_id, entity_id }) => asked.get(unique_id) !== entity_id)).toEqual([]);
  expect((await house.home.states()).filter(({ attributes }) => attributes["restored"] === true)).toEqual([]);
  const complaints = (await house.home.complaints()).filter(
    ({ message }) => !OWN_WORDS.some((words) => message.every((text) => words.test(text))),
  );
  expect(complaints).toEqual([]);
}

const isDown = () => eventually("its power is unavailable", async () => (await house.state(production()))?.state === "unavailable");
const allAreDown = () =>
  eventually("everything is unavailable", async () => (await enabledStates()).every(({ state }) => state?.state === "unavailable"));

/** All is well before it and after it, with the same entities but for those that `more` names. */
function story(title: string, tell: () => Promise<void>, more: RegExp | null = null): void {
  test(titled(title), { timeout: 180_000 }, async () => {
    if (!isThere()) return;
    if (world.isStopped) await world.start();
    await allIsWell();
    const idOf = (all: Awaited<ReturnType<typeof entities>>) => all.map(({ unique_id, entity_id }) => `${unique_id} ${entity_id}`).sort();
    const before = idOf(await entities());
    await tell();
    await allIsWell();
    const after = idOf(await entities());
    expect(after.filter((id) => more === null || !more.test(id) || before.includes(id))).toEqual(before);
  });
}

story("a token that is renewed in time: nothing is unavailable for a moment", async () => {
  const began = new Date().toISOString();
  const expires = lifecycle("token_expires");
  await paced(IDLE, () => world.watch.until("another token", () => lifecycle("token_expires") !== expires, 60_000));
  const history = await house.home.ask<Readonly<Record<string, readonly { readonly s: string }[]>>>("history/history_during_period", {
    start_time: began,
    entity_ids: [production()],
    minimal_response: true,
    no_attributes: true,
  });
  expect(history[production()]?.length).toBeGreaterThan(0);
  expect(history[production()]?.filter(({ s }) => s === "unavailable")).toEqual([]);
});

story("a token that expired while the cloud was away, and is renewed when it is back", async () => {
  await world.cloud.offline();
  await paced(IDLE, async () => {
    await world.watch.until("expired", () => lifecycle("state") === "refreshing", 60_000);
    await isDown();
  });
  world.cloud.setTokenLifetime(YEAR);
  await world.cloud.online();
  world.bridge.wake();
});

story("a gateway that is gone is unavailable, and back when it comes", async () => {
  await world.gateway.offline();
  await paced(IDLE, isDown);
  await world.gateway.online();
});

story(
  "a firmware update that adds entities",
  async () => {
    const inverters = async () => (await entities()).filter(({ unique_id }) => unique_id.endsWith("_dc_voltage")).length;
    expect(await inverters()).toBe(0);
    await world.gateway.offline();
    await paced(IDLE, isDown);
    world.gateway.setFirmware("8.3.5433");
    await world.gateway.online();
    await eventually("four inverters' voltages", async () => (await inverters()) === 4);
    await eventually("the new firmware", async () => (await house.home.devices()).some(({ sw_version }) => sw_version === "8.3.5433"));
  },
  / sensor\./,
);

story("a bridge that is stopped takes its entities along, and brings them back", async () => {
  await world.stopBridge();
  await allAreDown();
  await world.start();
});

/** The bridge as a process of its own, in the same house. */
function program(): Program {
  return startProgram({
    env: {
      ENVOY2MQTT_HOST: world.gateway.host,
      ENVOY2MQTT_USERNAME: ACCOUNT.email,
      ENVOY2MQTT_PASSWORD: ACCOUNT.password,
      ENVOY2MQTT_STATE_DIR: world.directory,
      ENVOY2MQTT_MQTT_URL: world.brokerUrl,
      ENVOY2MQTT_ENLIGHTEN_LOGIN_URL: world.cloud.loginUrl,
      ENVOY2MQTT_ENLIGHTEN_TOKEN_URL: world.cloud.tokenUrl,
      ENVOY2MQTT_WEB_LISTEN: "off",
    },
  });
}

story("a bridge that is killed with -9: its will speaks for it, and the next start brings all back", async () => {
  await world.stopBridge();
  await allAreDown();
  const killed = program();
  await eventually("its power is there", async () => Number.isFinite(Number((await house.state(production()))?.state)));
  killed.kill("SIGKILL");
  await killed.ended();
  await allAreDown();
  await world.start();
});

story("a broker that restarts and has forgotten everything is told everything again", async () => {
  await house.broker.kill();
  await isDown();
  await house.broker.start();
});

story("a Home Assistant that starts again has everything", async () => {
  await house.restartHome();
});

story("a device that is deleted in Home Assistant stays away until the bridge's next start, and has its old ids then", async () => {
  const { home } = house;
  const device = (await home.devices()).find(({ name }) => /^Inverter /.test(name ?? ""));
  const entries = await home.ask<readonly { readonly entry_id: string; readonly domain: string }[]>("config_entries/get");
  const config_entry_id = entries.find(({ domain }) => domain === "mqtt")?.entry_id;
  await home.ask("config/device_registry/remove_config_entry", { config_entry_id, device_id: device?.id });
  await eventually("it is gone", async () => !(await home.devices()).some(({ name }) => name === device?.name));
  await allIsWell();
  expect((await home.devices()).some(({ name }) => name === device?.name)).toBe(false);
  await world.stopBridge();
  await world.start();
  await eventually("it is back", async () => (await home.devices()).some(({ name }) => name === device?.name));
});

story("a disabled entity that is enabled has its state, without anybody restarting anything", async () => {
  const topics = world.watch.topics();
  const numbers = announced(topics).filter((entity) => typeof published(entity, topics) === "number");
  const disabled = (await entities()).find((entity) => {
    return entity.disabled_by === "integration" && numbers.some(({ uniqueId }) => uniqueId === entity.unique_id);
  });
  const entity_id = disabled?.entity_id ?? "";
  await house.home.ask("config/entity_registry/update", { entity_id, disabled_by: null });
  // Home Assistant loads it by itself, thirty seconds later at the latest.
  await eventually(`${entity_id} has a state`, async () => Number.isFinite(Number((await house.state(entity_id))?.state)), 90_000);
});
