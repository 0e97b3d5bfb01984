import type { DryContact, DryContactAction, DryContactSettings, Enpower } from "../../model/snapshot.ts";
import { BINARY, CONNECTIVITY, COUNT, DIAGNOSTIC, ENUM, FAHRENHEIT, TIMESTAMP } from "../looks.ts";
import { type Row, section } from "../row.ts";
import { iso, oneOf } from "../units.ts";

const INVENTORY = "`/ivp/ensemble/inventory`";
const radio = { from: INVENTORY, enabled: false, ...COUNT, ...DIAGNOSTIC } as const;

export const ENPOWER = section<Enpower>(
  { topic: "system_controller/<serial>", exists: "a System Controller (Enpower) is there; firmware 5.0 and later", lasts: "device" },
  [
    {
      key: "temperature",
      id: "temperature",
      ...FAHRENHEIT,
      precision: 1,
      get: (c) => c.temperature,
      from: INVENTORY,
      native: "enpower/temperature",
    },
    { key: "temperature_unit", get: () => "F", from: "constant", lasting: true },
    {
      key: "last_reported",
      id: "last_reported",
      name: "Last reported",
      ...TIMESTAMP,
      get: (c) => iso(c.lastReportAt),
      from: INVENTORY,
      native: "enpower/last_reported",
      lasting: true,
    },
    {
      ...radio,
      key: "comm_level_sub_ghz",
      id: "comm_level_sub_ghz",
      name: "Communication level sub-GHz",
      get: (c) => c.commLevelSubGhz,
      native: "enpower/comm_level_sub_ghz",
    },
    {
      ...radio,
      key: "comm_level_2_4_ghz",
      id: "comm_level_2_4_ghz",
      name: "Communication level 2.4 GHz",
      get: (c) => c.commLevel24Ghz,
      native: "enpower/comm_level_2_4_ghz",
    },
    {
      key: "communicating",
      id: "communicating",
      name: "Communicating",
      ...CONNECTIVITY,
      ...DIAGNOSTIC,
      get: (c) => c.communicating,
      from: INVENTORY,
      native: "enpower/communicating",
    },
    {
      key: "grid_status",
      id: "mains_oper_state",
      name: "Grid status",
      ...BINARY,
      icon: "mdi:transmission-tower",
      get: (c) => closed(c.mainsOperState),
      from: INVENTORY,
      native: "enpower/mains_oper_state",
    },
    {
      key: "grid_enabled",
      id: "mains_admin_state",
      name: "Grid enabled",
      ...BINARY,
      icon: "mdi:transmission-tower",
      get: (c) => closed(c.mainsAdminState),
      from: INVENTORY,
      native: "enpower/mains_admin_state",
    },
    { key: "mains_oper_state", get: (c) => c.mainsOperState, from: INVENTORY },
    { key: "mains_admin_state", get: (c) => c.mainsAdminState, from: INVENTORY },
    { key: "grid_mode", get: (c) => c.gridMode, from: INVENTORY },
    { key: "admin_state", get: (c) => c.adminState, from: INVENTORY },
    { key: "admin_state_text", get: (c) => c.adminStateText, from: INVENTORY },
    { key: "operating", get: (c) => c.operating, from: INVENTORY },
    { key: "part_number", get: (c) => c.partNumber, from: INVENTORY, lasting: true },
    { key: "firmware", get: (c) => c.firmware, from: INVENTORY, lasting: true },
    { key: "firmware_loaded", get: (c) => iso(c.firmwareLoadedAt), from: INVENTORY, lasting: true },
    { key: "zigbee_firmware", get: (c) => c.zigbeeFirmware, from: INVENTORY, lasting: true },
    { key: "installed", get: (c) => iso(c.installedAt), from: INVENTORY, lasting: true },
  ],
);

/** A relay's word; any word but `closed` is off, as Home Assistant has it. */
export function closed(state: string | null): boolean | null {
  return state === null ? null : state === "closed";
}

const STATUS = "`/ivp/ensemble/dry_contacts`";
const SETTINGS = "`/ivp/ss/dry_contact_settings`";
const ACTIONS = ["powered", "not_powered", "schedule", "none"] as const;
const ACTION_WORD: Readonly<Record<DryContactAction, (typeof ACTIONS)[number]>> = {
  apply: "powered",
  shed: "not_powered",
  schedule: "schedule",
  none: "none",
};
const MODE_WORD = { manual: "standard", soc: "battery" } as const;

function action(id: string, name: string, field: "gridAction" | "microGridAction" | "generatorAction"): Row<DryContact> {
  return {
    key: id,
    id,
    name,
    ...ENUM,
    options: ACTIONS,
    get: ({ settings }) => word(ACTION_WORD, settings?.[field]),
    from: SETTINGS,
    native: `dry_contact/${id}`,
  };
}

function word<W extends string>(words: { readonly [key in W]: string }, value: W | null | undefined): string | null {
  return value === null || value === undefined ? null : words[value];
}

function level(key: keyof DryContactSettings & ("socLow" | "socHigh"), id: string, name: string): Row<DryContact> {
  return {
    key: id,
    id,
    name,
    deviceClass: "battery",
    unit: "%",
    ...DIAGNOSTIC,
    get: ({ settings }) => settings?.[key],
    from: SETTINGS,
    native: `dry_contact/${id}`,
  };
}

export const DRY_CONTACT = section<DryContact>(
  { topic: "relay/<id>", exists: "one for each dry contact of a System Controller", lasts: "device" },
  [
    {
      key: "closed",
      id: "relay_status",
      name: null,
      ...BINARY,
      icon: "mdi:electric-switch-closed",
      get: (c) => oneOf(c.status, ["closed"], ["open"]),
      from: STATUS,
      native: "dry_contact/relay_status",
    },
    {
      key: "mode",
      id: "mode",
      name: "Mode",
      ...ENUM,
      options: ["standard", "battery"],
      get: ({ settings }) => word(MODE_WORD, settings?.mode),
      from: SETTINGS,
      native: "dry_contact/mode",
    },
    action("grid_action", "Grid action", "gridAction"),
    action("microgrid_action", "Microgrid action", "microGridAction"),
    action("generator_action", "Generator action", "generatorAction"),
    level("socLow", "soc_low", "Cutoff battery level"),
    level("socHigh", "soc_high", "Restore battery level"),
    { key: "status", get: (c) => c.status, from: STATUS },
    { key: "name", get: (c) => c.settings?.loadName, from: SETTINGS, lasting: true },
    { key: "type", get: (c) => c.settings?.type, from: SETTINGS },
    { key: "override", get: (c) => c.settings?.override, from: SETTINGS },
    { key: "manual_override", get: (c) => c.settings?.manualOverride, from: SETTINGS },
    { key: "priority", get: (c) => c.settings?.priority, from: SETTINGS },
    { key: "black_start", get: (c) => c.settings?.blackStart, from: SETTINGS },
    { key: "essential_start", get: (c) => c.settings?.essentialStart, from: SETTINGS },
    { key: "essential_end", get: (c) => c.settings?.essentialEnd, from: SETTINGS },
    { key: "pv_serials", get: (c) => c.settings?.pvSerials?.join(",") ?? null, from: SETTINGS },
  ],
);
