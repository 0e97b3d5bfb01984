import type { Device, Entity } from "../model/view.ts";
import { slug, take } from "./ids.ts";
import type { AnyPlace, DeviceDraft } from "./place.ts";
import type { Cell, Row } from "./row.ts";

/** How Home Assistant names an entity that has only a device class. */
const CLASS_NAMES: { readonly [deviceClass: string]: string } = {
  apparent_power: "Apparent power",
  battery: "Battery",
  frequency: "Frequency",
  power: "Power",
  problem: "Problem",
  temperature: "Temperature",
};

/** What a device has, from all its sections; `taken` holds the entity ids of the devices before it. */
export function buildDevice(
  draft: DeviceDraft,
  parts: readonly { readonly place: AnyPlace; readonly cells: readonly Cell<unknown>[] }[],
  taken: Set<string>,
): Device {
  const entities = parts.flatMap(({ place, cells }) =>
    cells.filter(({ row }) => row.id !== undefined).map((cell) => buildEntity(draft, place, cell, taken)),
  );
  return { ...draft, entities };
}

function buildEntity(device: DeviceDraft, place: AnyPlace, { row, phase, key }: Cell<unknown>, taken: Set<string>): Entity {
  const platform = row.platform ?? "sensor";
  const id = `${row.id}${phase === null ? "" : `_${phase}`}`;
  const name = phase === null || typeof row.name !== "string" ? row.name : `${row.name} ${phase}`;
  const unique = row.unique === undefined ? `_${id}` : `${row.unique}${phase === null ? "" : `_${phase}`}`;
  const object = place.objectIds?.[id] ?? `${device.name} ${name === undefined ? className(row) : (name ?? "")}`;
  const look = { ...row, ...(phase === null ? {} : { precision: undefined }) };
  return {
    platform,
    id,
    uniqueId: `envoy2mqtt_${place.prefix}${unique}`,
    name,
    defaultEntityId: take(`${platform}.${slug(object)}`, "_", taken),
    topic: place.path,
    key,
    enabledByDefault: phase === null && row.enabled !== false,
    ...optional(look, ["deviceClass", "stateClass", "unit", "precision", "category", "icon", "options", "withoutGateway"]),
  };
}

function className({ deviceClass = "" }: Row<never> | Row<unknown>): string {
  return CLASS_NAMES[deviceClass] ?? deviceClass;
}

function optional<T extends object, K extends keyof T>(from: T, keys: readonly K[]): { [P in K]?: Exclude<T[P], undefined> } {
  const picked: { [P in K]?: Exclude<T[P], undefined> } = {};
  for (const key of keys) if (from[key] !== undefined) picked[key] = from[key] as Exclude<T[K], undefined>;
  return picked;
}
