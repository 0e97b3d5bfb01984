import type { JsonScalar } from "../model/json.ts";
import type { StateTopic } from "../model/view.ts";
import type { FactsOptions } from "./facts.ts";
import { expiry } from "./freshness.ts";
import type { AnyPlace, RawTopic } from "./place.ts";
import { type Cell, cellValue } from "./row.ts";
import { sameFields } from "./same.ts";
import { iso } from "./units.ts";

/** A place and those of its cells that this gateway has; `mask` says which. */
export interface Part {
  readonly place: AnyPlace;
  readonly cells: readonly Cell<unknown>[];
  readonly mask: string;
  /** What each cell says; nothing where the place is published elsewhere. */
  readonly values: readonly JsonScalar[];
}

export function createPart(place: AnyPlace, cells: readonly Cell<unknown>[], mask: string): Part {
  const values = place.elsewhere === true ? [] : cells.map((cell) => cellValue(cell, place.context, place.stale));
  return { place, cells, mask, values };
}

interface Topic {
  readonly parts: readonly Part[];
  readonly state: StateTopic;
}

/** Works out what is published; a topic whose parts are the same as before, or say the same, keeps its object. */
export function createStates(): (parts: readonly Part[], raw: readonly RawTopic[], options: FactsOptions) => StateTopic[] {
  let known = new Map<string, Topic>();
  return (parts, raw, options) => {
    const byPath = new Map<string, Part[]>();
    for (const part of parts) {
      if (part.place.elsewhere === true) continue;
      const list = byPath.get(part.place.path);
      if (list === undefined) byPath.set(part.place.path, [part]);
      else list.push(part);
    }
    const topics = new Map<string, Topic>();
    for (const [path, own] of byPath) topics.set(path, topicOf(path, own, options, known.get(path)));
    for (const topic of raw) topics.set(topic.path, kept({ parts: [], state: rawState(topic, options) }, known.get(topic.path)));
    known = topics;
    return Array.from(topics.values(), ({ state }) => state);
  };
}

function topicOf(path: string, parts: readonly Part[], options: FactsOptions, before: Topic | undefined): Topic {
  if (before !== undefined && before.parts.length === parts.length && parts.every((part, n) => part === before.parts[n])) return before;
  return kept({ parts, state: stateOf(path, parts, options) }, before);
}

/** What says the same as before is the same object as before. */
function kept(next: Topic, before: Topic | undefined): Topic {
  if (before === undefined || next.state.qos !== before.state.qos || next.state.expiry !== before.state.expiry) return next;
  return sameFields(next.state.payload, before.state.payload) ? { parts: next.parts, state: before.state } : next;
}

function stateOf(path: string, parts: readonly Part[], options: FactsOptions): StateTopic {
  const payload: { [key: string]: JsonScalar } = { ts: null };
  let at: number | null = null;
  for (const { place, cells, values } of parts) {
    if (place.at !== null && (at === null || place.at > at)) at = place.at;
    for (let n = 0; n < cells.length; n++) payload[cells[n]!.key] = values[n]!;
  }
  payload["ts"] = iso(at);
  const { section, interval } = parts[0]!.place;
  return { path, payload, qos: section.qos, retain: true, expiry: expiry(section.lasts, interval, options) };
}

function rawState({ path, payload, at }: RawTopic, options: FactsOptions): StateTopic {
  return { path, payload: { ts: iso(at), ...payload }, qos: 0, retain: true, expiry: expiry("device", "inventory", options) };
}
