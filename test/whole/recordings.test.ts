import { readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import type { LoggedRequest } from "../../src/simulator/gateway-core.ts";
import { playRecording } from "../../src/simulator/recording.ts";
import { type RecordedGateway, recordedGateways } from "../envoy/recordings-folder.ts";
import type { BrokerProcess } from "../support/broker-process.ts";
import { checkRetained, checkStream } from "../support/discovery-checker.ts";
import { mosquittoVersion, startMosquitto } from "../support/mosquitto.ts";
import { startWorld, type World } from "../support/world.ts";
import { expectation, NOT_PUBLISHED } from "./expected-values.ts";
import { watchReads } from "./unread.ts";

const HAS_MOSQUITTO = mosquittoVersion() !== null;
const gateways = recordedGateways();
/** Values that were compared when this was last looked at; the test fails when there are fewer. Only for the recordings beside the project. */
const COMPARED = 5_468;
const isDefault = process.env["ENVOY_RECORDINGS"] === undefined;
/** Those that a gateway has not, and that must not be seen. */
const ABSENT = 4_997;
/** Seconds between readings, the same for every source. */
const INTERVAL = 30;
const DIGEST_TRIED_ON = "/api/v1/production/inverters";
/** By recording, so that one that is tried again counts once. */
const counted = new Map<string, { readonly compared: number; readonly absent: number }>();

/** Without production nothing can be published of a gateway. */
const hasProduction = ({ expected }: RecordedGateway) => expected.data !== undefined && expected.data !== null;

async function play(recorded: RecordedGateway, run: (world: World) => Promise<void>): Promise<void> {
  const broker: BrokerProcess | null = HAS_MOSQUITTO ? await startMosquitto() : null;
  const content = playRecording(JSON.parse(readFileSync(recorded.file, "utf8")));
  const world = await startWorld({
    content,
    account: Number.parseInt(content.firmware, 10) >= 7,
    env: Object.fromEntries(["METERS", "PRODUCTION", "INVERTERS", "INVENTORY"].map((name) => [`INTERVALS_${name}`, String(INTERVAL)])),
    ...(broker === null ? {} : { brokerUrl: broker.url }),
  });
  try {
    await run(world);
  } finally {
    await world.end();
    await broker?.stop();
  }
}

const online = ({ watch, topic }: World) =>
  watch.until("online", () => watch.last(topic("availability")) === "online" && watch.last("envoy2mqtt/bridge/state") === "online", 25_000);

/** What a subscriber sees is what pyenphase reads, and no field of pyenphase's is passed over without a rule that says why. */
function compareValues({ watch, topic }: World, recorded: RecordedGateway): void {
  const data = watchReads(recorded.expected.data ?? {});
  const { values, noTopics } = expectation({ ...recorded, expected: { ...recorded.expected, data: data.tree } });
  const isOther = (place: string) =>
    noTopics.includes(
      place
        .split("/")
        .slice(0, 2)
        .join("/")
        .replace(/^inverters/, "inverter"),
    );
  const unexplained = data.unread().filter((place) => !isOther(place) && !NOT_PUBLISHED.some(([rule]) => rule.test(place)));
  expect(unexplained, "fields that nobody compares").toEqual([]);

  const payloads = new Map<string, Record<string, unknown>>();
  const differences = values.flatMap(({ path, key, value, absent: mayMiss }) => {
    if (key === null) return watch.last(topic(path)) === undefined ? [`no topic ${path}`] : [];
    const payload = payloads.get(path) ?? watch.json(topic(path)) ?? {};
    payloads.set(path, payload);
    const holds = mayMiss ? (payload[key] ?? null) === null : Object.hasOwn(payload, key) && isSeen(payload[key], value);
    return holds ? [] : [`${path} ${key}: ${JSON.stringify(payload[key])} instead of ${JSON.stringify(value)}`];
  });
  expect(differences).toEqual([]);
  const topics = [...watch.topics().keys()];
  expect(topics.filter((name) => noTopics.some((none) => name.startsWith(topic(none))))).toEqual([]);
  const missing = values.filter(({ absent: mayMiss }) => mayMiss).length;
  counted.set(recorded.name, { compared: values.length - missing, absent: missing + noTopics.length });
}

/** Numbers, words and truth as they are; what has no flat shape is a text that holds it. */
function isSeen(seen: unknown, wanted: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return Object.is(seen, wanted);
  return typeof seen === "string" && isDeepStrictEqual(JSON.parse(seen), wanted);
}

/** Below firmware 7 http and a digest, from 7 on https and a token; each path that pyenphase asks at first, once. */
function compareStart(start: readonly LoggedRequest[], { expected }: RecordedGateway, { gateway }: World): void {
  const modern = Number.parseInt(expected.firmware, 10) >= 7;
  const asked = start.filter(({ path }) => path !== "/info");
  expect(new Set(start.map(({ scheme }) => scheme))).toEqual(new Set([modern ? "https" : "http"]));
  expect(new Set(asked.filter(({ authorised }) => authorised).map(({ credential }) => credential))).toEqual(
    new Set([modern ? "bearer" : "digest"]),
  );
  const challenges = asked.filter(({ credential }) => credential === "none");
  expect(challenges.length).toBe(modern ? 0 : 1);
  const counts = countPaths(start.filter((request) => !challenges.includes(request)));
  const allowed = new Set([...expected.first_requests, "/info", "/auth/check_jwt", "/home"]);
  // The digest is tried on the inverters' list; the probe asks again where that was refused or missing.
  const isAgain = (path: string) => !modern && path === DIGEST_TRIED_ON && start.every((one) => one.path !== path || one.status !== 200);
  expect([...counts].filter(([path, times]) => !allowed.has(path) || times > (isAgain(path) ? 2 : 1))).toEqual([]);
  expect(gateway.mostInFlight).toBe(1);
}

/** With one interval for all, each path that pyenphase asks in a steady round is asked at most once in an interval, and no other. */
async function compareSteadyRounds({ gateway, clock, watch }: World, { expected }: RecordedGateway): Promise<void> {
  const [from, before] = [clock.now(), gateway.requests.length];
  clock.pace(40);
  await watch.until("three rounds", () => clock.now() - from >= 3 * INTERVAL * 1000, 20_000);
  clock.pace(1);
  const most = Math.ceil((clock.now() - from) / (INTERVAL * 1000)) + 1;
  const counts = countPaths(gateway.requests.slice(before));
  expect(Math.max(...counts.values())).toBeGreaterThan(1);
  expect([...counts].filter(([path, times]) => !expected.steady_requests.includes(path) || times > most)).toEqual([]);
}

function countPaths(requests: readonly LoggedRequest[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { path } of requests) counts.set(path, (counts.get(path) ?? 0) + 1);
  return counts;
}

describe(`recorded gateways, seen by a subscriber on ${HAS_MOSQUITTO ? "Mosquitto" : "the embedded broker, since Mosquitto is missing"}`, () => {
  test("the recordings and Mosquitto are there, or this is no CI", () => {
    expect((HAS_MOSQUITTO && gateways.length > 0) || process.env["CI"] === undefined).toBe(true);
  });

  test.concurrent.each(gateways.filter(hasProduction).map((recorded) => [recorded.name, recorded] as const))("%s", async (_, recorded) => {
    await play(recorded, async (world) => {
      await online(world);
      const start = [...world.gateway.requests];
      compareValues(world, recorded);
      compareStart(start, recorded, world);
      await compareSteadyRounds(world, recorded);
      expect(checkRetained(world.watch.topics())).toEqual([]);
      expect(checkStream(world.watch.heard)).toEqual([]);
    });
  });

  test.each(gateways.filter((recorded) => !hasProduction(recorded)).map((recorded) => [recorded.name, recorded] as const))(
    "%s: no production data is said in plain words, and it is tried again",
    async (_, recorded) => {
      await play(recorded, async (world) => {
        const { watch, topic, gateway } = world;
        await watch.until("told", () => watch.last(topic("lifecycle"))?.includes("no production data"), 15_000);
        const tries = gateway.requests.filter(({ path }) => path === "/info").length;
        await watch.until("tried again", () => gateway.requests.filter(({ path }) => path === "/info").length > tries, 15_000);
        expect(watch.history(topic("availability"))).not.toContain("online");
      });
    },
  );

  afterAll(() => {
    const all = [...counted.values()];
    const compared = all.reduce((sum, one) => sum + one.compared, 0);
    const absent = all.reduce((sum, one) => sum + one.absent, 0);
    console.log(`recordings ${gateways.length}, values compared at a subscriber: ${compared}, absent ones: ${absent}`);
    if (isDefault && gateways.length > 0) {
      expect(compared).toBeGreaterThanOrEqual(COMPARED);
      expect(absent).toBeGreaterThanOrEqual(ABSENT);
    }
  });
});
