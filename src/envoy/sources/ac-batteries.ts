import type { AcBattery, SleepState } from "../../model/snapshot.ts";
import { getList, tolerantly } from "../answers.ts";
import { type Drift, type Fields, fields, objects } from "../decode.ts";
import { softly } from "../softly.ts";
import type { Source } from "../source.ts";

const PATH = "/inventory.json?deleted=1";
const POWER_PATH = "/api/v1/production/inverters";
const SLEEP_MODE = "envoy.cond_flags.pcu_ctrl.sleep-mode";
/** devType of an AC battery in the list of inverters. */
const ACB = 11;

/**
 * AC batteries one by one, where the production document counts any. Read as often as the inverters, whose list also gives each
 * battery's power, so that one request serves both.
 */
export const acBatteriesSource: Source = {
  name: "ac-batteries",
  interval: "inverters",
  groups: ["acBatteries"],
  core: false,
  async probe({ found, get }) {
    if (found.acBatteries === 0) return {};
    const batteries = activeBatteries(await softly(get, PATH), () => {});
    return batteries.length > 0 ? { acBatteryInventory: true } : {};
  },
  wanted: ({ acBatteryInventory }) => acBatteryInventory,
  async read({ get, drift }) {
    const batteries = activeBatteries(await getList(get, PATH), drift);
    const reports = reportsBySerial(await tolerantly(get, POWER_PATH, drift), drift);
    const acBatteries = new Map<string, AcBattery>();
    for (const battery of batteries) {
      const serial = battery.id("serial_num");
      if (serial !== null) acBatteries.set(serial, parse(serial, battery, reports.get(serial)));
    }
    return { groups: { acBatteries } };
  },
};

/** Removed ones stay in the list with `admin_state` 0. */
function activeBatteries(inventory: unknown, drift: Drift): readonly Fields[] {
  return objects(inventory, "inventory", drift)
    .filter((item) => item["type"] === "ACB")
    .flatMap((item) => objects(item["devices"], "ac battery devices", drift))
    .map((device) => fields(device, "ac battery", drift))
    .filter((device) => device.optional.number("admin_state") !== 0);
}

function reportsBySerial(answer: unknown, drift: Drift): ReadonlyMap<string, Fields> {
  const reports = new Map<string, Fields>();
  if (answer === undefined) return reports;
  for (const entry of objects(answer, "inverters", drift)) {
    const report = fields(entry, "ac battery power", drift);
    const serial = entry["devType"] === ACB ? report.id("serialNumber") : null;
    if (serial !== null) reports.set(serial, report);
  }
  return reports;
}

function parse(serial: string, battery: Fields, report: Fields | undefined): AcBattery {
  const sleepEnabled = battery.boolean("sleep_enabled");
  const deviceStatus = battery.texts("device_status");
  return {
    serial,
    partNumber: battery.text("part_num"),
    sleepEnabled,
    chargeStatus: battery.oneOf("charge_status", ["charging", "discharging", "idle"]),
    deviceStatus,
    percentFull: battery.number("percentFull"),
    maxCellTemp: battery.number("maxCellTemp"),
    communicating: battery.boolean("communicating"),
    operating: battery.boolean("operating"),
    producing: battery.boolean("producing"),
    sleepMinSoc: battery.number("sleep_min_soc"),
    sleepMaxSoc: battery.number("sleep_max_soc"),
    sleepState: sleepState(sleepEnabled, deviceStatus?.includes(SLEEP_MODE) ?? null),
    lastReportAt: report?.time("lastReportDate") ?? null,
    lastReportWatts: report?.number("lastReportWatts") ?? null,
    maxReportWatts: report?.number("maxReportWatts") ?? null,
  };
}

/** What it was told (`enabled`) against what it does (`sleeping`). */
function sleepState(enabled: boolean | null, sleeping: boolean | null): SleepState | null {
  if (enabled === null || sleeping === null) return null;
  if (enabled) return sleeping ? "asleep" : "going_to_sleep";
  return sleeping ? "waking" : "awake";
}
