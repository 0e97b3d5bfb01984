import { expect, test } from "vitest";
import { catalogue } from "../../src/entities/catalogue.ts";
import { createSiteCatalogue, type SitePart } from "../../src/entities/site-view.ts";
import type { Groups } from "../../src/model/snapshot.ts";
import { factsOf, powerEnergy } from "./facts.ts";
import { EVERYTHING, GROUPS } from "./house.ts";

const part = (groups: Partial<Groups>, capabilities = {}, online = true): SitePart => ({
  view: catalogue(factsOf({ groups, capabilities })),
  online,
});
const sun: Partial<Groups> = { production: { total: powerEnergy(500, 123_456), phases: {} } };
const payloads = (parts: readonly SitePart[]) =>
  Object.fromEntries(createSiteCatalogue("Home 1")(parts).states.map(({ path, payload }) => [path, payload]));

test("a site's totals are the sums of its gateways", () => {
  const house = part(GROUPS, EVERYTHING);
  expect(payloads([house, part(sun)])).toMatchObject({
    totals: {
      ts: "2026-11-25T12:00:00.000Z",
      production_power: 3501,
      consumption_power: 1502,
      grid_power: -1500,
      production_today_kwh: 2.468,
    },
    energy: { production_kwh: 1123.456, consumption_kwh: 2000, grid_import_kwh: 9000.001 },
  });
  expect(Object.keys(payloads([part(sun)])["totals"] ?? {})).toEqual(["ts", "production_power", "production_today_kwh"]);
});

test("totals are unknown while one of the gateways is away, or does not know its own", () => {
  expect(payloads([part(sun), part(sun, {}, false)])).toMatchObject({
    totals: { production_power: null },
    energy: { production_kwh: null },
  });
  expect(payloads([part(sun), part({})])).toMatchObject({ totals: { production_power: null } });
  expect(payloads([])).toMatchObject({ totals: { ts: null } });
});

test("a site is one device with an id of its own, the same object while its gateways are the same", () => {
  const make = createSiteCatalogue("Home 1");
  const first = make([part(sun)]);
  expect(first).toMatchObject({ serial: "site_home_1", devices: [{ id: "site_home_1", name: "Site Home 1", via: null }] });
  expect(first.devices[0]?.entities[0]).toMatchObject({
    uniqueId: "envoy2mqtt_site_home_1_production_power",
    defaultEntityId: "sensor.site_home_1_production_power",
  });
  expect(make([part(sun)]).devices).toBe(first.devices);
});
