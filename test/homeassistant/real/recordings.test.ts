import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { loadRecording } from "../../../src/simulator/recording.ts";
import { recordedGateways } from "../../envoy/recordings-folder.ts";
import type { Subscriber } from "../../support/subscriber.ts";
import { startWorld, type World } from "../../support/world.ts";
import { announced, published, shows, unitOf } from "./announced.ts";
import { batches } from "./batches.ts";
import { isThere, titled } from "./folder.ts";
import type { HomeDevice, HomeState } from "./home.ts";
import { enable, eventually, type House, startHouse } from "./house.ts";
import { allowedToLack, differences, guarded, missingDevices, type NativeGateway, type Shown, withoutDomain } from "./native.ts";

const SHARED = resolve(process.env["ENVOY_RECORDINGS"] ?? join(import.meta.dirname, "../../../../shared"));

interface Recorded {
  readonly name: string;
  readonly file: string;
  readonly native: NativeGateway;
}

interface Played {
  readonly watch: Subscriber;
  /** Base topic of the gateway. */
  readonly base: string;
}

/** What was counted; the numbers fall only when something was lost. */
const LEAST = { recordings: 26, announced: 1, compared: 1, equal: 1 };
const tally = { recordings: 0, announced: 0, compared: 0, equal: 0, allowed: 0, complaints: 0 };
const reasons = new Map<string, number>();
const notYet: string[] = [];

const recorded: readonly Recorded[] = recordedGateways().flatMap(({ name, file }) => {
  const native = join(SHARED, "homeassistant", "native", `${name}.json`);
  return existsSync(native) ? [{ name, file, native: JSON.parse(readFileSync(native, "utf8")) as NativeGateway }] : [];
});
const houses = batches(recorded, ({ native }) => [native.serial, ...native.devices.flatMap(({ identifiers }) => identifiers)]);

let house: House | null = null;
let worlds: World[] = [];

afterEach(async () => {
  try {
    await Promise.all(worlds.map((world) => world.end()));
  } finally {
    worlds = [];
    await house?.end();
    house = null;
  }
});

afterAll(() => {
  for (const [reason, count] of reasons) console.log(`allowed: ${count} entities: ${reason}`);
  for (const name of notYet) console.log(`not yet ours: ${name}`);
  const { recordings, announced, compared, equal, allowed, complaints } = tally;
  console.log(
    `recordings ${recordings}, entities announced ${announced}, compared ${compared}, equal ${equal}, allowed ${allowed}, ` +
      `not yet ours ${notYet.length}, log complaints ${complaints}`,
  );
});

async function startGateway({ name, file, native }: Recorded, brokerUrl: string): Promise<Played> {
  const content = await loadRecording(file);
  const base = `house/${name.replaceAll(/[^a-z0-9]+/gi, "-")}`;
  const world = await startWorld({
    content,
    brokerUrl,
    // Below firmware 7 the gateway's own user is taken, which the bridge knows.
    account: Number.parseInt(content.firmware, 10) >= 7,
    env: { BASE_TOPIC: base },
  });
  worlds.push(world);
  return { watch: world.watch, base: `${base}/${native.serial}` };
}

/** The bridge has found out what its gateway has, and has said so: a gateway without production is refused. */
function isSettled({ watch, base }: Played): boolean {
  if (watch.last(`${base}/availability`) === "online") return true;
  return watch.json(`${base}/lifecycle`)?.["state"] === "refused";
}

async function showAll({ home }: House, topics: ReadonlyMap<string, string>): Promise<readonly Shown[]> {
  const wanted = announced(topics);
  const registered = await eventually("every announced entity is in the registry", async () => {
    const entities = new Map((await home.entities()).map((entity) => [`${entity.platform} ${entity.unique_id}`, entity]));
    return wanted.every(({ uniqueId }) => entities.has(`mqtt ${uniqueId}`)) && entities;
  });
  const first = new Map([...registered.values()].map(({ entity_id, disabled_by }) => [entity_id, disabled_by === null]));
  await enable(
    home,
    [...first].filter(([, enabled]) => !enabled).map(([id]) => id),
  );
  // Reloaded, an entity is unavailable until its retained messages have come. What stays so is told by name below.
  const isUp = ({ entity_id, state }: HomeState) => first.has(entity_id) && state !== "unavailable";
  await eventually("every entity is up", async () => (await home.states()).filter(isUp).length === first.size, 30_000).catch(() => {});
  await wait(500);
  const states = new Map((await home.states()).map((state) => [state.entity_id, state]));
  const devices = new Map((await home.devices()).map((device) => [device.id, device]));
  return wanted.map((one) => {
    const entity = registered.get(`mqtt ${one.uniqueId}`);
    const state = states.get(entity?.entity_id ?? "");
    const device = devices.get(entity?.device_id ?? "");
    if (entity === undefined || state === undefined || device === undefined) throw new Error(`${one.uniqueId} is not there`);
    return { announced: one, entity, enabled: first.get(entity.entity_id) === true, state, device };
  });
}

/** What is wrong with an announced entity itself, whatever the integration has. */
function wrongOfOurs({ announced, entity, enabled, state, device }: Shown, topics: ReadonlyMap<string, string>): string[] {
  const wrong: string[] = [];
  if (entity.entity_id !== announced.defaultEntityId) wrong.push(`is ${entity.entity_id}, not ${announced.defaultEntityId}`);
  if (enabled !== announced.enabled) wrong.push(`enabled ${enabled}, not ${announced.enabled}`);
  if (state.state === "unavailable") wrong.push("is unavailable");
  if (!device.identifiers.some((pair) => pair[1] === announced.deviceId)) wrong.push(`is not of device ${announced.deviceId}`);
  const value = published(announced, topics);
  if (!shows(state, value, announced.unit, announced.deviceClass)) {
    wrong.push(`shows ${state.state} ${unitOf(state) ?? ""}, published is ${String(value)} ${announced.unit ?? ""}`);
  }
  return wrong.map((text) => `${announced.defaultEntityId} ${text}`);
}

function allow(reason: string): void {
  tally.allowed += 1;
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
}

function compare({ name, native }: Recorded, shown: readonly Shown[], devices: readonly HomeDevice[]): string[] {
  const ours = new Map(shown.map((one) => [withoutDomain(one.entity.entity_id), one]));
  const wrong = missingDevices(native.devices, devices).map((device) => `no device ${device}`);
  for (const entity of native.entities) {
    const reason = allowedToLack(entity);
    const found = ours.get(withoutDomain(entity.entity_id));
    if (reason !== null) allow(reason);
    else if (found === undefined) notYet.push(`${name}: ${entity.entity_id}`);
    else {
      const different = differences(entity, found);
      const held = different.length === 1 && different[0]?.includes(" state: ") ? guarded(entity, found, native.entities) : null;
      tally.compared += 1;
      if (different.length === 0) tally.equal += 1;
      else if (held !== null) allow(`${held} (${name}: ${different[0]})`);
      else wrong.push(...different);
    }
  }
  return wrong.map((text) => `${name}: ${text}`);
}

const cases = houses.map((gateways, index) => ({ gateways, title: `house ${index + 1}: ${gateways.map(({ name }) => name).join(", ")}` }));

test.each(cases)(
  titled("$title are shown as published and as the own integration shows them"),
  { timeout: 240_000 },
  async ({ gateways }) => {
    if (!isThere()) return;
    house = await startHouse();
    const { broker, home } = house;
    const played = await Promise.all(gateways.map((gateway) => startGateway(gateway, broker.url)));
    await eventually("every gateway is read or refused", async () => played.every(isSettled), 90_000);
    const topics = played[0]?.watch.topics() ?? new Map<string, string>();
    const shown = await showAll(house, topics);

    const wrong = shown.flatMap((one) => wrongOfOurs(one, topics));
    const devices = await home.devices();
    for (const gateway of gateways) wrong.push(...compare(gateway, shown, devices));
    const complaints = await home.complaints();
    tally.recordings += gateways.length;
    tally.announced += shown.length;
    tally.complaints += complaints.length;
    for (const text of wrong) console.log(`differs: ${text}`);
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(complaints).toEqual([]);
  },
);

test(titled("no entity was lost"), () => {
  if (!isThere()) return;
  const { recordings, announced, compared, equal } = tally;
  expect({ recordings, announced, compared, equal }).toEqual({
    recordings: Math.max(recordings, LEAST.recordings),
    announced: Math.max(announced, LEAST.announced),
    compared: Math.max(compared, LEAST.compared),
    equal: Math.max(equal, LEAST.equal),
  });
});
