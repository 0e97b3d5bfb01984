import type { C6Combiner, Collar } from "../../model/snapshot.ts";
import { CELSIUS, CONNECTIVITY, DIAGNOSTIC, TIMESTAMP } from "../looks.ts";
import { section } from "../row.ts";
import { iso } from "../units.ts";

const INVENTORY = { from: "`/ivp/ensemble/inventory`" } as const;
const FIXED = { ...INVENTORY, lasting: true } as const;
const WORDS: { readonly [word: string]: string } = { ENCMN_MDE_ON_GRID: "on_grid", ENCMN_MDE_OFF_GRID: "off_grid" };

/** The gateway's own word where it is none of the known two. */
export function adminWord(text: string | null): string | null {
  return text === null ? null : (WORDS[text] ?? text);
}

export const COLLAR = section<Collar>(
  { topic: "collar/<serial>", exists: "an IQ Meter Collar is there; firmware 8.2 and later", lasts: "device" },
  [
    {
      ...INVENTORY,
      key: "temperature",
      id: "temperature",
      ...CELSIUS,
      precision: 1,
      get: (c) => c.temperature,
      native: "collar/temperature",
    },
    { key: "temperature_unit", get: () => "C", from: "constant", lasting: true },
    {
      ...FIXED,
      key: "last_reported",
      id: "last_reported",
      name: "Last reported",
      ...TIMESTAMP,
      get: (c) => iso(c.lastReportAt),
      native: "collar/last_reported",
    },
    {
      ...INVENTORY,
      key: "grid_state",
      id: "grid_state",
      name: "Grid status",
      icon: "mdi:transmission-tower",
      get: (c) => c.gridState,
      native: "collar/grid_state",
    },
    {
      ...INVENTORY,
      key: "admin_state",
      id: "admin_state_str",
      name: "Admin state",
      icon: "mdi:transmission-tower",
      get: (c) => adminWord(c.adminStateText),
      native: "collar/admin_state_str",
    },
    {
      ...INVENTORY,
      key: "mid_state",
      id: "mid_state",
      name: "MID state",
      icon: "mdi:electric-switch-closed",
      get: (c) => c.midState,
      native: "collar/mid_state",
    },
    {
      ...INVENTORY,
      key: "communicating",
      id: "communicating",
      name: "Communicating",
      ...CONNECTIVITY,
      ...DIAGNOSTIC,
      get: (c) => c.communicating,
      native: "collar/communicating",
    },
    { ...INVENTORY, key: "admin_state_number", get: (c) => c.adminState },
    { ...INVENTORY, key: "admin_state_text", get: (c) => c.adminStateText },
    { ...INVENTORY, key: "collar_state", get: (c) => c.collarState },
    { ...INVENTORY, key: "control_error", get: (c) => c.controlError },
    { ...FIXED, key: "part_number", get: (c) => c.partNumber },
    { ...FIXED, key: "firmware", get: (c) => c.firmware },
    { ...FIXED, key: "firmware_loaded", get: (c) => iso(c.firmwareLoadedAt) },
    { ...FIXED, key: "installed", get: (c) => iso(c.installedAt) },
  ],
);

export const C6_COMBINER = section<C6Combiner>(
  { topic: "combiner/<serial>", exists: "a C6 Combiner Controller is there; firmware 8.2 and later", lasts: "device" },
  [
    {
      ...FIXED,
      key: "last_reported",
      id: "last_reported",
      name: "Last reported",
      ...TIMESTAMP,
      get: (c) => iso(c.lastReportAt),
      native: "c6cc/last_reported",
    },
    {
      ...INVENTORY,
      key: "communicating",
      id: "communicating",
      name: "Communicating",
      ...CONNECTIVITY,
      ...DIAGNOSTIC,
      get: (c) => c.communicating,
      native: "c6cc/communicating",
    },
    { ...INVENTORY, key: "admin_state_number", get: (c) => c.adminState },
    { ...INVENTORY, key: "admin_state_text", get: (c) => c.adminStateText },
    { ...FIXED, key: "part_number", get: (c) => c.partNumber },
    { ...FIXED, key: "firmware", get: (c) => c.firmware },
    { ...FIXED, key: "firmware_loaded", get: (c) => iso(c.firmwareLoadedAt) },
    { ...FIXED, key: "dmir_version", get: (c) => c.dmirVersion },
    { ...FIXED, key: "installed", get: (c) => iso(c.installedAt) },
  ],
);
