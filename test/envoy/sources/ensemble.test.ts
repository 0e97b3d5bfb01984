import { describe, expect, test } from "vitest";
import type { Source } from "../../../src/envoy/source.ts";
import { dryContactsSource } from "../../../src/envoy/sources/dry-contacts.ts";
import { ensembleInventorySource } from "../../../src/envoy/sources/ensemble-inventory.ts";
import { ensemblePowerSource } from "../../../src/envoy/sources/ensemble-power.ts";
import { ensembleSecctrlSource } from "../../../src/envoy/sources/ensemble-secctrl.ts";
import { NO_CAPABILITIES } from "../../../src/model/capabilities.ts";
import { BridgeError } from "../../../src/model/errors.ts";
import { parseFirmware } from "../../../src/model/firmware.ts";
import { probeOf, readOf } from "./source-bench.ts";

const INVENTORY = "/ivp/ensemble/inventory";
const NONE = { encharge: false, enpower: false, collar: false, c6: false };
const CONTACTS = "/ivp/ensemble/dry_contacts";
const SETTINGS = "/ivp/ss/dry_contact_settings";

/** Reads with answers that may be errors. */
function readWith(source: Source, answers: Readonly<Record<string, unknown>>, capabilities: object) {
  const gateway = { serial: "1", firmware: parseFirmware("8.2.1"), partNumber: null, metered: true, scheme: "https" } as const;
  const said: string[] = [];
  const get = async (path: string) => {
    const answer = answers[path];
    if (answer instanceof BridgeError) throw answer;
    return answer;
  };
  const context = { gateway, capabilities: { ...NO_CAPABILITIES, ...capabilities }, get, now: 0, drift: (what: string) => said.push(what) };
  return source.read(context).then((result) => ({ ...result, said }));
}

describe("the ensemble inventory", () => {
  test("is not asked for below firmware 5", async () => {
    expect(await probeOf(ensembleInventorySource, { [INVENTORY]: [{ type: "ENCHARGE" }] }, "4.10.35")).toEqual({});
  });

  test.each([[[]], [{ error: "no" }], [null], ["text"]])("that is %j has no devices", async (answer) => {
    expect(await probeOf(ensembleInventorySource, { [INVENTORY]: answer }, "5.0.62")).toEqual(NONE);
  });

  test("that is not there has no devices", async () => {
    expect(await probeOf(ensembleInventorySource, {}, "7.3.130")).toEqual(NONE);
  });

  test("finds a type though it lists no device of it, and passes over types it does not know", async () => {
    const answer = [{ type: "ENCHARGE", devices: [] }, { type: "C6 RGM", devices: [{}] }, { type: "C6 COMBINER CONTROLLER" }];
    expect(await probeOf(ensembleInventorySource, { [INVENTORY]: answer })).toEqual({ ...NONE, encharge: true, c6: true });
  });

  test("joins several lists of batteries, takes the last System Controller, and leaves out who has no serial", async () => {
    const answer = [
      { type: "ENCHARGE", devices: [{ serial_num: "1", percentFull: 50 }, { percentFull: 1 }] },
      { type: "ENPOWER", devices: [{ serial_num: "old" }] },
      { type: "ENCHARGE", devices: [{ serial_num: "2", temperature: "unknown" }] },
      { type: "ENPOWER", devices: [{ serial_num: "new", mains_oper_state: "open synchronizing" }] },
      { type: "COLLAR", devices: [] },
      { type: "C6 COMBINER CONTROLLER", devices: [{ fw_version: "1" }] },
    ];
    const { groups, said } = await readOf(
      ensembleInventorySource,
      { [INVENTORY]: answer },
      { encharge: true, enpower: true, collar: true, c6: true },
    );
    expect([...(groups.encharges?.keys() ?? [])]).toEqual(["1", "2"]);
    expect(groups.encharges?.get("1")).toMatchObject({ percentFull: 50, temperature: null });
    expect(groups.enpower).toMatchObject({ serial: "new", mainsOperState: "open synchronizing" });
    expect(groups.collar).toBeNull();
    expect(groups.c6).toBeNull();
    expect(said).toContain("encharge: temperature is not a number");
    expect(said.join()).not.toContain("new");
  });

  test("is read only for what was found", async () => {
    const { groups } = await readOf(ensembleInventorySource, { [INVENTORY]: [{ type: "ENPOWER", devices: [{ serial_num: "1" }] }] }, {});
    expect(groups).toEqual({});
  });

  test("that is no list is refused", async () => {
    await expect(readOf(ensembleInventorySource, { [INVENTORY]: { error: "busy" } }, { encharge: true })).rejects.toMatchObject({
      code: "implausible",
    });
  });
});

describe("the aggregates", () => {
  const secctrl = {
    ENC_agg_avail_energy: 3000,
    ENC_agg_backup_energy: 1000,
    ENC_agg_soc: 60,
    adjusted_backup_soc: 20,
    configured_backup_soc: 25,
    Enc_max_available_capacity: 5000,
    ACB_agg_energy: 446,
    agg_soc: 55,
    Max_energy: 6200,
  };
  const PATH = "/ivp/ensemble/secctrl";

  test.each([
    [{}, false],
    [{ encharge: true }, true],
    [{ enpower: true }, false],
    [{ acBatteries: 2 }, false],
    [{ acBatteries: 2, enpower: true }, true],
  ])("are wanted with %j: %s", (capabilities, isWanted) => {
    expect(ensembleSecctrlSource.wanted({ ...NO_CAPABILITIES, ...capabilities })).toBe(isWanted);
  });

  test("add IQ and AC batteries where there are both, from one request", async () => {
    const { groups } = await readOf(ensembleSecctrlSource, { [PATH]: secctrl }, { encharge: true, acBatteries: 2 });
    expect(groups.batteryAggregate).toEqual({ availableWh: 3446, stateOfCharge: 55, maxCapacityWh: 6200 });
    expect(groups.enchargeAggregate).toMatchObject({ availableWh: 3000, reserveSoc: 20, configuredReserveSoc: 25 });
  });

  test.each(["ENC_agg_avail_energy", "ACB_agg_energy"])("give no sum without %s", async (key) => {
    const { groups } = await readOf(ensembleSecctrlSource, { [PATH]: { ...secctrl, [key]: null } }, { enpower: true, acBatteries: 2 });
    expect(groups).toEqual({ batteryAggregate: { availableWh: null, stateOfCharge: 55, maxCapacityWh: 6200 } });
  });

  test("ask nothing when probed", async () => {
    for (const source of [ensembleSecctrlSource, ensemblePowerSource, dryContactsSource]) expect(await probeOf(source, {})).toEqual({});
  });
});

test("the power of a battery without a serial is left out", async () => {
  const answer = { "devices:": [{ soc: 1 }, { serial_num: 5, real_power_mw: -1000, apparent_power_mva: 1000, soc: 20 }] };
  const { groups } = await readOf(ensemblePowerSource, { "/ivp/ensemble/power": answer }, { encharge: true });
  expect([...(groups.enchargePower ?? [])]).toEqual([["5", { realPowerMw: -1000, apparentPowerMva: 1000, soc: 20 }]]);
});

describe("dry contacts", () => {
  test("are joined by id; of two with one id the last counts; unknown values cost themselves", async () => {
    const { groups, said } = await readOf(
      dryContactsSource,
      {
        [CONTACTS]: {
          dry_contacts: [
            { id: "NC1", status: "open" },
            { id: "NC1", status: "closed" },
            { id: "NO1", status: "stuck" },
          ],
        },
        [SETTINGS]: {
          dry_contacts: [
            { id: "NC1", mode: "soc", grid_action: "dance", override: "true", soc_low: 30 },
            { id: "NO2", mode: "manual" },
            {},
          ],
        },
      },
      { enpower: true },
    );
    expect([...(groups.dryContacts?.keys() ?? [])]).toEqual(["NC1", "NO1", "NO2"]);
    expect(groups.dryContacts?.get("NC1")).toMatchObject({
      status: "closed",
      settings: { mode: "soc", gridAction: null, override: true, manualOverride: null, socLow: 30 },
    });
    expect(groups.dryContacts?.get("NO1")).toEqual({ id: "NO1", status: null, settings: null });
    expect(groups.dryContacts?.get("NO2")).toMatchObject({ status: null, settings: { mode: "manual" } });
    expect(said).toEqual(
      expect.arrayContaining(["dry contact: status is not a known value", "dry contact settings: grid_action is not a known value"]),
    );
  });

  test.each(["http", "unauthorized", "timeout"] as const)("keep their states where the settings fail (%s)", async (code) => {
    const answers = { [CONTACTS]: { dry_contacts: [{ id: "NC1", status: "open" }] }, [SETTINGS]: new BridgeError(code, "no") };
    const { groups, said } = await readWith(dryContactsSource, answers, { enpower: true });
    expect(groups.dryContacts?.get("NC1")).toEqual({ id: "NC1", status: "open", settings: null });
    expect(said).toEqual([`${SETTINGS}: ${code}, read without it`]);
  });

  test.each([new BridgeError("aborted", "stopped"), new BridgeError("http", "404")])("fail where they must: %s", async (error) => {
    const answers = error.code === "aborted" ? { [CONTACTS]: { dry_contacts: [] }, [SETTINGS]: error } : { [CONTACTS]: error };
    await expect(readWith(dryContactsSource, answers, { enpower: true })).rejects.toBe(error);
  });
});
