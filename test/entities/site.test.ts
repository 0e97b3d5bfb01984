import { describe, expect, test } from "vitest";
import { catalogue } from "../../src/entities/catalogue.ts";
import { freshReader, gridConnected } from "../../src/entities/site.ts";
import type { Capabilities } from "../../src/model/capabilities.ts";
import type { CounterValue } from "../../src/model/energy.ts";
import type { Groups } from "../../src/model/snapshot.ts";
import { factsOf, NOW, powerEnergy } from "./facts.ts";
import { EVERYTHING, GROUPS } from "./house.ts";

function topic(path: string, groups: Partial<Groups>, capabilities: Partial<Capabilities> = EVERYTHING) {
  return catalogue(factsOf({ groups, capabilities })).states.find((state) => state.path === path)?.payload;
}

describe("grid connected", () => {
  const of = (groups: Partial<Groups>) => gridConnected(freshReader(factsOf({ capabilities: EVERYTHING, groups })));
  const collar = GROUPS.collar!;

  test("is what the System Controller's relay says", () => {
    expect(of(GROUPS)).toBe(true);
    expect(of({ ...GROUPS, enpower: { ...GROUPS.enpower!, mainsOperState: "open" } })).toBe(false);
    expect(of({ ...GROUPS, enpower: { ...GROUPS.enpower!, mainsOperState: null } })).toBe(null);
  });

  test("without one is what the collar's admin state says: its grid state does not follow islanding", () => {
    expect(of({ collar: { ...collar, adminStateText: "ENCMN_MDE_OFF_GRID" } })).toBe(false);
    expect(of({ collar })).toBe(true);
    expect(of({ collar: { ...collar, adminStateText: "ENCMN_MDE_NEW", midState: "open" } })).toBe(false);
    expect(of({ collar: { ...collar, adminStateText: null, midState: "close" } })).toBe(true);
    expect(of({ collar: { ...collar, adminStateText: null, midState: null } })).toBe(null);
    expect(of({})).toBe(null);
  });
});

describe("grid power", () => {
  const balanced = { ...EVERYTHING, meters: [] };

  test("without a net-consumption CT is the balanced net consumption, with its phases", () => {
    expect(topic("grid", GROUPS, balanced)).toMatchObject({ power: -1499, l1_power: -500, export_power: 1499, power_source: "balanced" });
    expect(topic("energy", GROUPS, balanced)).toMatchObject({
      grid_import_kwh: 12.345,
      grid_energy_estimated: true,
      battery_charged_kwh: 12.345,
      battery_energy_estimated: true,
    });
  });

  test("with neither there is only the connection", () => {
    const payload = topic("grid", GROUPS, { enpower: true });
    expect(Object.keys(payload ?? {})).toEqual(["ts", "connected"]);
    expect(topic("grid", GROUPS, { collar: true })).toMatchObject({ connected: true });
  });
});

describe("battery power without a storage CT", () => {
  test("is the sum of IQ and AC batteries", () => {
    const payload = topic("battery", GROUPS, { ...EVERYTHING, meters: [] });
    expect(payload).toMatchObject({ power: Math.round(260 - 2 * 1084.5), power_source: "batteries" });
    expect(topic("battery", GROUPS, { acBatteries: 2 })).toMatchObject({ power: 260, ac_available_energy: 446 });
    expect(topic("battery", { ...GROUPS, enchargePower: new Map() }, { encharge: true })).toMatchObject({ power: 0 });
  });
});

describe("the balanced net energy", () => {
  const counted = (lifetimeWh: number): CounterValue => ({ lifetimeWh, todayWh: null, sevenDaysWh: null, estimated: false });
  const energy = new Map([
    ["production", counted(5_000_000)],
    ["consumption", counted(4_000_000)],
  ]);
  const net = (groups: Partial<Groups>) =>
    catalogue(factsOf({ capabilities: EVERYTHING, groups, energy })).states.find(({ path }) => path === "energy")?.payload[
      "balanced_net_kwh"
    ];
  const zero = { total: powerEnergy(0, 0), phases: {} };

  test("is unknown while its document counts from zero, and may fall otherwise", () => {
    expect(net(GROUPS)).toBe(345.678);
    expect(net({ ...GROUPS, production: zero })).toBe(null);
    expect(net({ ...GROUPS, consumption: zero })).toBe(null);
    expect(net({ ...GROUPS, netConsumption: zero })).toBe(null);
    expect(net({ ...GROUPS, netConsumption: { total: powerEnergy(0, -5), phases: {} } })).toBe(-0.005);
    const young = catalogue(factsOf({ capabilities: EVERYTHING, groups: { netConsumption: zero }, energy: new Map() }));
    expect(young.states.find(({ path }) => path === "energy")?.payload["balanced_net_kwh"]).toBe(0);
  });
});

test("an old reading is no reading for what is derived from it", () => {
  const old = factsOf({ capabilities: EVERYTHING, groups: GROUPS, now: NOW + 3_000_000 });
  expect(gridConnected(freshReader(old))).toBe(null);
});
