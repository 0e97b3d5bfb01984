import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { createScene } from "../../src/simulator/scene/scene.ts";
import { type Subscriber, subscribe } from "../support/subscriber.ts";
import { startWorld, type World } from "../support/world.ts";
import { type NodeRed, startNodeRed } from "./node-red.ts";

const SERIAL = "122302000001";
const HOUR_MS = 3_600_000;
const FILE = "daily.csv";

let directory = "";
let broker: EmbeddedBroker | null = null;
let watch: Subscriber;
let nodeRed: NodeRed | null = null;
let world: World | null = null;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "envoy2mqtt-node-red-"));
});

afterEach(async () => {
  await nodeRed?.stop();
  await world?.end();
  if (broker !== null) await watch.end();
  await broker?.close();
  await rm(directory, { recursive: true, force: true });
  nodeRed = world = broker = null;
});

async function start(set: Readonly<Record<string, string | number>>): Promise<void> {
  nodeRed = await startNodeRed({ flow: "daily-energy-csv", brokerUrl: broker?.url ?? "", directory, set: { CSV_FILE: FILE, ...set } });
}

async function energy(ts: string, values: Readonly<Record<string, number | null>>, id = SERIAL): Promise<void> {
  await watch.publish(`envoy2mqtt/${id}/energy`, JSON.stringify({ ts: new Date(ts).toISOString(), ...values }), true);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const lines = async () => (await readFile(join(directory, FILE), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");

async function linesOf(count: number, ms = 10_000): Promise<readonly string[]> {
  for (const end = performance.now() + ms; performance.now() < end; await pause(50)) {
    if ((await lines()).length >= count) break;
  }
  const found = await lines();
  expect(found).toHaveLength(count);
  return found;
}

test("messages: one line per local day, days of 23 and 25 hours, restarts, days away, a kill, a gateway too many", async () => {
  broker = await startEmbeddedBroker(0);
  watch = await subscribe(broker.url);
  const set = { TIME_ZONE: "Europe/Amsterdam", COUNTERS: "production_kwh, grid_import_kwh", SAVE_MIN: 0 };
  await start(set);
  // Retained: heard at the start. The clocks go forward on 31 March 2024: the day is from 23:00 to 22:00 UTC.
  await energy("2024-03-30T12:00:00Z", { production_kwh: 1_000, grid_import_kwh: 500 });
  await pause(300);
  await energy("2024-03-30T22:59:55Z", { production_kwh: 1_004, grid_import_kwh: 501 });
  await energy("2024-03-30T23:00:05Z", { production_kwh: 1_004.01, grid_import_kwh: 501 });
  expect(await linesOf(2)).toEqual(["date,production_kwh,grid_import_kwh,quality", "2024-03-30,4.005,1.000,partial"]);
  await energy("2024-03-31T21:59:50Z", { production_kwh: 1_010, grid_import_kwh: 503 });
  await energy("2024-03-31T21:59:40Z", { production_kwh: 999, grid_import_kwh: 1 });
  await energy("2024-03-31T21:59:59Z", { production_kwh: 5, grid_import_kwh: 5 }, "122302000002");
  await energy("2024-03-31T22:00:00Z", { production_kwh: 1_010, grid_import_kwh: 503.5 });
  expect((await linesOf(3)).at(-1)).toBe("2024-03-31,5.995,2.500,measured");

  // A kill in the middle of a day costs nothing, a stop neither.
  await energy("2024-04-01T10:00:00Z", { production_kwh: 1_015, grid_import_kwh: 504 });
  await pause(300);
  await nodeRed?.kill();
  await energy("2024-04-01T12:00:00Z", { production_kwh: 1_017, grid_import_kwh: 504 });
  await start(set);
  await pause(300);
  await energy("2024-04-01T22:00:00Z", { production_kwh: 1_020, grid_import_kwh: 505 });
  expect((await linesOf(4)).at(-1)).toBe("2024-04-01,10.000,1.500,estimated");

  // Three days away: what was counted is shared out by time, and nothing is lost.
  await nodeRed?.stop();
  await energy("2024-04-05T22:00:00Z", { production_kwh: 1_060, grid_import_kwh: 509 });
  await start(set);
  expect((await linesOf(8)).slice(4)).toEqual([2, 3, 4, 5].map((day) => `2024-04-0${day},10.000,1.000,estimated`));

  // A counter that is not known for a while, and one that begins anew.
  await energy("2024-04-06T10:00:00Z", { production_kwh: 1_062, grid_import_kwh: null });
  await energy("2024-04-06T21:59:59Z", { production_kwh: 3, grid_import_kwh: 510 });
  await energy("2024-04-06T22:00:00Z", { production_kwh: 3, grid_import_kwh: 510 });
  expect((await linesOf(9)).at(-1)).toBe("2024-04-06,2.000,1.000,partial");

  // The clocks go back on 27 October 2024: the day is from 22:00 to 23:00 UTC.
  await energy("2024-10-26T22:00:00Z", { production_kwh: 3, grid_import_kwh: 510 });
  await linesOf(9 + 203);
  await energy("2024-10-27T22:59:59Z", { production_kwh: 28, grid_import_kwh: 510 });
  await pause(300);
  await linesOf(9 + 203);
  await energy("2024-10-27T23:00:00Z", { production_kwh: 28, grid_import_kwh: 510 });
  expect((await linesOf(9 + 204)).at(-1)).toBe("2024-10-27,25.000,0.000,estimated");
});

test("messages: a file that cannot be written yet gets its lines later, each once", async () => {
  broker = await startEmbeddedBroker(0);
  watch = await subscribe(broker.url);
  // A folder stands where the file belongs.
  await mkdir(join(directory, FILE));
  const set = { TIME_ZONE: "Asia/Tokyo", COUNTERS: "production_kwh" };
  await start(set);
  await pause(300);
  for (const [day, kwh] of [1, 2, 3].map((at) => [at, at * 10])) await energy(`2024-06-0${day}T15:00:00Z`, { production_kwh: kwh ?? 0 });
  await pause(500);
  await nodeRed?.stop();
  await rm(join(directory, FILE), { recursive: true });
  await start(set);
  expect(await linesOf(3)).toEqual(["date,production_kwh,quality", "2024-06-02,10.000,partial", "2024-06-03,10.000,estimated"]);
});

test("a simulated day of the whole bridge: the line says what the house made and used from midnight to midnight", async () => {
  const begin = Date.now();
  const scene = createScene({ start: begin });
  const env = { INTERVALS_METERS: "300", INTERVALS_PRODUCTION: "300", INTERVALS_INVERTERS: "3600", INTERVALS_INVENTORY: "7200" };
  world = await startWorld({ content: scene, env, start: false });
  watch = world.watch;
  // A zone in which midnight comes within two hours, so that one whole day is seen soon.
  const midnight = Math.ceil(begin / HOUR_MS + 0.5) * HOUR_MS;
  const hour = new Date(midnight).getUTCHours();
  // Names of these zones have the sign of the hours west of Greenwich.
  const east = hour <= 12 ? -hour : 24 - hour;
  const zone = `Etc/GMT${east <= 0 ? `+${-east}` : -east}`;
  const set = { CSV_FILE: FILE, TIME_ZONE: zone, COUNTERS: "production_kwh,consumption_kwh" };
  nodeRed = await startNodeRed({ flow: "daily-energy-csv", brokerUrl: world.brokerUrl, directory, set });
  await world.start();
  const energyTopic = world.topic("energy");
  await watch.until("energy is known", () => typeof watch.json(energyTopic)?.["consumption_kwh"] === "number", 20_000);
  world.clock.pace(3_600);
  const found = await linesOf(3, 60_000); // header, the rest of this day, the whole day
  world.clock.pace(1);
  const [date, production, consumption, quality] = (found[2] ?? "").split(",");
  expect(quality).toBe("measured");
  expect(date).toBe(new Date(midnight + east * HOUR_MS).toISOString().slice(0, 10));
  const first = scene.house.at(midnight);
  const last = scene.house.at(midnight + 24 * HOUR_MS);
  const made = (last.production.deliveredWh - first.production.deliveredWh) / 1_000;
  const imported = (last.net.deliveredWh - first.net.deliveredWh) / 1_000;
  const exported = (last.net.receivedWh - first.net.receivedWh) / 1_000;
  // Readings are five minutes apart, and at either midnight the sun may shine.
  const apart = 0.3;
  expect(Math.abs(Number(production) - made)).toBeLessThan(apart);
  expect(Math.abs(Number(consumption) - (made + imported - exported))).toBeLessThan(apart);
}, 120_000);
