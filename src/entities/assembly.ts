import type { Device, View } from "../model/view.ts";
import { buildDevice } from "./entity.ts";
import type { FactsOptions, Intervals } from "./facts.ts";
import type { AnyPlace, DeviceDraft, RawTopic } from "./place.ts";
import type { Cell, Section } from "./row.ts";
import { sameDevice, samePlace } from "./same.ts";
import { createPart, createStates, type Part } from "./states.ts";

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

/**
 * Assembles views; `devices` is the same array, and each device and each state the same object, as long as it says the same. What did
 * not change is not worked out again.
 */
export function createAssembly(): (from: Assembled) => View {
  let statesOf = createStates();
  let known: Structure = { signature: "", devices: [] };
  let last: Last = { serial: "", probe: "", intervals: null, parts: [] };
  let seen: Seen = new Map();
  return ({ serial, probe, places, raw, options }) => {
    const { intervals } = options;
    if (probe !== last.probe) seen = new Map();
    if (probe !== last.probe || serial !== last.serial || intervals !== last.intervals) {
      last = { serial, probe, intervals, parts: [] };
      statesOf = createStates();
    }
    const parts = places.map((place, n) => {
      const before = last.parts[n];
      return before !== undefined && samePlace(before.place, place) ? before : present(place, seen);
    });
    if (!sameStructure(parts, last.parts)) {
      const signature = signatureOf(parts);
      if (signature !== known.signature) known = { signature, devices: rebuild(parts, known.devices) };
    }
    last = { serial, probe, intervals, parts };
    return { serial, devices: known.devices, states: statesOf(parts, raw, options) };
  };
}

interface Last {
  readonly serial: string;
  readonly probe: string;
  readonly intervals: Intervals | null;
  readonly parts: readonly Part[];
}

interface Structure {
  readonly signature: string;
  readonly devices: readonly Device[];
}

function sameStructure(parts: readonly Part[], before: readonly Part[]): boolean {
  return parts.length === before.length && parts.every((part, n) => part === before[n] || samePartOfStructure(part, before[n]!));
}

function samePartOfStructure({ place, mask }: Part, before: Part): boolean {
  const old = before.place;
  const sameRows = place.section === old.section && place.path === old.path && mask === before.mask;
  return sameRows && place.announced === old.announced && sameDevice(place.device, old.device);
}

/** Which of the cells with a condition are there, of each place, since the last probe. */
type Seen = Map<string, string>;

function present(place: AnyPlace, seen: Seen): Part {
  const section = place.section as Section<unknown>;
  const { conditional, cells } = section;
  if (conditional.length === 0) return createPart(place, cells, "");
  const name = `${place.path} ${section.rows[0]!.key}`;
  const before = seen.get(name);
  let mask = "";
  for (let n = 0; n < conditional.length; n++) {
    const { row, phase } = conditional[n]!;
    mask += before?.[n] === "1" || row.when?.(place.context, phase) === true ? "1" : "0";
  }
  if (mask !== before) seen.set(name, mask);
  return createPart(place, cellsWith(section, mask), mask);
}

function cellsWith({ cells, conditional }: Section<unknown>, mask: string): readonly Cell<unknown>[] {
  if (!mask.includes("0")) return cells;
  const absent = new Set(conditional.filter((_, n) => mask[n] === "0"));
  return cells.filter((cell) => !absent.has(cell));
}

function signatureOf(parts: readonly Part[]): string {
  let last = "";
  let text = "";
  for (const { place, mask } of parts) {
    const device = deviceSignature(place.device);
    if (device !== last) text += `\n${device}`;
    last = device;
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
