import type { Json } from "../model/json.ts";
import type { StorageMode } from "../model/snapshot.ts";
import { getObject } from "./answers.ts";
import { type ControlPort, confirm, refuse, requireOneOf, requirePercent, type Written, write } from "./control.ts";
import { isObject } from "./decode.ts";

const TARIFF = "/admin/lib/tariff";

export interface StorageModeOptions {
  /** Also switches `opt_schedules` off where the gateway has it: while it is on, firmware 8.2.42xx and later ignores the mode. */
  readonly withoutSchedules?: boolean;
}

/** How the batteries are used. The cloud may set it back within minutes. */
export async function setStorageMode(port: ControlPort, mode: StorageMode, options: StorageModeOptions = {}): Promise<Written> {
  requireOneOf(mode, ["backup", "self-consumption", "economy"], "the storage mode");
  return changeStorage(port, (storage) => ({
    mode,
    ...(options.withoutSchedules === true && Object.hasOwn(storage, "opt_schedules") && { opt_schedules: false }),
  }));
}

/** Charge that is kept for an outage, in % to one decimal. */
export async function setReserve(port: ControlPort, percent: number): Promise<Written> {
  requirePercent(percent, "the reserve");
  return changeStorage(port, () => ({ reserved_soc: Math.round(percent * 10) / 10 }));
}

export async function setChargeFromGrid(port: ControlPort, isAllowed: boolean): Promise<Written> {
  return changeStorage(port, () => ({ charge_from_grid: isAllowed }));
}

type Document = { readonly [key: string]: Json };

/**
 * The gateway replaces the whole tariff, so the present one is read first and sent back with the change; keys that we do not know go
 * along, and what was not asked for stays as it is (`savings-mode` too). What is empty is not sent.
 */
async function changeStorage(port: ControlPort, changeOf: (storage: Document) => Document): Promise<Written> {
  const { tariff } = (await getObject((path) => port.get(path), TARIFF)) as Document;
  if (!isDocument(tariff)) return refuse("the gateway has no tariff");
  const storage = tariff["storage_settings"];
  if (!isDocument(storage) || Object.keys(storage).length === 0) return refuse("the gateway has no storage settings");
  const change = changeOf(storage);
  const kept = Object.fromEntries(Object.entries(tariff).filter(([key, value]) => !OPTIONAL.includes(key) || !isEmpty(value)));
  await write(port, "PUT", TARIFF, { tariff: { ...kept, storage_settings: { ...storage, ...change } } });
  return confirm(port, TARIFF, (answer) => {
    const shown = isObject(answer) && isObject(answer["tariff"]) ? answer["tariff"]["storage_settings"] : undefined;
    return isObject(shown) && Object.entries(change).every(([key, value]) => shown[key] === value);
  });
}

const OPTIONAL = ["logger", "date", "seasons_sell"];

function isDocument(value: Json | undefined): value is Document {
  return isObject(value);
}

function isEmpty(value: Json): boolean {
  return value === null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);
}
