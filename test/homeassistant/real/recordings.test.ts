import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, expect, test } from "vitest";
import { loadRecording } from "../../../src/simulator/recording.ts";
import { recordedGateways } from "../../envoy/recordings-folder.ts";
import type { Subscriber } from "../../support/subscriber.ts";
import { startWorld, type World } from "../../support/world.ts";
import { announced } from "./announced.ts";
import { batches } from "./batches.ts";
import { compare, type Findings, type Recorded, type Registered, register } from "./comparison.ts";
import { isThere, titled } from "./folder.ts";
import { eventually, type House, startHouse } from "./house.ts";
import type { NativeGateway } from "./native.ts";

const SHARED = resolve(process.env["ENVOY_RECORDINGS"] ?? join(import.meta.dirname, "../../../../shared"));

/** Late in the day, so that a day's energy can have been made: the recordings were taken at any time. */
const LATE = new Date().setUTCHours(22, 0, 0, 0);

interface Played {
  readonly native: NativeGateway;
  readonly watch: Subscriber;
  /** Base topic of the gateway. */
  readonly base: string;
}

/** What was counted; the numbers fall only when something was lost. */
const LEAST = { recordings: 26, announced: 4624, compared: 2967, equal: 2949 };
/** Four buttons, which put an AC battery to sleep and wake it: the bridge only reads. */
const MOST = { notYet: 4, complaints: 0 };

const recorded: readonly Recorded[] = recordedGateways().flatMap(({ name, file }) => {
  const native = join(SHARED, "homeassistant", "native", `${name}.json`);
  return existsSync(native) ? [{ name, file, native: JSON.parse(readFileSync(native, "utf8")) as NativeGateway }] : [];
});
const houses = batches(recorded, ({ native }) => [native.serial, ...native.devices.flatMap(({ identifiers }) => identifiers)], 6);

/** By house: what is tried again in CI is counted once. */
const found = new Map<number, Findings & { readonly recordings: number; readonly complaints: number }>();
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

function sums() {
  const all = [...found.values()];
  const sum = (of: (one: (typeof all)[number]) => number) => all.reduce((total, one) => total + of(one), 0);
  return {
    recordings: sum(({ recordings }) => recordings),
    announced: sum((one) => one.announced),
    compared: sum(({ compared }) => compared),
    equal: sum(({ equal }) => equal),
    allowed: sum(({ allowed }) => allowed.length),
    notYet: sum(({ notYet }) => notYet.length),
    complaints: sum(({ complaints }) => complaints),
  };
}

afterAll(() => {
  if (found.size === 0) return;
  const reasons = new Map<string, number>();
  for (const reason of [...found.values()].flatMap(({ allowed }) => allowed)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  for (const [reason, count] of reasons) console.log(`allowed: ${count} entities: ${reason}`);
  for (const name of [...found.values()].flatMap(({ notYet }) => notYet)) console.log(`not yet ours: ${name}`);
  const { recordings, announced, compared, equal, allowed, notYet, complaints } = sums();
  const line =
    `recordings ${recordings}, entities announced ${announced}, compared ${compared}, equal ${equal}, allowed ${allowed}, ` +
    `not yet ours ${notYet}, log complaints ${complaints}`;
  console.log(line);
  const file = process.env["HASS_COUNTED"];
  if (file !== undefined) writeFileSync(file, line);
});

async function startGateway({ name, file, native }: Recorded, brokerUrl: string): Promise<Played> {
  const content = await loadRecording(file);
  const base = `house/${name.replaceAll(/[^a-z0-9]+/gi, "-")}`;
  const world = await startWorld({
    content,
    brokerUrl,
    now: LATE,
    // Below firmware 7 the gateway's own user is taken, which the bridge knows.
    account: Number.parseInt(content.firmware, 10) >= 7,
    env: { BASE_TOPIC: base, TIME_ZONE: "UTC" },
  });
  worlds.push(world);
  return { native, watch: world.watch, base: `${base}/${native.serial}` };
}

/** The bridge has found out what its gateway has, and has said so: one that gives no production is not there for the integration either. */
function isSettled({ native, watch, base }: Played): boolean {
  if (native.state === "loaded") return watch.last(`${base}/availability`) === "online";
  return watch.json(`${base}/lifecycle`)?.["state"] === "outage";
}

/** Every gateway is settled, and nothing has been announced since for a second. */
async function settle(played: readonly Played[]): Promise<ReadonlyMap<string, string>> {
  const topics = played[0]?.watch.topics() ?? new Map<string, string>();
  const configs = () => JSON.stringify([...topics].filter(([topic]) => topic.endsWith("/config")));
  await eventually("every gateway is read or refused", async () => played.every(isSettled), 120_000);
  await eventually("nothing new is announced", async () => {
    const before = configs();
    await wait(1000);
    return before === configs();
  });
  return topics;
}

/** Looks until nothing differs, for a gateway may be read between two questions to Home Assistant; what stays so is wrong. */
async function look(
  gateways: readonly Recorded[],
  registered: readonly Registered[],
  topics: ReadonlyMap<string, string>,
  { home }: House,
) {
  const end = performance.now() + 60_000;
  for (;;) {
    const findings = await compare(home, gateways, registered, topics);
    if (findings.wrong.length === 0 || performance.now() > end) return findings;
    await wait(500);
  }
}

const cases = houses.map((gateways, index) => ({ gateways, index, title: `house ${index + 1}, ${gateways.length} gateways` }));

test.each(cases)(
  titled("$title: entities are shown as published and as the own integration shows them"),
  { timeout: 420_000 },
  async ({ gateways, index }) => {
    if (!isThere()) return;
    house = await startHouse();
    const { broker, home } = house;
    const played = await Promise.all(gateways.map((gateway) => startGateway(gateway, broker.url)));
    const topics = await settle(played);
    const registered = await register(home, announced(topics));
    const findings = await look(gateways, registered, topics, house);
    const complaints = await home.complaints();
    found.set(index, { ...findings, recordings: gateways.length, complaints: complaints.length });
    for (const text of findings.wrong) console.log(`differs: ${text}`);
    expect(findings.wrong.slice(0, 20)).toEqual([]);
    expect(complaints).toEqual([]);
  },
);

/** CI always has the recordings. */
const areLacking = recorded.length === 0 && process.env["CI"] === undefined;

test(titled(areLacking ? `there are no recordings in ${SHARED}: no entity was lost` : "no entity was lost"), () => {
  if (!isThere() || areLacking) return;
  const { recordings, announced, compared, equal, notYet, complaints } = sums();
  expect({ recordings, announced, compared, equal }).toEqual({
    recordings: Math.max(recordings, LEAST.recordings),
    announced: Math.max(announced, LEAST.announced),
    compared: Math.max(compared, LEAST.compared),
    equal: Math.max(equal, LEAST.equal),
  });
  expect({ notYet, complaints }).toEqual({ notYet: Math.min(notYet, MOST.notYet), complaints: MOST.complaints });
});
