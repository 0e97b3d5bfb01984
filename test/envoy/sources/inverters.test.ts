import { describe, expect, test } from "vitest";
import { invertersSource } from "../../../src/envoy/sources/inverters.ts";
import type { Inverter, Snapshot } from "../../../src/model/snapshot.ts";
import { probeOf, readOf, WEEK } from "./source-bench.ts";

describe("inverters", () => {
  const LIST = "/api/v1/production/inverters";
  const DATA = "/ivp/pdm/device_data";
  const pcu = (sn: unknown, more: object = {}) => ({
    devName: "pcu",
    active: true,
    sn,
    channels: [
      {
        watts: { now: 5, max: 9 },
        wattHours: { today: 7 },
        lastReading: { endDate: 100, duration: 900, acVoltageINmV: 240_500, channelTemp: 30 },
        lifetime: { joulesProduced: 7200 },
      },
    ],
    ...more,
  });
  const listed = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      serialNumber: String(1000 + index),
      devType: 1,
      lastReportDate: 50,
      lastReportWatts: 3,
    }));
  const dataOf = (count: number, limit = 50) => ({
    deviceCount: count,
    deviceDataLimit: limit,
    ...Object.fromEntries(Array.from({ length: Math.min(count, limit) }, (_, index) => [String(index), pcu(String(1000 + index))])),
  });

  test.each([
    [49, "device_data"],
    [50, "both"],
    [51, "both"],
    [1000, "both"],
  ])("F-29: %d devices are read from %s", async (count, inverters) => {
    const answers = { [DATA]: dataOf(count), [LIST]: listed(count) };
    expect(await probeOf(invertersSource, answers)).toEqual({ inverters });
    const { groups } = await readOf(invertersSource, answers, { inverters: inverters as "both" });
    expect(groups.inverters?.size).toBe(count);
    expect(groups.inverters?.get("1000")).toMatchObject({ lastReportWatts: 5, acVoltage: 240.5, lifetimeWh: 2, todayWh: 7 });
    if (count > 50) expect(groups.inverters?.get("1050")).toMatchObject({ lastReportWatts: 3, acVoltage: null });
  });

  test("device data that is not whole leaves the list, and without a list what there is", async () => {
    const broken = { ...dataOf(2), x: pcu("1", { channels: [] }) };
    expect(await probeOf(invertersSource, { [DATA]: broken, [LIST]: [] })).toEqual({ inverters: "v1" });
    expect(await probeOf(invertersSource, { [DATA]: { deviceCount: 1 }, [LIST]: [] })).toEqual({ inverters: "v1" });
    expect(await probeOf(invertersSource, { [DATA]: { deviceCount: 0, deviceDataLimit: 50 } })).toEqual({});
    expect(await probeOf(invertersSource, { [DATA]: dataOf(60) })).toEqual({ inverters: "device_data" });
  });

  test("F-28: an inverter that does not report, and a broken one, keep their place with what is known", async () => {
    const silent = { watts: { now: 0, max: 9 }, lastReading: {}, lifetime: {} };
    const answers = { [DATA]: { a: pcu("1", { channels: [silent] }), b: pcu("2", { channels: "none" }), c: pcu({}), d: 5 } };
    const { groups, said } = await readOf(invertersSource, answers, { inverters: "device_data" });
    expect(groups.inverters?.get("1")).toMatchObject({ lastReportWatts: 0, lastReportAt: null, lifetimeWh: null });
    expect(groups.inverters?.get("2")?.lastReportWatts).toBeNull();
    expect(said).toEqual(["inverter: no channels", "inverter: sn is not an identifier"]);
    await expect(readOf(invertersSource, { [DATA]: [] }, { inverters: "device_data" })).rejects.toMatchObject({ code: "implausible" });
  });

  test("F-30: AC batteries are no inverters, serials may be numbers, of doubles the last counts", async () => {
    const list = [
      { serialNumber: 1, lastReportWatts: 1 },
      { serialNumber: "1", lastReportWatts: 2 },
      { serialNumber: "2", devType: 11 },
      { devType: 1 },
      7,
    ];
    const { groups, said } = await readOf(invertersSource, { [LIST]: list }, { inverters: "v1" });
    expect([...(groups.inverters ?? [])].map(([serial, { lastReportWatts }]) => [serial, lastReportWatts])).toEqual([["1", 2]]);
    expect(said).toContain("inverters: a serial is there twice");
    await expect(readOf(invertersSource, { [LIST]: {} }, { inverters: "v1" })).rejects.toMatchObject({ code: "implausible" });
  });

  test("F-28: a short list is no vanished inverter for a week, an empty one none at all", async () => {
    const first = await readOf(invertersSource, { [LIST]: listed(3) }, { inverters: "v1" });
    const before = new Map<string, Inverter>(first.groups.inverters);
    const [a, b] = [before.get("1001"), before.get("1002")];
    if (!a || !b) throw new Error("not read");
    before.set("1001", { ...a, lastReportAt: WEEK * 9.5 });
    before.set("2000", { ...b, serial: "2000", lastReportAt: null });
    const previous: Snapshot = { inverters: { value: before, readAt: 0, measuredAt: 0 } };
    const { groups } = await readOf(invertersSource, { [LIST]: listed(1) }, { inverters: "v1" }, "8.2.1", previous);
    expect([...(groups.inverters?.keys() ?? [])]).toEqual(["1000", "1001", "2000"]);
    expect(groups.inverters?.get("1001")).toMatchObject({ lastReportWatts: null, lastReportAt: WEEK * 9.5 });
    await expect(readOf(invertersSource, { [LIST]: [] }, { inverters: "v1" }, "8.2.1", previous)).rejects.toMatchObject({
      code: "implausible",
    });
    expect((await readOf(invertersSource, { [LIST]: [] }, { inverters: "v1" })).groups.inverters?.size).toBe(0);
  });
});
