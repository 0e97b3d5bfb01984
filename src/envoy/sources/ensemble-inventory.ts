import type { Capabilities } from "../../model/capabilities.ts";
import type { C6Combiner, Collar, Encharge, Enpower, EnsembleDevice, Groups } from "../../model/snapshot.ts";
import { getList } from "../answers.ts";
import { type Fields, fields, objects } from "../decode.ts";
import { softly } from "../softly.ts";
import type { Source } from "../source.ts";

const PATH = "/ivp/ensemble/inventory";

/**
 * Batteries (Encharge), System Controller (Enpower), IQ Meter Collar and C6 Combiner of firmware 5 and later. A type that is listed
 * counts as present even without devices: then its aggregates are given all the same. Other types are passed over.
 */
export const ensembleInventorySource: Source = {
  name: "ensemble-inventory",
  interval: "production",
  groups: ["encharges", "enpower", "collar", "c6"],
  core: false,
  async probe({ gateway, get }) {
    if (gateway.firmware.major < 5) return {};
    const types = new Set(objects(await softly(get, PATH), "ensemble inventory", () => {}).map((item) => item["type"]));
    return {
      encharge: types.has("ENCHARGE"),
      enpower: types.has("ENPOWER"),
      collar: types.has("COLLAR"),
      c6: types.has("C6 COMBINER CONTROLLER"),
    };
  },
  wanted: hasEnsemble,
  async read({ capabilities, get, drift }) {
    const items = objects(await getList(get, PATH), "ensemble inventory", drift);
    const devicesOf = (type: string, where: string) =>
      items
        .filter((item) => item["type"] === type)
        .map((item) => objects(item["devices"], `${where} devices`, drift).map((device) => fields(device, where, drift)));
    const groups: { -readonly [G in keyof Groups]?: Groups[G] } = {};
    if (capabilities.encharge) groups.encharges = bySerial(devicesOf("ENCHARGE", "encharge").flat().map(encharge));
    if (capabilities.enpower) groups.enpower = single(devicesOf("ENPOWER", "enpower"), enpower);
    if (capabilities.collar) groups.collar = single(devicesOf("COLLAR", "collar"), collar);
    if (capabilities.c6) groups.c6 = single(devicesOf("C6 COMBINER CONTROLLER", "c6 combiner controller"), c6Combiner);
    return { groups };
  },
};

/** True where any ensemble device type was listed. */
export function hasEnsemble({ encharge, enpower, collar, c6 }: Capabilities): boolean {
  return encharge || enpower || collar || c6;
}

function bySerial<T extends { readonly serial: string }>(devices: readonly (T | null)[]): ReadonlyMap<string, T> {
  return new Map(devices.filter((device) => device !== null).map((device) => [device.serial, device]));
}

/** A gateway has one of these: the first device of the last list. */
function single<T>(lists: readonly (readonly Fields[])[], parse: (device: Fields) => T | null): T | null {
  const device = lists.at(-1)?.[0];
  return device === undefined ? null : parse(device);
}

/** `null` for a device without a serial: there is nothing to publish it under. */
function common(device: Fields, firmwareKey = "img_pnum_running"): EnsembleDevice | null {
  const serial = device.id("serial_num");
  if (serial === null) return null;
  return {
    serial,
    partNumber: device.text("part_num"),
    firmware: device.text(firmwareKey),
    firmwareLoadedAt: device.time("img_load_date"),
    installedAt: device.time("installed"),
    lastReportAt: device.time("last_rpt_date"),
    communicating: device.boolean("communicating"),
    operating: device.optional.boolean("operating"),
    adminState: device.number("admin_state"),
    adminStateText: device.text("admin_state_str"),
  };
}

function encharge(device: Fields): Encharge | null {
  const shared = common(device);
  return (
    shared && {
      ...shared,
      bmuFirmware: device.text("bmu_fw_version"),
      zigbeeFirmware: device.optional.text("zigbee_dongle_fw_version"),
      commLevel24Ghz: device.number("comm_level_2_4_ghz"),
      commLevelSubGhz: device.number("comm_level_sub_ghz"),
      dcSwitchOff: device.boolean("dc_switch_off"),
      capacityWh: device.number("encharge_capacity"),
      revision: device.number("encharge_rev"),
      ledStatus: device.number("led_status"),
      temperature: device.number("temperature"),
      maxCellTemp: device.number("maxCellTemp"),
      percentFull: device.number("percentFull"),
    }
  );
}

function enpower(device: Fields): Enpower | null {
  const shared = common(device);
  return (
    shared && {
      ...shared,
      zigbeeFirmware: device.optional.text("zigbee_dongle_fw_version"),
      gridMode: device.text("Enpwr_grid_mode"),
      mainsAdminState: device.text("mains_admin_state"),
      mainsOperState: device.text("mains_oper_state"),
      temperature: device.number("temperature"),
      commLevel24Ghz: device.number("comm_level_2_4_ghz"),
      commLevelSubGhz: device.number("comm_level_sub_ghz"),
    }
  );
}

function collar(device: Fields): Collar | null {
  const shared = common(device);
  return (
    shared && {
      ...shared,
      temperature: device.number("temperature"),
      midState: device.text("mid_state"),
      gridState: device.text("grid_state"),
      controlError: device.number("control_error"),
      collarState: device.text("collar_state"),
    }
  );
}

function c6Combiner(device: Fields): C6Combiner | null {
  const shared = common(device, "fw_version");
  return shared && { ...shared, dmirVersion: device.text("dmir_version") };
}
