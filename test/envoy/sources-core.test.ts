import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Source, SourceResult } from "../../src/envoy/source.ts";
import { homeSource } from "../../src/envoy/sources/home.ts";
import { invertersSource } from "../../src/envoy/sources/inverters.ts";
import { metersSource } from "../../src/envoy/sources/meters.ts";
import { productionSource } from "../../src/envoy/sources/production.ts";
import { SOURCES } from "../../src/envoy/sources.ts";
import { type Capabilities, NO_CAPABILITIES } from "../../src/model/capabilities.ts";
import { BridgeError } from "../../src/model/errors.ts";
import { parseFirmware } from "../../src/model/firmware.ts";
import type { GatewayInfo } from "../../src/model/gateway.ts";
import type { Inverter, Snapshot } from "../../src/model/snapshot.ts";
import { askStatic, recordedInfo } from "./read-gateway.ts";
import { recordedGateways } from "./recordings-folder.ts";

type Answers = { readonly [path: string]: unknown };

const gatewayOf = (firmware: string, metered = true): GatewayInfo => ({
  serial: "122000000001",
  firmware: parseFirmware(firmware),
  partNumber: null,
  metered,
  scheme: "https",
});
const getFrom = (answers: Answers) => async (path: string) => {
  if (!(path in answers)) throw new BridgeError("http", path, { status: 404 });
  return answers[path];
};

const WEEK = 7 * 24 * 3600_000;

function probeOf(source: Source, answers: Answers, firmware = "8.2.1", found: Partial<Capabilities> = {}, metered = true) {
  return source.probe({ gateway: gatewayOf(firmware, metered), get: getFrom(answers), found: { ...NO_CAPABILITIES, ...found } });
}

async function readOf(
  source: Source,
  answers: Answers,
  capabilities: Partial<Capabilities>,
  firmware = "8.2.1",
  previous?: Snapshot,
): Promise<SourceResult & { readonly said: readonly string[] }> {
  const said: string[] = [];
  const context = {
    gateway: gatewayOf(firmware),
    capabilities: { ...NO_CAPABILITIES, ...capabilities },
    get: getFrom(answers),
    now: WEEK * 10,
  };
  const drift = (what: string) => said.push(what);
  return { ...(await source.read({ ...context, drift, ...(previous && { previous }) })), said };
}

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

test("home: of an unknown interface and of no network nothing is known; a gateway without it is no failure", async () => {
  const odd = { network: { primary_interface: "eth9", interfaces: [{ interface: "eth0" }] }, timezone: "Europe/Berlin" };
  expect((await readOf(homeSource, { "/home": odd }, {})).groups.home).toMatchObject({
    primaryInterface: "eth9",
    mac: null,
    timezone: "Europe/Berlin",
  });
  expect((await readOf(homeSource, { "/home": {} }, {})).groups.home?.primaryInterface).toBeNull();
  expect((await readOf(homeSource, {}, {})).groups).toEqual({});
});

describe("whatever a gateway answers", () => {
  const gateways = recordedGateways();
  /** Drops or replaces some values of a document, anywhere in it. */
  const spoiled = (document: unknown, picks: readonly number[], replacement: unknown): unknown => {
    let at = 0;
    const walk = (value: unknown): unknown => {
      at += 1;
      if (picks.includes(at)) return replacement;
      if (Array.isArray(value)) return value.map(walk);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
    };
    return walk(document);
  };
  const replacements = fc.oneof(
    fc.constant(undefined),
    fc.jsonValue({ maxDepth: 2 }),
    fc.constantFrom(Number.POSITIVE_INFINITY, 1e300, -1, "", []),
  );

  test.skipIf(gateways.length === 0)("F-23: a spoiled answer gives values or a BridgeError, never anything else", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...gateways),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 20 }),
        replacements,
        async ({ answers }, picks, replacement) => {
          const ask = askStatic(answers);
          const gateway = recordedInfo(answers);
          const get = async (path: string) => spoiled(await ask(path, new AbortController().signal), picks, replacement);
          let capabilities = NO_CAPABILITIES;
          for (const source of SOURCES) capabilities = { ...capabilities, ...(await source.probe({ gateway, get, found: capabilities })) };
          for (const source of SOURCES.filter((one) => one.wanted(capabilities))) {
            await source.read({ gateway, capabilities, get, now: 0, drift: () => {} }).catch((error: unknown) => {
              if (!(error instanceof BridgeError)) throw error;
            });
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
