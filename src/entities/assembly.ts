import type { JsonScalar } from "../model/json.ts";
import type { Device, StateTopic, View } from "../model/view.ts";
import { buildDevice } from "./entity.ts";
import type { FactsOptions } from "./facts.ts";
import { expiry } from "./freshness.ts";
import type { AnyPlace, DeviceDraft, RawTopic } from "./place.ts";
import { type Cell, cellValue, type Section } from "./row.ts";
import { iso } from "./units.ts";

/** Everything that one view is assembled from. */
export interface Assembled {
  readonly serial: string;
  /** What the last probe found, as text: with another text, what was there before is forgotten. */
  readonly probe: string;
  /** Sections of a device follow one another, parents come first. */
  readonly places: readonly AnyPlace[];
  readonly raw: readonly RawTopic[];
  readonly options: FactsOptions;
}

/** Assembles views; `devices` is the same array, and each device the same object, as long as its structure is the same. */
export function createAssembly(): (from: Assembled) => View {
  let known: Structure = { signature: "", devices: [] };
  let probed = "";
  let seen: Seen = new Map();
  return ({ serial, probe, places, raw, options }) => {
    if (probe !== probed) {
      probed = probe;
      seen = new Map();
    }
    const parts = places.map((place) => present(place, seen));
    const signature = signatureOf(parts);
    if (signature !== known.signature) known = { signature, devices: rebuild(parts, known.devices) };
    return { serial, devices: known.devices, states: statesOf(parts, raw, options) };
  };
}

interface Structure {
  readonly signature: string;
  readonly devices: readonly Device[];
}

/** A place and those of its cells that this gateway has; `mask` says which. */
interface Part {
  readonly place: AnyPlace;
  readonly cells: readonly Cell<unknown>[];
  readonly mask: string;
}

/** Which of the cells with a condition are there, of each place, since the last probe. */
type Seen = Map<string, string>;

function present(place: AnyPlace, seen: Seen): Part {
  const section = place.section as Section<unknown>;
  const { conditional, cells } = section;
  if (conditional.length === 0) return { place, cells, mask: "" };
  const name = `${place.path} ${section.rows[0]!.key}`;
  const before = seen.get(name);
  let mask = "";
  for (let n = 0; n < conditional.length; n++) {
    const { row, phase } = conditional[n]!;
    mask += before?.[n] === "1" || row.when?.(place.context, phase) === true ? "1" : "0";
  }
  if (mask !== before) seen.set(name, mask);
  return { place, cells: cellsWith(section, mask), mask };
}

function cellsWith({ cells, conditional }: Section<unknown>, mask: string): readonly Cell<unknown>[] {
  if (!mask.includes("0")) return cells;
  const absent = new Set(conditional.filter((_, n) => mask[n] === "0"));
  return cells.filter((cell) => !absent.has(cell));
}

function signatureOf(parts: readonly Part[]): string {
  let last: DeviceDraft | null = null;
  let text = "";
  for (const { place, mask } of parts) {
    if (place.device !== last) text += `\n${deviceSignature(place.device)}`;
    last = place.device;
    text += `\t${place.path} ${place.section.rows[0]?.key} ${mask} ${place.announced ?? true}`;
  }
  return text;
}

function deviceSignature({ id, name, model, softwareVersion, hardwareVersion, via, configurationUrl }: DeviceDraft): string {
  return `${id}|${name}|${model}|${softwareVersion}|${hardwareVersion}|${via}|${configurationUrl}`;
}

function rebuild(parts: readonly Part[], before: readonly Device[]): readonly Device[] {
  const byDevice = new Map<string, Part[]>();
  for (const part of parts.filter(({ place }) => place.announced !== false)) {
    const list = byDevice.get(part.place.device.id);
    if (list === undefined) byDevice.set(part.place.device.id, [part]);
    else list.push(part);
  }
  const same = new Map(before.map((device) => [device.id, device]));
  const taken = new Set<string>();
  return [...byDevice.values()].map((own) => {
    const device = buildDevice(own[0]!.place.device, own, taken);
    const old = same.get(device.id);
    return old !== undefined && JSON.stringify(old) === JSON.stringify(device) ? old : device;
  });
}

interface Draft {
  readonly part: Part;
  at: number | null;
  readonly payload: { [key: string]: JsonScalar };
}

function statesOf(parts: readonly Part[], raw: readonly RawTopic[], options: FactsOptions): StateTopic[] {
  const drafts = new Map<string, Draft>();
  for (const part of parts) {
    const { place, cells } = part;
    if (place.elsewhere === true) continue;
    let draft = drafts.get(place.path);
    if (draft === undefined) {
      draft = { part, at: null, payload: { ts: null } };
      drafts.set(place.path, draft);
    }
    if (place.at !== null && (draft.at === null || place.at > draft.at)) draft.at = place.at;
    for (const cell of cells) draft.payload[cell.key] = cellValue(cell, place.context, place.stale);
  }
  const states = [...drafts].map(
    ([
      path,
      {
        part: { place },
        at,
        payload,
      },
    ]): StateTopic => {
      payload["ts"] = iso(at);
      return { path, payload, qos: place.section.qos, retain: true, expiry: expiry(place.section.lasts, place.interval, options) };
    },
  );
  return [...states, ...raw.map((topic) => rawState(topic, options))];
}

function rawState({ path, payload, at }: RawTopic, options: FactsOptions): StateTopic {
  return { path, payload: { ts: iso(at), ...payload }, qos: 0, retain: true, expiry: expiry("device", "inventory", options) };
}
