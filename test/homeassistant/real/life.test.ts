import { afterAll, beforeAll, expect, test } from "vitest";
import { startWorld, type World } from "../../support/world.ts";
import { isThere, titled } from "./folder.ts";
import { enable, eventually, type House, startHouse } from "./house.ts";

let house: House;
let world: World;
let id = "";

/** Quick, so that an outage is seen within seconds. */
const QUICK = { AVAILABILITY_SECONDS: "5", AVAILABILITY_MISSED_POLLS: "1" };

beforeAll(async () => {
  if (!isThere()) return;
  house = await startHouse();
  world = await startWorld({ scene: { firmware: "8.2.4345" }, brokerUrl: house.broker.url, env: QUICK, factor: 4 });
  id = `sensor.envoy_${world.gateway.serial}_current_power_production`;
}, 150_000);

afterAll(async () => {
  await world?.end();
  await house?.end();
});

const isUp = () => eventually(`${id} shows a number`, async () => Number.isFinite(Number.parseFloat((await house.state(id))?.state ?? "")));
const isDown = () => eventually(`${id} is unavailable`, async () => (await house.state(id))?.state === "unavailable");

async function nothingTwice(): Promise<void> {
  const ids = (await house.home.entities()).filter(({ platform }) => platform === "mqtt").map(({ entity_id }) => entity_id);
  expect(ids.filter((entity) => /_2$/.test(entity))).toEqual([]);
  expect(await house.home.complaints()).toEqual([]);
}

function story(title: string, tell: () => Promise<void>): void {
  test(titled(title), { timeout: 180_000 }, async () => {
    if (!isThere()) return;
    await isUp();
    await tell();
    await nothingTwice();
  });
}

story("a gateway that goes is unavailable, and back when it comes", async () => {
  await world.gateway.offline();
  await isDown();
  await world.gateway.online();
  await isUp();
});

story("a bridge that is stopped takes its entities along, and brings them back", async () => {
  await world.stopBridge();
  await isDown();
  await world.start();
  await isUp();
});

story("a broker that forgot everything is told everything again", async () => {
  await house.broker.kill();
  await isDown();
  await house.broker.start();
  await isUp();
});

story("a Home Assistant that starts again has everything", async () => {
  await house.restartHome();
  await isUp();
});

story("a disabled entity that is enabled has a state", async () => {
  const disabled = (await house.home.entities()).find(({ unique_id }) => /^envoy2mqtt_\d+_lifetime_energy$/.test(unique_id));
  expect(disabled?.disabled_by).toBe("integration");
  const entity = disabled?.entity_id ?? "";
  await enable(house.home, [entity]);
  await eventually(`${entity} has a state`, async () => Number.isFinite(Number.parseFloat((await house.state(entity))?.state ?? "")));
});

story("the firmware that an update brought is on the device", async () => {
  world.gateway.setFirmware("8.3.5433");
  await eventually("the new firmware is shown", async () =>
    (await house.home.devices()).some((device) => device.sw_version === "8.3.5433"),
  );
});
