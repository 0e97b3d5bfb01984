import type { JsonScalar } from "../model/json.ts";
import type { Device } from "../model/view.ts";
import type { Intervals } from "./facts.ts";
import type { Section } from "./row.ts";

/** A device without its entities. */
export type DeviceDraft = Omit<Device, "entities">;

/** One section of one device: its rows, and what they are read from now. */
export interface Place<C> {
  readonly section: Section<C>;
  readonly device: DeviceDraft;
  /** Topic below `<base>/<serial>/`. */
  readonly path: string;
  /** What unique ids begin with, after `envoy2mqtt_`: a serial, for the gateway's own and for most others. */
  readonly prefix: string;
  readonly context: C;
  readonly stale: boolean;
  /** When the gateway measured it, epoch milliseconds. */
  readonly at: number | null;
  readonly interval: keyof Intervals;
  /** Entity ids (without domain) that do not follow from the device's and the entity's name. */
  readonly objectIds?: { readonly [id: string]: string };
  /** Published elsewhere: only its entities belong here. */
  readonly elsewhere?: boolean;
  /** `false`: published, and no entity announced. */
  readonly announced?: boolean;
}

/** Any section, its context hidden. */
// biome-ignore lint/suspicious/noExplicitAny: a list of places of different contexts; each is only ever read with its own
export type AnyPlace = Place<any>;

/** A topic without entities, its payload as the gateway gave it. */
export interface RawTopic {
  readonly path: string;
  readonly payload: { readonly [key: string]: JsonScalar };
  readonly at: number | null;
}
