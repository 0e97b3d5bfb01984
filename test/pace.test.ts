import { expect, test } from "vitest";
import { paceOf } from "../src/pace.ts";

const HOUR = 3_600_000;

test("looks follow the shortest interval of all gateways, within reason", () => {
  const usual = { meters: 10, production: 30, inverters: 300, inventory: 900 };
  expect(paceOf(usual)).toEqual({ lookMs: 5_000, saveMs: 60_000, heartbeatMs: 300_000 });
  const slow = { meters: 600, production: 900, inverters: 1800, inventory: 3600 };
  expect(paceOf(slow)).toEqual({ lookMs: 300_000, saveMs: 600_000, heartbeatMs: 600_000 });
  expect(paceOf(slow, usual)).toEqual(paceOf(usual));
  const daily = { meters: 86_400, production: 86_400, inverters: 86_400, inventory: 86_400 };
  expect(paceOf(daily)).toEqual({ lookMs: HOUR, saveMs: HOUR, heartbeatMs: 24 * HOUR });
});
