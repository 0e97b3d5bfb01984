import type { Encharge, EnchargePower } from "../../model/snapshot.ts";
import { APPARENT, CELSIUS, CHARGE, CONNECTIVITY, COUNT, DIAGNOSTIC, POWER, TIMESTAMP } from "../looks.ts";
import { section } from "../row.ts";
import { fromMilli, iso } from "../units.ts";

/** `power` is `null` where the gateway says none for this battery. */
export interface EnchargeContext {
  readonly battery: Encharge;
  readonly power: EnchargePower | null;
}

const INVENTORY = "`/ivp/ensemble/inventory`";
const NOW = "`/ivp/ensemble/power`";
const radio = { from: INVENTORY, enabled: false, ...COUNT, ...DIAGNOSTIC } as const;

export const ENCHARGE = section<EnchargeContext>(
  { topic: "battery/<serial>", exists: "one for each IQ battery; firmware 5.0 and later", lasts: "device" },
  [
    {
      key: "power",
      id: "real_power_mw",
      ...POWER,
      precision: 0,
      get: (c) => fromMilli(c.power?.realPowerMw),
      from: NOW,
      native: "encharge/real_power_mw",
    },
    {
      key: "apparent_power",
      id: "apparent_power_mva",
      ...APPARENT,
      precision: 0,
      get: (c) => fromMilli(c.power?.apparentPowerMva),
      from: NOW,
      native: "encharge/apparent_power_mva",
    },
    { key: "charge", id: "soc", ...CHARGE, get: (c) => c.power?.soc, from: NOW, native: "encharge/soc" },
    {
      key: "temperature",
      id: "temperature",
      ...CELSIUS,
      precision: 1,
      get: (c) => c.battery.temperature,
      from: INVENTORY,
      native: "encharge/temperature",
    },
    {
      key: "last_reported",
      id: "last_reported",
      name: "Last reported",
      ...TIMESTAMP,
      get: (c) => iso(c.battery.lastReportAt),
      from: INVENTORY,
      native: "encharge/last_reported",
      lasting: true,
    },
    {
      ...radio,
      key: "comm_level_sub_ghz",
      id: "comm_level_sub_ghz",
      name: "Communication level sub-GHz",
      get: (c) => c.battery.commLevelSubGhz,
      native: "encharge/comm_level_sub_ghz",
    },
    {
      ...radio,
      key: "comm_level_2_4_ghz",
      id: "comm_level_2_4_ghz",
      name: "Communication level 2.4 GHz",
      get: (c) => c.battery.commLevel24Ghz,
      native: "encharge/comm_level_2_4_ghz",
    },
    {
      key: "communicating",
      id: "communicating",
      name: "Communicating",
      ...CONNECTIVITY,
      ...DIAGNOSTIC,
      get: (c) => c.battery.communicating,
      from: INVENTORY,
      native: "encharge/communicating",
    },
    {
      key: "dc_switch",
      id: "dc_switch",
      name: "DC switch",
      platform: "binary_sensor",
      ...DIAGNOSTIC,
      get: ({ battery }) => (battery.dcSwitchOff === null ? null : !battery.dcSwitchOff),
      from: INVENTORY,
      native: "encharge/dc_switch",
    },
    { key: "temperature_unit", get: () => "C", from: "constant", lasting: true },
    { key: "capacity", get: (c) => c.battery.capacityWh, from: INVENTORY, lasting: true },
    { key: "max_cell_temperature", get: (c) => c.battery.maxCellTemp, from: INVENTORY },
    { key: "inventory_charge", get: (c) => c.battery.percentFull, from: INVENTORY },
    { key: "led_status", get: (c) => c.battery.ledStatus, from: INVENTORY },
    { key: "operating", get: (c) => c.battery.operating, from: INVENTORY },
    { key: "admin_state", get: (c) => c.battery.adminState, from: INVENTORY },
    { key: "admin_state_text", get: (c) => c.battery.adminStateText, from: INVENTORY },
    { key: "revision", get: (c) => c.battery.revision, from: INVENTORY, lasting: true },
    { key: "part_number", get: (c) => c.battery.partNumber, from: INVENTORY, lasting: true },
    { key: "firmware", get: (c) => c.battery.firmware, from: INVENTORY, lasting: true },
    { key: "firmware_loaded", get: (c) => iso(c.battery.firmwareLoadedAt), from: INVENTORY, lasting: true },
    { key: "bmu_firmware", get: (c) => c.battery.bmuFirmware, from: INVENTORY, lasting: true },
    { key: "zigbee_firmware", get: (c) => c.battery.zigbeeFirmware, from: INVENTORY, lasting: true },
    { key: "installed", get: (c) => iso(c.battery.installedAt), from: INVENTORY, lasting: true },
  ],
);
