import type { StorageMode, StorageSettings, Tariff } from "../../model/snapshot.ts";
import { BINARY, ENUM } from "../looks.ts";
import { section } from "../row.ts";
import { documentText } from "../units.ts";

export interface StorageContext {
  readonly settings: StorageSettings | null;
  /** The settings sit on the gateway, which has a sensor of the same name, and not on the System Controller. */
  readonly onGateway: boolean;
}

const SETTINGS = { from: "`/admin/lib/tariff`: `storage_settings`" } as const;
const MODE_WORD: Readonly<Record<StorageMode, string>> = { backup: "backup", "self-consumption": "self_consumption", economy: "savings" };
const level = { deviceClass: "battery", unit: "%" } as const;
const NATIVE_RESERVE = "enpower_or_envoy/reserve_soc";

/** On the System Controller where there is one, else on the gateway. */
export const STORAGE = section<StorageContext>(
  { topic: "storage", exists: "IQ batteries are there and the tariff has storage settings", lasts: "device" },
  [
    {
      ...SETTINGS,
      key: "reserved_charge",
      id: "storage_reserve_soc",
      unique: "_reserve_soc",
      name: "Reserve battery level",
      ...level,
      get: (c) => c.settings?.reservedSoc,
      when: (c) => !c.onGateway,
      exists: "on the System Controller",
      native: NATIVE_RESERVE,
    },
    {
      ...SETTINGS,
      key: "reserved_charge",
      id: "storage_reserved_soc",
      name: "Reserve battery level setting",
      ...level,
      get: (c) => c.settings?.reservedSoc,
      when: (c) => c.onGateway,
      exists: "without a System Controller: on the gateway, which has a sensor of that name",
      native: NATIVE_RESERVE,
    },
    {
      ...SETTINGS,
      key: "mode",
      id: "storage_mode",
      name: "Storage mode",
      ...ENUM,
      options: Object.values(MODE_WORD),
      get: ({ settings }) => (settings?.mode == null ? null : MODE_WORD[settings.mode]),
      native: "enpower_or_envoy/storage_mode",
    },
    {
      ...SETTINGS,
      key: "charge_from_grid",
      id: "charge_from_grid",
      name: "Charge from grid",
      ...BINARY,
      get: (c) => c.settings?.chargeFromGrid,
      native: "enpower_or_envoy/charge_from_grid",
    },
    { ...SETTINGS, key: "very_low_charge", get: (c) => c.settings?.veryLowSoc },
    { ...SETTINGS, key: "operation_mode_sub_type", get: (c) => c.settings?.operationModeSubType },
    { ...SETTINGS, key: "opt_schedules", get: (c) => c.settings?.optSchedules },
    { ...SETTINGS, key: "date", get: (c) => c.settings?.date },
  ],
);

/** The tariff itself, for those who steer by its prices. */
export const TARIFF = section<Tariff>({ topic: "tariff", exists: "`/admin/lib/tariff` answers", lasts: "device" }, [
  { from: "`/admin/lib/tariff`", key: "currency", get: (c) => c.currency },
  { from: "`/admin/lib/tariff`", key: "date", get: (c) => c.date },
  { from: "`/admin/lib/tariff`", key: "logger", get: (c) => c.logger },
  { from: "`/admin/lib/tariff`", key: "single_rate", get: (c) => documentText(c.singleRate) },
  { from: "`/admin/lib/tariff`", key: "seasons", get: (c) => documentText(c.seasons) },
  { from: "`/admin/lib/tariff`", key: "seasons_sell", get: (c) => documentText(c.seasonsSell) },
]);
