import { expect, test } from "vitest";
import { createCatalogue } from "../../src/entities/catalogue.ts";
import { eventsBetween, type Moment } from "../../src/entities/events.ts";
import type { Facts } from "../../src/entities/facts.ts";
import { parseFirmware } from "../../src/model/firmware.ts";
import { factsOf, inverters, NOW } from "./facts.ts";
import { EVERYTHING, GROUPS } from "./house.ts";

const make = createCatalogue();
const at = (facts: Facts): Moment => ({ facts, view: make(facts) });
const house = (groups = GROUPS, later = 0) => factsOf({ capabilities: EVERYTHING, groups, now: NOW + later });
const typesOf = (before: Facts, after: Facts) => eventsBetween(at(before), at(after)).map(({ type }) => type);

test("nothing happened when nothing changed", () => {
  expect(typesOf(house(), house(GROUPS, 1000))).toEqual([]);
});

test("a new firmware says from where to where", () => {
  const after = { ...house(), gateway: { ...house().gateway, firmware: parseFirmware("8.3.5433") } };
  expect(eventsBetween(at(house()), at(after))).toEqual([
    { type: "firmware_changed", at: NOW, details: { from: "8.3.1598", to: "8.3.5433" } },
  ]);
});

test("the grid is lost and restored; what is not known is no event", () => {
  const island = house({ ...GROUPS, enpower: { ...GROUPS.enpower!, mainsOperState: "open" } });
  expect(typesOf(house(), island)).toEqual(["grid_lost"]);
  expect(typesOf(island, house())).toEqual(["grid_restored"]);
  expect(typesOf(house(), factsOf({ capabilities: EVERYTHING, groups: { ...GROUPS, enpower: null, collar: null } }))).not.toContain(
    "grid_lost",
  );
});

test("a device appears and vanishes, by name", () => {
  const more = house({ ...GROUPS, inverters: inverters(4) });
  expect(eventsBetween(at(house()), at(more))).toEqual([
    { type: "device_appeared", at: NOW, details: { id: "inverter_482200000003", name: "Inverter 482200000003", model: "Inverter" } },
  ]);
  expect(typesOf(more, house())).toEqual(["device_vanished"]);
});

test("the first reading of a group is no event", () => {
  const { inverters: _, ...rest } = GROUPS;
  expect(typesOf(factsOf({ capabilities: EVERYTHING, groups: rest }), house())).toEqual([]);
});
