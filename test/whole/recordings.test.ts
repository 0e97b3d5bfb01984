import { readFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { playRecording } from "../../src/simulator/recording.ts";
import { type RecordedGateway, recordedGateways } from "../envoy/recordings-folder.ts";
import { checkRetained, checkStream } from "../support/discovery-checker.ts";
import { type Mosquitto, mosquittoVersion, startMosquitto } from "../support/mosquitto.ts";
import { startWorld, type World } from "../support/world.ts";
import { expectedValues } from "./expected-values.ts";

const HAS_MOSQUITTO = mosquittoVersion() !== null;
const gateways = recordedGateways();
/** Values that were compared when this was last looked at; the test fails when there are fewer. Only for the recordings beside the project. */
const COMPARED = 3_767;
const isDefault = process.env["ENVOY_RECORDINGS"] === undefined;
let compared = 0;

/** Without production nothing can be published of a gateway. */
const hasProduction = ({ expected }: RecordedGateway) => expected.data !== undefined && expected.data !== null;

async function play(recorded: RecordedGateway, run: (world: World) => Promise<void>): Promise<void> {
  const broker: Mosquitto | null = HAS_MOSQUITTO ? await startMosquitto() : null;
  const content = playRecording(JSON.parse(readFileSync(recorded.file, "utf8")));
  const world = await startWorld({
    content,
    account: Number.parseInt(content.firmware, 10) >= 7,
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

describe(`recorded gateways, seen by a subscriber on ${HAS_MOSQUITTO ? "Mosquitto" : "the embedded broker, since Mosquitto is missing"}`, () => {
  test("the recordings and Mosquitto are there, or this is no CI", () => {
    expect((HAS_MOSQUITTO && gateways.length > 0) || process.env["CI"] === undefined).toBe(true);
  });

  test.concurrent.each(gateways.filter(hasProduction).map((recorded) => [recorded.name, recorded] as const))("%s", async (_, recorded) => {
    await play(recorded, async (world) => {
      await online(world);
      const values = expectedValues(recorded.expected as unknown as Record<string, unknown>);
      const topics = new Map<string, Record<string, unknown>>();
      const differences = values.flatMap(({ path, key, value }) => {
        const payload = topics.get(path) ?? world.watch.json(world.topic(path)) ?? {};
        topics.set(path, payload);
        return Object.hasOwn(payload, key) && Object.is(payload[key], value) ? [] : [`${path} ${key}: ${payload[key]} instead of ${value}`];
      });
      expect(differences).toEqual([]);
      compared += values.length;
      expect(checkRetained(world.watch.topics())).toEqual([]);
      expect(checkStream(world.watch.heard)).toEqual([]);
      const first = new Set(recorded.expected.first_requests);
      const more = world.gateway.requests
        .map(({ method, path }) => `${method} ${path}`)
        .filter((asked) => !first.has(asked) && !first.has(asked.slice(4)));
      expect(more.filter((asked) => !/^GET \/(home|auth\/check_jwt|info)$/.test(asked))).toEqual([]);
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
    console.log(`recordings ${gateways.length}, values compared at a subscriber: ${compared}`);
    if (isDefault && gateways.length > 0) expect(compared).toBeGreaterThanOrEqual(COMPARED);
  });
});
