import { describe, expect, test } from "vitest";
import { type ControlPort, setGeneratorMode, setGridRelay, sleepAcBatteries, wakeAcBatteries } from "../../src/envoy/control.ts";
import { type DryContactChange, setDryContact, setDryContactSettings } from "../../src/envoy/control-contacts.ts";
import { setChargeFromGrid, setReserve, setStorageMode } from "../../src/envoy/control-storage.ts";
import { BridgeError } from "../../src/model/errors.ts";
import type { Json } from "../../src/model/json.ts";

interface Bench {
  readonly port: ControlPort;
  readonly sent: unknown[];
}

/** A gateway that shows `documents`, answers writes with `reply`, and changes what it shows by `after`. */
function gateway(documents: Record<string, Json>, after: Record<string, Json | BridgeError> = {}, reply: Json = {}): Bench {
  const shown: Record<string, Json | BridgeError> = { ...documents };
  const sent: unknown[] = [];
  return {
    sent,
    port: {
      async get(path) {
        const answer = shown[path];
        if (answer instanceof BridgeError) throw answer;
        if (answer === undefined) throw new BridgeError("http", path, { status: 404 });
        return answer;
      },
      async send(method, path, body) {
        sent.push([method, path, body]);
        Object.assign(shown, after);
        return reply;
      },
    },
  };
}

const INVENTORY = "/ivp/ensemble/inventory";
const inventory = (mains_admin_state: string): Json => [{ type: "ENCHARGE" }, { type: "ENPOWER", devices: [{ mains_admin_state }] }];

describe("the grid relay", () => {
  test.each(["open", "closed"] as const)("is set %s, and read back", async (state) => {
    const { port, sent } = gateway({}, { [INVENTORY]: inventory(state) });
    expect(await setGridRelay(port, state)).toEqual({ confirmed: true });
    expect(sent).toEqual([["POST", "/ivp/ensemble/relay", { mains_admin_state: state }]]);
  });

  test("is not confirmed while the gateway shows another state, or nothing", async () => {
    expect(await setGridRelay(gateway({ [INVENTORY]: inventory("closed") }).port, "open")).toEqual({ confirmed: false });
    expect(await setGridRelay(gateway({}).port, "open")).toEqual({ confirmed: false });
    expect(await setGridRelay(gateway({ [INVENTORY]: [] }).port, "open")).toEqual({ confirmed: false });
  });

  test("takes no other state", async () => {
    const { port, sent } = gateway({});
    await expect(setGridRelay(port, "ajar" as "open")).rejects.toMatchObject({
      code: "command",
      message: expect.stringContaining("open, closed"),
    });
    expect(sent).toEqual([]);
  });

  test("fails where the gateway answers with an error, refuses, or we are stopped", async () => {
    await expect(setGridRelay(gateway({}, {}, { error: "no" }).port, "open")).rejects.toMatchObject({ code: "implausible" });
    const refusing = { ...gateway({}).port, send: () => Promise.reject(new BridgeError("unauthorized", "401")) };
    await expect(setGridRelay(refusing, "open")).rejects.toMatchObject({ code: "unauthorized" });
    const stopped = gateway({}, { [INVENTORY]: new BridgeError("aborted", "stopped") });
    await expect(setGridRelay(stopped.port, "open")).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("the generator's mode", () => {
  test.each(["off", "on", "auto"] as const)("is set to %s", async (mode) => {
    const { port, sent } = gateway({}, { "/ivp/ss/gen_mode": { gen_cmd: mode } });
    expect(await setGeneratorMode(port, mode)).toEqual({ confirmed: true });
    expect(sent).toEqual([["POST", "/ivp/ss/gen_mode", { gen_cmd: mode }]]);
  });

  test("is not confirmed by a list, and takes no other word", async () => {
    expect(await setGeneratorMode(gateway({ "/ivp/ss/gen_mode": [] }).port, "on")).toEqual({ confirmed: false });
    await expect(setGeneratorMode(gateway({}).port, "AUTO" as "auto")).rejects.toMatchObject({ code: "command" });
  });
});

describe("AC batteries", () => {
  const PATH = "/inventory.json?deleted=1";
  const known = new Set(["1", "2"]);
  const listed = (sleep_enabled: boolean): Json => [{ type: "PCU" }, { type: "ACB", devices: [{ serial_num: "1", sleep_enabled }] }];

  test("are sent to sleep", async () => {
    const { port, sent } = gateway({}, { [PATH]: listed(true) });
    expect(await sleepAcBatteries(port, known, [{ serial: "1", minSoc: 25, maxSoc: 30 }])).toEqual({ confirmed: true });
    expect(sent).toEqual([["PUT", "/admin/lib/acb_config", { acb_sleep: [{ serial_num: "1", sleep_min_soc: 25, sleep_max_soc: 30 }] }]]);
  });

  test("are woken, with a body", async () => {
    const { port, sent } = gateway({}, { [PATH]: listed(false) });
    expect(await wakeAcBatteries(port, known, [{ serial: "1" }])).toEqual({ confirmed: true });
    expect(await wakeAcBatteries(port, known, [{ serial: "2" }])).toEqual({ confirmed: false });
    expect(sent[0]).toEqual(["DELETE", "/admin/lib/acb_config", { acb_sleep: [{ serial_num: "1" }] }]);
  });

  test.each([
    [[]],
    [[{ serial: "3", minSoc: 1, maxSoc: 2 }]],
    [[{ serial: "1", minSoc: -1, maxSoc: 2 }]],
    [[{ serial: "1", minSoc: 1, maxSoc: 101 }]],
    [[{ serial: "1", minSoc: 31, maxSoc: 30 }]],
    [[{ serial: "1", minSoc: Number.NaN, maxSoc: 30 }]],
  ])("are left alone with %j", async (batteries) => {
    const { port, sent } = gateway({});
    await expect(sleepAcBatteries(port, known, batteries)).rejects.toMatchObject({ code: "command" });
    expect(sent).toEqual([]);
  });
});

const STATES = "/ivp/ensemble/dry_contacts";
const SETTINGS = "/ivp/ss/dry_contact_settings";

describe("a dry contact", () => {
  const states = (status: string): Json => ({
    dry_contacts: [
      { id: "NC1", status },
      { id: "NO1", status: "open" },
    ],
  });

  test("is opened and closed", async () => {
    const { port, sent } = gateway({ [STATES]: states("closed") }, { [STATES]: states("open") });
    expect(await setDryContact(port, "NC1", "open")).toEqual({ confirmed: true });
    expect(sent).toEqual([["POST", STATES, { dry_contacts: { id: "NC1", status: "open" } }]]);
    expect(await setDryContact(gateway({ [STATES]: states("open") }, { [STATES]: [] }).port, "NC1", "closed")).toEqual({
      confirmed: false,
    });
  });

  test("that is not there, or another state, is never sent", async () => {
    const { port, sent } = gateway({ [STATES]: states("closed") });
    await expect(setDryContact(port, "NC9", "open")).rejects.toMatchObject({ code: "command", message: "there is no dry contact NC9" });
    await expect(setDryContact(port, "NC1", "ajar" as "open")).rejects.toMatchObject({ code: "command" });
    expect(sent).toEqual([]);
  });
});

describe("the settings of a dry contact", () => {
  const contact = {
    id: "NC1",
    type: "LOAD",
    grid_action: "none",
    safe_state_action: "shed",
    black_start_retries: 10000,
    pv_phase_select: [],
    override: "false",
    manual_override: "true",
    mode: "manual",
    soc_low: 30,
    soc_high: 70,
  };
  const settings = (one: Json): Json => ({ dry_contacts: [{ id: "NO1" }, one] });

  test("are sent whole, with the change and with keys that only newer firmware knows", async () => {
    const changed = { ...contact, mode: "soc", grid_action: "apply", soc_low: 20 };
    const { port, sent } = gateway({ [SETTINGS]: settings(contact) }, { [SETTINGS]: settings(changed) });
    expect(await setDryContactSettings(port, "NC1", { mode: "soc", gridAction: "apply", socLow: 20 })).toEqual({ confirmed: true });
    expect(sent).toEqual([["POST", SETTINGS, { dry_contacts: { ...changed, override: "false", manual_override: true } }]]);
  });

  test.each([
    ["true", true],
    ["false", false],
    [true, true],
    [undefined, "none"],
    [null, "none"],
    ["none", "none"],
  ])("manual_override %j is sent as %j", async (given, expected) => {
    const { manual_override: _, ...bare } = contact;
    const one: Json = given === undefined ? bare : { ...bare, manual_override: given };
    const { port, sent } = gateway({ [SETTINGS]: settings(one) }, { [SETTINGS]: [] });
    expect(await setDryContactSettings(port, "NC1", { loadName: "Pool" })).toEqual({ confirmed: false });
    expect(sent).toMatchObject([["POST", SETTINGS, { dry_contacts: { load_name: "Pool", manual_override: expected } }]]);
  });

  test("with every change at once", async () => {
    const { port, sent } = gateway({ [SETTINGS]: settings({ ...contact, override: true }) });
    const change: DryContactChange = { microGridAction: "shed", generatorAction: "schedule", socHigh: 90, loadName: "" };
    await setDryContactSettings(port, "NC1", change);
    expect(sent).toMatchObject([
      ["POST", SETTINGS, { dry_contacts: { micro_grid_action: "shed", gen_action: "schedule", soc_high: 90, override: "true" } }],
    ]);
  });

  test.each([
    [{}],
    [{ mode: "moon" }],
    [{ gridAction: "dance" }],
    [{ socLow: 101 }],
    [{ socLow: 70 }],
    [{ socHigh: 30 }],
    [{ socLow: 50, socHigh: 40 }],
  ])("are not changed by %j", async (change) => {
    const { port, sent } = gateway({ [SETTINGS]: settings(contact) });
    await expect(setDryContactSettings(port, "NC1", change as DryContactChange)).rejects.toMatchObject({ code: "command" });
    await expect(setDryContactSettings(port, "NC2", { mode: "soc" })).rejects.toThrow("there is no dry contact NC2");
    expect(sent).toEqual([]);
  });
});

describe("the storage settings", () => {
  const PATH = "/admin/lib/tariff";
  const storage = { mode: "savings-mode", reserved_soc: 20, charge_from_grid: false, opt_schedules: true, newer: { x: 1 } };
  const tariff = { currency: { code: "EUR" }, logger: "l", date: "1", single_rate: {}, seasons: [], seasons_sell: [], unknown: [1] };
  const document = (settings: Json): Json => ({ tariff: { ...tariff, storage_settings: settings }, schedule: { source: "x" } });
  const { seasons_sell: _, ...whole } = tariff;

  test.each([
    ["a reserve", (port: ControlPort) => setReserve(port, 33.333), { reserved_soc: 33.3 }],
    ["charging from the grid", (port: ControlPort) => setChargeFromGrid(port, true), { charge_from_grid: true }],
    ["a mode", (port: ControlPort) => setStorageMode(port, "backup"), { mode: "backup" }],
    [
      "a mode without schedules",
      (port: ControlPort) => setStorageMode(port, "economy", { withoutSchedules: true }),
      { mode: "economy", opt_schedules: false },
    ],
  ] as const)("take %s with the whole tariff, and nothing else changes", async (_name, act, change) => {
    const { port, sent } = gateway({ [PATH]: document(storage) }, { [PATH]: document({ ...storage, ...change }) });
    expect(await act(port)).toEqual({ confirmed: true });
    expect(sent).toEqual([["PUT", PATH, { tariff: { ...whole, storage_settings: { ...storage, ...change } } }]]);
  });

  test("are without opt_schedules where the gateway has none; empty parts are not sent", async () => {
    const bare: Json = { tariff: { logger: "", date: null, seasons: [], seasons_sell: [{}], storage_settings: { mode: "backup" } } };
    const { port, sent } = gateway({ [PATH]: bare });
    expect(await setStorageMode(port, "self-consumption", { withoutSchedules: true })).toEqual({ confirmed: false });
    expect(sent).toEqual([["PUT", PATH, { tariff: { seasons: [], seasons_sell: [{}], storage_settings: { mode: "self-consumption" } } }]]);
  });

  test.each([-0.1, 100.1, 150, Number.NaN, Number.POSITIVE_INFINITY])("take no reserve of %d", async (percent) => {
    const { port, sent } = gateway({ [PATH]: document(storage) });
    await expect(setReserve(port, percent)).rejects.toThrow(/must be from 0 to 100 %/);
    await expect(setStorageMode(port, "moon" as "backup")).rejects.toThrow(/must be one of backup, self-consumption, economy/);
    expect(sent).toEqual([]);
  });

  test.each([[{}], [{ tariff: [] }], [{ tariff: { storage_settings: {} } }], [{ tariff: {} }]])(
    "are not written where there are none: %j",
    async (answer) => {
      const { port, sent } = gateway({ [PATH]: answer });
      await expect(setReserve(port, 30)).rejects.toMatchObject({ code: "command" });
      expect(sent).toEqual([]);
    },
  );

  test("are not confirmed by an answer without a tariff", async () => {
    expect(await setReserve(gateway({ [PATH]: document(storage) }, { [PATH]: {} }).port, 30)).toEqual({ confirmed: false });
  });
});
