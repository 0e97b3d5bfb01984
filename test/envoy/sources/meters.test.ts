import { describe, expect, test } from "vitest";
import { metersSource } from "../../../src/envoy/sources/meters.ts";
import { probeOf, readOf } from "./source-bench.ts";

describe("meters", () => {
  const meter = (eid: number, measurementType: string, more: object = {}) => ({
    eid,
    measurementType,
    state: "enabled",
    phaseMode: "split",
    phaseCount: 2,
    meteringStatus: "normal",
    ...more,
  });
  const reading = (eid: number, dlvd: number, rcvd: number, channels?: object[]) => ({
    eid,
    timestamp: 100,
    actEnergyDlvd: dlvd,
    actEnergyRcvd: rcvd,
    activePower: 1,
    pwrFactor: 1,
    voltage: 240,
    current: 1,
    freq: 50,
    ...(channels && { channels }),
  });

  test("disabled CTs and answers that are no list give nothing", async () => {
    expect(await probeOf(metersSource, { "/ivp/meters": [meter(1, "production", { state: "disabled" })] })).toEqual({});
    expect(await probeOf(metersSource, { "/ivp/meters": { error: 1 } })).toEqual({});
    const bare = [meter(1, "production", { phaseMode: undefined, phaseCount: "two" }), { state: "enabled", eid: "x" }];
    expect(await probeOf(metersSource, { "/ivp/meters": bare })).toEqual({
      meters: [{ eid: 1, type: "production" }],
      phaseCount: 1,
      phaseMode: null,
    });
  });

  test("F-30: readings are joined by eid; unknown types and doubles are said, no reading at all is implausible", async () => {
    const listed = [
      meter(1, "production"),
      meter(2, "net-consumption"),
      meter(3, "heat-pump"),
      meter(4, "production"),
      meter(4, "production"),
    ];
    const found = { meters: listed.slice(0, 4).map(({ eid, measurementType }) => ({ eid, type: measurementType })), phaseCount: 1 };
    const answers = { "/ivp/meters": listed, "/ivp/meters/readings": [{ x: 1 }, reading(9, 1, 1), reading(4, 7, 0), reading(1, 5, 0)] };
    const { groups, said, measuredAt } = await readOf(metersSource, answers, found);
    expect(groups.meters?.get("production")?.total?.energyDelivered).toBe(7);
    expect(groups.meters?.get("net-consumption")?.total).toBeNull();
    expect(groups.meters?.size).toBe(2);
    expect(measuredAt).toEqual({ meters: 100_000 });
    expect(said).toContain("meters: a measurementType is not known");
    expect(said).toContain("meters: more than one production CT");
    expect(said).toContain("meters: an eid is there twice");
    const none = { "/ivp/meters": {}, "/ivp/meters/readings": [] };
    await expect(readOf(metersSource, none, found)).rejects.toMatchObject({ code: "implausible" });
    const untimed = { "/ivp/meters": [], "/ivp/meters/readings": [{ eid: 1, channels: 5 }] };
    expect((await readOf(metersSource, untimed, { ...found, phaseCount: 2 })).measuredAt).toBeUndefined();
  });

  test.each([
    ["one phase at zero", [reading(11, 50, 40), reading(12, 0, 0)], "8.3.6000", ["l1"]],
    ["the other at zero", [reading(11, 0, 0), reading(12, 50, 40)], "8.3.6000", ["l2"]],
  ])("a storage CT that counts %s gives no whole", async (_, channels, firmware, left) => {
    const answers = { "/ivp/meters": [meter(1, "storage")], "/ivp/meters/readings": [reading(1, 50, 40, channels)] };
    const found = { meters: [{ eid: 1, type: "storage" }], phaseCount: 2, phaseMode: "split" };
    const storage = (await readOf(metersSource, answers, found, firmware)).groups.meters?.get("storage");
    expect([storage?.total, Object.keys(storage?.phases ?? {})]).toEqual([null, left]);
  });

  test.each([
    ["earlier firmware", [reading(11, 50, 40), reading(12, 0, 0)], "8.3.5999"],
    ["both phases", [reading(11, 30, 20), reading(12, 20, 20)], "8.3.6000"],
    ["a whole of its own", [reading(11, 49, 40), reading(12, 0, 0)], "8.3.6000"],
    ["no second phase", [reading(11, 50, 40)], "8.3.6000"],
    ["nothing charged yet", [reading(11, 50, 0), reading(12, 0, 0)], "8.3.6000"],
  ])("a storage CT with %s is taken as it is", async (_, channels, firmware) => {
    const answers = { "/ivp/meters": [meter(1, "storage")], "/ivp/meters/readings": [reading(1, 50, 40, channels)] };
    const found = { meters: [{ eid: 1, type: "storage" }], phaseCount: 2, phaseMode: "split" };
    expect((await readOf(metersSource, answers, found, firmware)).groups.meters?.get("storage")?.total?.energyDelivered).toBe(50);
  });
});
