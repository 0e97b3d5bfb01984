import { describe, expect, test } from "vitest";
import { counterReadings, powerReadings } from "../../src/entities/counters.ts";
import { meterLimit } from "../../src/entities/limits.ts";
import { NO_CAPABILITIES } from "../../src/model/capabilities.ts";
import { inverterOf, NOW, powerEnergy, snapshotOf } from "./facts.ts";
import { ctGroup, ctMeter, EVERYTHING, GROUPS } from "./house.ts";

const has = { ...NO_CAPABILITIES, ...EVERYTHING };
const byId = (snapshot: Parameters<typeof counterReadings>[0], capabilities = has) =>
  new Map(counterReadings(snapshot, capabilities).map((reading) => [reading.id, reading]));

describe("counter readings", () => {
  const readings = byId(snapshotOf(GROUPS));

  test("name production, consumption, CTs and inverters, with their phases", () => {
    const names = [...readings.keys()].filter(
      (id) => !id.startsWith("inverter/") && !id.includes("storage") && !id.startsWith("battery") && !id.startsWith("meter/production"),
    );
    expect(names).toEqual([
      "production",
      "production_l1",
      "production_l2",
      "production_l3",
      "consumption",
      "grid_import",
      "grid_export",
      "meter/net-consumption/delivered",
      "meter/net-consumption/received",
      "meter/net-consumption/delivered_l1",
      "meter/net-consumption/received_l1",
      "meter/net-consumption/delivered_l2",
      "meter/net-consumption/received_l2",
      "meter/net-consumption/delivered_l3",
      "meter/net-consumption/received_l3",
    ]);
    expect(readings.get("production")).toMatchObject({ wh: 1_000_000, todayWh: 1234, sevenDaysWh: 56_789, at: NOW });
    expect(readings.get("meter/storage/received")).toMatchObject({ wh: 4_000_002, at: NOW - 1000 });
    expect(readings.get("inverter/482200000000")).toMatchObject({ wh: 777_001, at: NOW - 300_000 });
  });

  test("count the site's energy by its CTs under the names that it has without them: a CT that is missing for a while begins nothing anew", () => {
    for (const [site, meter] of [
      ["grid_import", "meter/net-consumption/delivered"],
      ["grid_export", "meter/net-consumption/received"],
      ["battery_discharged", "meter/storage/delivered"],
      ["battery_charged", "meter/storage/received"],
    ] as const) {
      expect(readings.get(site)).toEqual({ ...readings.get(meter), id: site });
      expect(readings.get(site)?.wh).toBeGreaterThan(1_000_000);
    }
  });

  test("say the most that can flow: inverters from what they showed, the house from its service", () => {
    expect(readings.get("inverter/482200000000")?.limitWatts).toBe(800);
    expect(readings.get("production")?.limitWatts).toBe(2400);
    expect(readings.get("consumption")?.limitWatts).toBe(50_400);
    expect(readings.get("meter/net-consumption/delivered")?.limitWatts).toBe(48_000);
    expect(readings.get("meter/storage/received")?.limitWatts).toBe(2 * 7680 + 2 * 400);
    const big = snapshotOf({ inverters: new Map([["1", inverterOf("1", { maxReportWatts: 900 })]]) });
    expect(byId(big).get("inverter/1")?.limitWatts).toBe(1350);
    const unknown = snapshotOf({
      production: { total: powerEnergy(1), phases: {} },
      inverters: new Map([["1", inverterOf("1", { maxReportWatts: null })]]),
    });
    expect(byId(unknown).get("production")?.limitWatts).toBe(800);
    expect(byId(snapshotOf({ production: { total: powerEnergy(1), phases: {} } })).get("production")?.limitWatts).toBe(48_000);
    expect(meterLimit("evse", {}, NO_CAPABILITIES)).toBe(48_000);
    expect(meterLimit("total-consumption", {}, NO_CAPABILITIES)).toBe(96_000);
    expect(meterLimit("storage", {}, NO_CAPABILITIES)).toBe(48_000);
  });

  test("are unknown where the gateway gives no value now, and absent for what it does not count", () => {
    const snapshot = snapshotOf({
      production: { total: null, phases: {} },
      meters: new Map([
        ["production", { total: null, phases: {} }],
        ["flux" as "load", ctGroup(1)],
        ["load", { total: ctMeter(1, { measuredAt: null }), phases: {} }],
      ]),
      inverters: new Map([
        ["1", inverterOf("1", { lifetimeWh: null })],
        ["2", inverterOf("2", { lastReportAt: null })],
      ]),
    });
    const readings = byId(snapshot);
    expect(readings.get("production")).toMatchObject({ wh: null, todayWh: null, sevenDaysWh: null });
    expect(readings.get("meter/production/delivered")).toMatchObject({ wh: null, at: NOW });
    expect(readings.get("meter/load/delivered")?.at).toBe(NOW);
    expect(readings.get("inverter/2")?.at).toBe(NOW);
    expect(readings.has("inverter/1")).toBe(false);
    expect([...readings.keys()].filter((id) => id.includes("flux"))).toEqual([]);
    expect(counterReadings({}, has)).toEqual([]);
  });
});

describe("power readings", () => {
  const without = { ...has, meters: [] };

  test("are none where CTs count", () => {
    expect(powerReadings(snapshotOf(GROUPS), has)).toEqual([]);
  });

  test("are the grid's balanced power and all batteries' power, by direction, never negative", () => {
    expect(powerReadings(snapshotOf(GROUPS), without)).toEqual([
      { id: "grid_import", watts: 0, at: NOW },
      { id: "grid_export", watts: 1499, at: NOW },
      { id: "battery_discharged", watts: 0, at: NOW },
      { id: "battery_charged", watts: 2 * 1084.5 - 260, at: NOW },
    ]);
  });

  test("are unknown while one of the batteries is, and measured when the older of them was", () => {
    const power = new Map([
      ["1", { realPowerMw: null, apparentPowerMva: null, soc: null }],
      ["2", { realPowerMw: 5, apparentPowerMva: 1, soc: 1 }],
    ]);
    const batteries = (groups: Parameters<typeof snapshotOf>[0]) => powerReadings(snapshotOf(groups), { ...without, netConsumption: null });
    expect(batteries({ enchargePower: power, acb: GROUPS.acb }).map(({ watts }) => watts)).toEqual([null, null]);
    expect(batteries({ acb: GROUPS.acb })).toEqual([]);
    const old = { ...snapshotOf({ acb: GROUPS.acb }), ...snapshotOf({ enchargePower: GROUPS.enchargePower }, NOW - 60_000) };
    expect(powerReadings(old, { ...without, netConsumption: null })[0]?.at).toBe(NOW - 60_000);
    expect(powerReadings({}, without)).toEqual([]);
    expect(powerReadings({}, NO_CAPABILITIES)).toEqual([]);
  });
});
