import { describe, expect, test } from "vitest";
import { productionSource } from "../../../src/envoy/sources/production.ts";
import { type Capabilities, NO_CAPABILITIES } from "../../../src/model/capabilities.ts";
import { probeOf, readOf } from "./source-bench.ts";

const DOCUMENT = "/production.json?details=1";
const V1 = "/api/v1/production";
const values = (whLifetime: number, wNow: number, more: object = {}) => ({ whLifetime, wNow, whToday: 1, whLastSevenDays: 2, ...more });

describe("production", () => {
  const inverters = { type: "inverters", activeCount: 3, ...values(100, 10, { whToday: undefined, whLastSevenDays: undefined }) };

  test("/production is used where production.json has nothing, and V1 before the inverters' section", async () => {
    const eim = { type: "eim", activeCount: 1, measurementType: "production", ...values(7, 1) };
    expect(await probeOf(productionSource, { "/production": { production: [eim] } })).toEqual({ production: "production", metering: true });
    const both = { [DOCUMENT]: { production: [inverters] }, [V1]: { wattHoursLifetime: 5 } };
    expect(await probeOf(productionSource, both)).toEqual({ production: "v1" });
    expect(await probeOf(productionSource, { "/production": { production: [inverters] } })).toEqual({
      production: "inverters-section",
      productionDocument: "production",
    });
    expect(await probeOf(productionSource, { [DOCUMENT]: [], [V1]: [] })).toEqual({});
  });

  test("V1 that counts nothing, or that firmware 8.2.4264 and later has frozen, is not taken", async () => {
    const frozen = { [V1]: { wattHoursLifetime: 1583, wattsNow: 4 } };
    expect(await probeOf(productionSource, frozen, "8.2.4264")).toEqual({});
    expect(await probeOf(productionSource, frozen, "8.2.4263")).toEqual({ production: "v1" });
    expect(await probeOf(productionSource, frozen, "8.2.4264", {}, false)).toEqual({ production: "v1" });
    expect(await probeOf(productionSource, frozen, "8.2.4264", { meters: [{ eid: 1, type: "storage" }] })).toEqual({ production: "v1" });
    expect(await probeOf(productionSource, { [V1]: { wattHoursLifetime: 0, wattHoursToday: 0, wattsNow: 7 } })).toEqual({});
  });

  test("F-24: firmware 3 that gives zeros only is implausible, and so is a document without any value", async () => {
    const zeros = { wattHoursLifetime: 0, wattHoursSevenDays: 0, wattHoursToday: 0, wattsNow: 0 };
    const v1 = { production: "v1" } as const;
    await expect(readOf(productionSource, { [V1]: zeros }, v1, "3.9.36")).rejects.toMatchObject({ code: "implausible" });
    expect((await readOf(productionSource, { [V1]: zeros }, v1, "4.0.0")).groups.production?.total?.whLifetime).toBe(0);
    await expect(readOf(productionSource, { [V1]: {} }, v1)).rejects.toMatchObject({ code: "implausible" });
    await expect(readOf(productionSource, { [V1]: [] }, v1)).rejects.toMatchObject({ code: "implausible" });
    const document = { production: "production.json" } as const;
    await expect(readOf(productionSource, { [DOCUMENT]: { production: 5 } }, document)).rejects.toMatchObject({ code: "implausible" });
  });

  test("a production CT that does not count gives no production, whatever the inverters say", async () => {
    const answers = { [DOCUMENT]: { production: [inverters, { type: "eim", activeCount: 0, ...values(5, 5) }] } };
    const ct = { production: "production.json", meters: [{ eid: 1, type: "production" }] } as const;
    expect((await readOf(productionSource, answers, ct)).groups.production).toEqual({ total: null, phases: {} });
    const without = await readOf(productionSource, answers, { production: "inverters-section" });
    expect(without.groups.production?.total).toEqual({ wattsNow: 10, whLifetime: 100, whToday: 1, whLastSevenDays: 2 });
  });

  test("consumption is taken by what it measures, not by its place", async () => {
    const consumption = [
      { measurementType: "net-consumption", activeCount: 1, ...values(2, 20) },
      { measurementType: "total-consumption", activeCount: 1, readingTime: 7, ...values(1, 10) },
    ];
    const found = await probeOf(productionSource, { [DOCUMENT]: { consumption } });
    expect(found).toEqual({ consumption: "production.json", netConsumption: "production.json" });
    const { groups, measuredAt } = await readOf(productionSource, { [DOCUMENT]: { consumption } }, found);
    expect([groups.consumption?.total?.wattsNow, groups.netConsumption?.total?.wattsNow]).toEqual([10, 20]);
    expect(measuredAt).toEqual({ consumption: 7000 });
    const gone = await readOf(productionSource, { [DOCUMENT]: {} }, found);
    expect(gone.groups.consumption).toEqual({ total: null, phases: {} });
    expect(gone.said).toContain("consumption: total-consumption is missing");
  });

  describe("F-27: firmware 8.3.5433, where the total is the net", () => {
    const all: Partial<Capabilities> = {
      production: "production.json",
      consumption: "production.json",
      netConsumption: "production.json",
      metering: true,
      phaseCount: 3,
    };
    const documentOf = (active: number, total: object, net: object) => ({
      [DOCUMENT]: {
        production: [{ type: "eim", activeCount: active, ...values(100, 10), lines: [values(60, 6), values(40, 4)] }],
        consumption: [
          { measurementType: "total-consumption", ...total },
          { measurementType: "net-consumption", ...net },
        ],
      },
    });
    const net = values(50, 5, { lines: [values(30, 3), values(20, 2), values(0, 0)] });
    const odd = values(50, 5, { lines: [values(30, 3), values(21, 2), values(0, 0)] });

    test("is mended by adding production, each phase where it is the net too", async () => {
      const { groups } = await readOf(productionSource, documentOf(1, odd, net), all, "8.3.5433");
      expect(groups.consumption?.total).toMatchObject({ whLifetime: 150, wattsNow: 15, whToday: 1 });
      expect(groups.consumption?.phases.l1).toMatchObject({ whLifetime: 90, wattsNow: 9 });
      expect(groups.consumption?.phases.l2).toMatchObject({ whLifetime: 21, wattsNow: 2 });
      expect(groups.consumption?.phases.l3).toMatchObject({ whLifetime: 0, wattsNow: 0 });
    });

    test("is left alone on earlier firmware, where both differ, and where a value is missing", async () => {
      const lifetime = async (firmware: string, total: object, net: object) =>
        (await readOf(productionSource, documentOf(1, total, net), all, firmware)).groups.consumption?.total?.whLifetime;
      expect(await lifetime("8.3.5432", net, net)).toBe(50);
      expect(await lifetime("8.3.5433", values(51, 5), net)).toBe(51);
      expect(await lifetime("8.3.5433", { wNow: 5 }, { wNow: 5 })).toBeNull();
    });

    test("is unknown where production is", async () => {
      const blind = { ...all, meters: [{ eid: 1, type: "production" }] };
      const { groups } = await readOf(productionSource, documentOf(0, net, net), blind, "8.3.5433");
      expect(groups.consumption).toEqual({ total: null, phases: {} });
    });
  });

  test("AC batteries are read together from the document that has them", async () => {
    const storage = [{ type: "acb", activeCount: 2, wNow: 260, whNow: 446, percentFull: 18, state: "discharging" }];
    const found = await probeOf(productionSource, { "/production": { storage, production: [{ type: "inverters", activeCount: 0 }] } });
    expect(found).toEqual({ acBatteries: 2, productionDocument: "production" });
    expect(productionSource.wanted({ ...NO_CAPABILITIES, ...found })).toBe(true);
    const { groups } = await readOf(productionSource, { "/production": { storage } }, found);
    expect(groups).toEqual({ acb: { power: 260, chargeWh: 446, stateOfCharge: 18, state: "discharging", batteries: 2 } });
    expect((await readOf(productionSource, { "/production": {} }, found)).groups.acb?.power).toBeNull();
  });
});
