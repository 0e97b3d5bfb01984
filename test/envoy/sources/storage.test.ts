import { describe, expect, test } from "vitest";
import { flatten } from "../../../src/envoy/answers.ts";
import type { Source } from "../../../src/envoy/source.ts";
import { acBatteriesSource } from "../../../src/envoy/sources/ac-batteries.ts";
import { dpelSource } from "../../../src/envoy/sources/dpel.ts";
import {
  generatorConfigSource,
  generatorModeSource,
  generatorScheduleSource,
  generatorStatusSource,
} from "../../../src/envoy/sources/generator.ts";
import { pelSettingsSource } from "../../../src/envoy/sources/pel-settings.ts";
import { pvLimitSource } from "../../../src/envoy/sources/pv-limit.ts";
import { tariffSource } from "../../../src/envoy/sources/tariff.ts";
import { NO_CAPABILITIES } from "../../../src/model/capabilities.ts";
import { BridgeError } from "../../../src/model/errors.ts";
import { parseFirmware } from "../../../src/model/firmware.ts";
import { probeOf, readOf } from "./source-bench.ts";

const INVENTORY = "/inventory.json?deleted=1";
const V1 = "/api/v1/production/inverters";
const SLEEPING = "envoy.cond_flags.pcu_ctrl.sleep-mode";

describe("AC batteries", () => {
  const inventory = (...devices: object[]) => [
    { type: "PCU", devices: [{ serial_num: "9" }] },
    { type: "ACB", devices },
  ];

  test.each([
    [{ acBatteries: 0 }, inventory({ serial_num: "1" }), {}],
    [{ acBatteries: 1 }, inventory({ serial_num: "1" }), { acBatteryInventory: true }],
    [{ acBatteries: 1 }, inventory({ serial_num: "1", admin_state: 0 }), {}],
    [{ acBatteries: 1 }, inventory(), {}],
    [{ acBatteries: 1 }, { error: "no" }, {}],
  ])("with %j and %j: %j", async (found, answer, expected) => {
    expect(await probeOf(acBatteriesSource, { [INVENTORY]: answer }, "8.2.1", found)).toEqual(expected);
  });

  test("are not there without an inventory", async () => {
    expect(await probeOf(acBatteriesSource, {}, "8.2.1", { acBatteries: 2 })).toEqual({});
  });

  test.each([
    [true, [SLEEPING], "asleep"],
    [true, [], "going_to_sleep"],
    [false, ["x", SLEEPING], "waking"],
    [false, ["envoy.global.ok"], "awake"],
    [null, [], null],
    [true, null, null],
  ])("with sleep_enabled %j and flags %j are %s", async (sleep_enabled, device_status, expected) => {
    const answers = { [INVENTORY]: inventory({ serial_num: "1", sleep_enabled, device_status }), [V1]: [] };
    const { groups } = await readOf(acBatteriesSource, answers, {});
    expect(groups.acBatteries?.get("1")?.sleepState).toBe(expected);
  });

  test("take their power from the list of inverters, by devType 11 only", async () => {
    const report = { serialNumber: "1", lastReportDate: 1778091218, lastReportWatts: -12, maxReportWatts: 140 };
    const answers = {
      [INVENTORY]: inventory({ serial_num: "1", charge_status: "Exploding" }, { serial_num: "2" }, { percentFull: 3 }),
      [V1]: [{ ...report, devType: 11 }, { ...report, serialNumber: "2", devType: 1 }, { devType: 11 }],
    };
    const { groups, said } = await readOf(acBatteriesSource, answers, {});
    expect([...(groups.acBatteries?.keys() ?? [])]).toEqual(["1", "2"]);
    expect(groups.acBatteries?.get("1")).toMatchObject({ lastReportAt: 1778091218000, lastReportWatts: -12, chargeStatus: null });
    expect(groups.acBatteries?.get("2")).toMatchObject({ lastReportAt: null, lastReportWatts: null, maxReportWatts: null });
    expect(said).toContain("ac battery: charge_status is not a known value");
  });

  test("are read without their power where that list fails", async () => {
    const { groups, said } = await readOf(acBatteriesSource, { [INVENTORY]: inventory({ serial_num: "1", percentFull: 7 }) }, {});
    expect(groups.acBatteries?.get("1")).toMatchObject({ percentFull: 7, lastReportWatts: null });
    expect(said).toContain(`${V1}: http, read without it`);
  });
});

describe("the tariff", () => {
  const PATH = "/admin/lib/tariff";

  test.each([
    [{ tariff: {} }, { tariff: true }],
    [{ tariff: { currency: {} }, schedule: {} }, { tariff: true }],
    [{}, {}],
    [{ error: "x", tariff: {} }, {}],
    [{ schedule: {} }, {}],
    [[], {}],
  ])("%j is found as %j", async (answer, expected) => {
    expect(await probeOf(tariffSource, { [PATH]: answer }, "3.17.3")).toEqual(expected);
  });

  test.each([
    ["savings-mode", "economy"],
    ["economy", "economy"],
    ["backup", "backup"],
    ["self-consumption", "self-consumption"],
    ["moon-phase", null],
    [null, null],
    [undefined, null],
  ])("storage mode %j is %j", async (mode, expected) => {
    const { groups } = await readOf(tariffSource, { [PATH]: { tariff: { storage_settings: { mode, reserved_soc: 30 } } } }, {});
    expect(groups.tariff?.storage).toMatchObject({ mode: expected, reservedSoc: 30, optSchedules: null });
  });

  test("has no storage settings where they are empty, and keeps the document whole", async () => {
    const document = { tariff: { currency: { code: "EUR" }, storage_settings: {}, new_key: [1] }, schedule: { a: 1 } };
    const { groups } = await readOf(tariffSource, { [PATH]: document }, {});
    expect(groups.tariff).toMatchObject({ currency: "EUR", storage: null, seasons: null });
    expect(groups.tariff?.document).toEqual(document);
  });

  test("that is missing from its document is refused", async () => {
    await expect(readOf(tariffSource, { [PATH]: { tariff: [] } }, {})).rejects.toMatchObject({ code: "implausible" });
  });
});

describe("the generator", () => {
  const MODE = "/ivp/ss/gen_mode";
  const found = { enpower: true, generator: true };

  test("needs firmware 5, a System Controller, and a complete configuration", async () => {
    const path = "/ivp/ss/gen_config";
    const config = Object.fromEntries(
      "max_cont_gen_amps min_gen_loading_perc max_gen_efficiency_perc name_plate_rating_wat start_method warm_up_mins cool_down_mins gen_type model manufacturer last_updated_by generator_id charge_from_generator"
        .split(" ")
        .map((key) => [key, 0]),
    );
    expect(await probeOf(generatorConfigSource, { [path]: config }, "8.2.1", { enpower: true })).toEqual({ generator: true });
    expect(await probeOf(generatorConfigSource, { [path]: config }, "4.10.35", { enpower: true })).toEqual({});
    expect(await probeOf(generatorConfigSource, { [path]: config })).toEqual({});
    expect(await probeOf(generatorConfigSource, { [path]: { ...config, err: 1 } }, "8.2.1", { enpower: true })).toEqual({});
    const { model, ...incomplete } = config;
    expect(model).toBe(0);
    expect(await probeOf(generatorConfigSource, { [path]: incomplete }, "8.2.1", { enpower: true })).toEqual({});
    expect(await probeOf(generatorConfigSource, { [path]: {} }, "8.2.1", { enpower: true })).toEqual({});
  });

  test("is not there where its configuration is refused, and nothing else is asked for", async () => {
    const get = async (path: string) => {
      throw new BridgeError("unauthorized", path, { status: 401 });
    };
    const gateway = { serial: "1", firmware: parseFirmware("8.2.1"), partNumber: null, metered: true, scheme: "https" } as const;
    expect(await generatorConfigSource.probe({ gateway, get, found: { ...NO_CAPABILITIES, enpower: true } })).toEqual({});
    for (const source of [generatorStatusSource, generatorScheduleSource, generatorModeSource]) {
      expect(await source.probe({ gateway, get, found: { ...NO_CAPABILITIES, enpower: true } })).toEqual({});
    }
  });

  test("has the documents that are complete", async () => {
    expect(await probeOf(generatorModeSource, { [MODE]: { gen_cmd: "on", last_updated_by: "x" } }, "8.2.1", found)).toEqual({
      generatorMode: true,
    });
    expect(await probeOf(generatorModeSource, { [MODE]: { gen_cmd: "on" } }, "8.2.1", found)).toEqual({});
    expect(await probeOf(generatorModeSource, {}, "8.2.1", found)).toEqual({});
  });

  test("loses a field where its document lost a key, or has an unknown value", async () => {
    const lost = await readOf(generatorModeSource, { [MODE]: { gen_cmd: "dance" } }, {});
    expect(lost.groups).toEqual({ generatorMode: { command: null, lastUpdatedBy: null } });
    expect(lost.said).toEqual(["generator-mode: gen_cmd is not a known value", "generator-mode: last_updated_by is missing"]);
    const schedule = await readOf(generatorScheduleSource, { "/ivp/ss/gen_schedule": { default_soc: { start_soc: 30 } } }, {});
    expect(schedule.groups.generatorSchedule).toMatchObject({ start: null, day: null, startSoc: 30, stopSoc: null, schedule: null });
  });
});

describe("limits", () => {
  const limits: readonly (readonly [Source, string, string])[] = [
    [pelSettingsSource, "/ivp/ss/pel_settings", "pelSettings"],
    [pvLimitSource, "/ivp/sc/pvlimit", "pvLimit"],
    [dpelSource, "/ivp/ss/dpel", "dpel"],
  ];
  const probeLimit = async (source: Source, path: string, firmware: string, siteLimits?: "auto" | "always" | "never") => {
    const asked: string[] = [];
    const get = async (wanted: string) => {
      asked.push(wanted);
      if (wanted !== path) throw new BridgeError("http", wanted, { status: 404 });
      return { enable: false };
    };
    const gateway = { serial: "1", firmware: parseFirmware(firmware), partNumber: null, metered: true, scheme: "https" } as const;
    return { found: await source.probe({ gateway, get, found: NO_CAPABILITIES, siteLimits }), asked };
  };

  test.each(limits)("$name: asked for on firmware 8.3.5528 and later, below only when wanted", async (source, path, group) => {
    expect(await probeLimit(source, path, "8.3.5433")).toEqual({ found: {}, asked: [] });
    expect(await probeLimit(source, path, "8.3.5528")).toEqual({ found: { [group]: true }, asked: [path] });
    expect(await probeLimit(source, path, "7.6.175", "always")).toEqual({ found: { [group]: true }, asked: [path] });
    expect(await probeLimit(source, path, "9.0.0", "never")).toEqual({ found: {}, asked: [] });
    expect(await probeLimit(source, "/elsewhere", "9.0.0", "auto")).toEqual({ found: {}, asked: [path] });
    expect(source.wanted({ ...NO_CAPABILITIES, [group]: true })).toBe(true);
  });

  test("are flat, with the gateway's own keys; lists are left out", async () => {
    const document = {
      date: "2024-08-02 08:15:25",
      dynamic_pel_settings: {
        enable: true,
        limit_value_W: 0,
        relay_config: { default_pct_limit: 100, limit_levels: [{ relays: "0000" }] },
      },
      version: null,
    };
    const { groups } = await readOf(dpelSource, { "/ivp/ss/dpel": document }, { dpel: true });
    expect(groups).toEqual({
      dpel: {
        date: "2024-08-02 08:15:25",
        dynamic_pel_settings_enable: true,
        dynamic_pel_settings_limit_value_W: 0,
        dynamic_pel_settings_relay_config_default_pct_limit: 100,
        version: null,
      },
    });
  });

  test("are flattened only as deep as can be meant", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(5000)}1${"}".repeat(5000)}`);
    expect(flatten(deep)).toEqual({});
    expect(Object.keys(flatten(JSON.parse('{"__proto__": {"x": 1}, "y": 2}')))).toEqual(["__proto___x", "y"]);
  });
});
