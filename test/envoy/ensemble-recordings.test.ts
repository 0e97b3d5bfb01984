import { afterAll, describe, expect, test } from "vitest";
import { ensembleAsReference, everyLeaf } from "./expected-ensemble.ts";
import { askStatic, readGateway, recordedInfo } from "./read-gateway.ts";
import { recordedGateways } from "./recordings-folder.ts";

const gateways = recordedGateways().filter(({ expected }) => expected.data !== null);

const KEYS = [
  "acb_inventory",
  "encharge_inventory",
  "encharge_power",
  "encharge_aggregate",
  "battery_aggregate",
  "enpower",
  "collar",
  "c6cc",
  "dry_contact_status",
  "dry_contact_settings",
  "tariff",
  "generator",
  "generator_config",
  "generator_mode",
  "generator_schedule",
];

/** Values compared with the recordings that lie beside the project; fewer would mean that a comparison was lost. */
const LEAST_COMPARED = 3274;
let compared = 0;

afterAll(() => {
  console.info(`ensemble of recorded gateways: ${gateways.length}, values compared with pyenphase: ${compared}`);
  if (process.env["ENVOY_RECORDINGS"] === undefined && gateways.length > 0) expect(compared).toBeGreaterThanOrEqual(LEAST_COMPARED);
});

describe.skipIf(gateways.length === 0)("the ensemble of a recorded gateway", () => {
  test.each(gateways)("$name is read as pyenphase reads it", async ({ answers, expected }) => {
    const { first, steady } = await readGateway(recordedInfo(answers), askStatic(answers));
    for (const { snapshot } of [first, steady]) {
      const ours = ensembleAsReference(snapshot);
      for (const key of KEYS) {
        const theirs = expected.data?.[key] ?? null;
        const wanted = everyLeaf(theirs, key);
        expect(Object.fromEntries(everyLeaf(ours[key], key)), key).toEqual(Object.fromEntries(wanted));
        if (theirs !== null) compared += wanted.size;
      }
    }
  });
});
