import { afterAll, describe, expect, test } from "vitest";
import { BridgeError } from "../../src/model/errors.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { CORE_COMPARISONS, leaves } from "./expected-core.ts";
import { askStatic, readGateway, recordedInfo } from "./read-gateway.ts";
import { type RecordedGateway, recordedGateways } from "./recordings-folder.ts";

const gateways = recordedGateways();
const WITHOUT_PRODUCTION = "3.7.0";

/** Values compared with the recordings that lie beside the project; fewer would mean that a comparison was lost. */
const LEAST_COMPARED = 6506;
let compared = 0;

afterAll(() => {
  console.info(`recorded gateways: ${gateways.length}, values compared with pyenphase: ${compared}`);
  if (process.env["ENVOY_RECORDINGS"] === undefined && gateways.length > 0) expect(compared).toBeGreaterThanOrEqual(LEAST_COMPARED);
});

function expectEqual(gateway: RecordedGateway, snapshot: Snapshot): void {
  for (const [group, { ours, theirs }] of Object.entries(CORE_COMPARISONS)) {
    const wanted = leaves(theirs(gateway), group);
    expect(Object.fromEntries(leaves(ours(snapshot), group)), group).toEqual(Object.fromEntries(wanted));
    compared += wanted.size;
  }
}

describe.skipIf(gateways.length === 0)("a recorded gateway", () => {
  test.each(gateways.filter(({ name }) => name !== WITHOUT_PRODUCTION))("$name is read as pyenphase reads it", async (gateway) => {
    const info = recordedInfo(gateway.answers);
    expect(info.firmware.text).toBe(gateway.expected.firmware);
    const { first, steady, firstPaths, steadyPaths } = await readGateway(info, askStatic(gateway.answers));
    expectEqual(gateway, first.snapshot);
    expectEqual(gateway, steady.snapshot);
    expect(first.health.filter(({ failures }) => failures > 0)).toEqual([]);
    expect(firstPaths.filter((path) => path !== "/home" && !gateway.expected.first_requests.includes(path))).toEqual([]);
    expect(new Set(firstPaths).size).toBe(firstPaths.length);
    expect(steadyPaths.filter((path) => !gateway.expected.steady_requests.includes(path))).toEqual([]);
    expect(new Set(steadyPaths).size).toBe(steadyPaths.length);
  });

  test.each(gateways.filter(({ name }) => name === WITHOUT_PRODUCTION))(
    "$name has no production data, and that is said",
    async (gateway) => {
      const reading = readGateway(recordedInfo(gateway.answers), askStatic(gateway.answers));
      await expect(reading).rejects.toThrow(/gives no production data on any known path/);
      await expect(reading).rejects.toMatchObject({ code: "no_production" });
      await expect(reading).rejects.toBeInstanceOf(BridgeError);
    },
  );
});
