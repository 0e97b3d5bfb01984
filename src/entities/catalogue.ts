import type { JsonScalar } from "../model/json.ts";
import type { Device, StateTopic, View } from "../model/view.ts";
import { devicePlaces } from "./device-places.ts";
import { gatewayDevice } from "./devices.ts";
import { buildDevice } from "./entity.ts";
import type { Facts, FactsOptions } from "./facts.ts";
import { expiry } from "./freshness.ts";
import { gatewayPlaces } from "./gateway-places.ts";
import type { AnyPlace, DeviceDraft, RawTopic } from "./place.ts";
import { rawTopics } from "./raw.ts";
import { type Cell, cellValue, type Section } from "./row.ts";
import { iso } from "./units.ts";

/** Makes views of one gateway. As long as nothing structural changes, `devices` of its views is the same array. */
export type Catalogue = (facts: Facts) => View;

/**
 * A catalogue for one gateway. It remembers the last structure, and which phases and details were there since the last probe: a value
 * that the gateway leaves out for once becomes unknown and does not vanish.
 */
export function createCatalogue(): Catalogue {
  let known: Structure = { signature: "", devices: [] };
  let probed = "";
  let seen: Seen = new Map();
  return (facts) => {
    const probe = JSON.stringify([facts.gateway, facts.capabilities]);
    if (probe !== probed) {
      probed = probe;
      seen = new Map();
    }
    const parts = placesOf(facts).map((place) => present(place, seen));
    const signature = signatureOf(parts);
    if (signature !== known.signature) known = { signature, devices: rebuild(parts, known.devices) };
    return { serial: facts.gateway.serial, devices: known.devices, states: statesOf(parts, rawTopics(facts), facts.options) };
  };
}

/** One view, without a memory. */
export function catalogue(facts: Facts): View {
  return createCatalogue()(facts);
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

function placesOf(facts: Facts): readonly AnyPlace[] {
  const gateway = gatewayDevice(facts);
  return [...gatewayPlaces(facts, gateway), ...devicePlaces(facts, gateway)];
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
    text += `\t${place.path} ${place.section.rows[0]?.key} ${mask}`;
  }
  return text;
}

function deviceSignature({ id, name, model, softwareVersion, hardwareVersion, via, configurationUrl }: DeviceDraft): string {
  return `${id}|${name}|${model}|${softwareVersion}|${hardwareVersion}|${via}|${configurationUrl}`;
}

function rebuild(parts: readonly Part[], before: readonly Device[]): readonly Device[] {
  const byDevice = new Map<string, Part[]>();
  for (const part of parts) {
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
