import type { Phase } from "../model/capabilities.ts";
import { PHASES } from "../model/capabilities.ts";
import type { JsonScalar } from "../model/json.ts";
import type { Platform } from "../model/view.ts";

/** How a value looks in Home Assistant. */
export interface Look {
  readonly platform?: Platform;
  readonly deviceClass?: string;
  readonly stateClass?: "measurement" | "total" | "total_increasing";
  readonly unit?: string;
  /** Decimals that are shown; with a phase, Home Assistant's default. */
  readonly precision?: number;
  readonly category?: "diagnostic" | "config";
  readonly icon?: string;
  /** A value outside of them is published as `null`. */
  readonly options?: readonly string[];
}

/** One published value. `C` is what its section knows when it is read. */
export interface Row<C> extends Look {
  /** In the topic's JSON, without the phase. */
  readonly key: string;
  readonly get: (context: C, phase: Phase | null) => JsonScalar | undefined;
  /** The gateway's endpoint, or how it is derived. */
  readonly from: string;
  /** Component id of the entity; without one the value is published and no entity is announced. */
  readonly id?: string;
  /** `null`: the device's main feature. Absent: named after its device class. */
  readonly name?: string | null;
  /** What follows the section's prefix in the unique id, where it is not `_` and the id. */
  readonly unique?: string;
  /** False where Home Assistant lists it as disabled until a person wants it. */
  readonly enabled?: boolean;
  /** The same again for each phase, as `l1_<key>`, disabled by default. */
  readonly phases?: boolean;
  /** Whether this gateway has it; a value that was there once stays until the gateway is probed again. */
  readonly when?: (context: C, phase: Phase | null) => boolean;
  /** `when`, in words. */
  readonly exists?: string;
  /** `<device>/<key>` of the entity of Home Assistant's own integration that it stands for. */
  readonly native?: string;
  /** Still true when its source no longer answers. */
  readonly lasting?: boolean;
  readonly withoutGateway?: boolean;
}

/** One row, or one phase of a row. */
export interface Cell<C> {
  readonly row: Row<C>;
  readonly phase: Phase | null;
  readonly key: string;
}

/** How long a topic's payload is true. `forever`: until it is replaced. */
export type Lasts = "live" | "device" | "forever";

/** The rows of one topic (or a part of one) of one kind of device. */
export interface Section<C> {
  /** The topic below `<base>/<serial>/`, such as `inverter/<serial>`, as documentation shows it. */
  readonly topic: string;
  readonly lasts: Lasts;
  readonly qos: 0 | 1;
  /** When the whole section exists, in words. */
  readonly exists: string;
  readonly cells: readonly Cell<C>[];
  /** Those that not every gateway has. */
  readonly conditional: readonly Cell<C>[];
  readonly rows: readonly Row<C>[];
}

export interface SectionOptions {
  readonly topic: string;
  readonly exists: string;
  readonly lasts?: Lasts;
  readonly qos?: 0 | 1;
}

/** A section with its rows, each followed by its phases. */
export function section<C>(options: SectionOptions, rows: readonly Row<C>[]): Section<C> {
  const cells = rows.flatMap((row) => [null, ...(row.phases === true ? PHASES : [])].map((phase) => cell(row, phase)));
  const conditional = cells.filter(({ row }) => row.when !== undefined);
  const { topic, exists, lasts = "live", qos = 0 } = options;
  return { topic, exists, lasts, qos, cells, conditional, rows };
}

function cell<C>(row: Row<C>, phase: Phase | null): Cell<C> {
  return { row, phase, key: phase === null ? row.key : `${phase}_${row.key}` };
}

/** What a cell says now. */
export function cellValue<C>({ row, phase }: Cell<C>, context: C, stale: boolean): JsonScalar {
  if (stale && row.lasting !== true) return null;
  const value = row.get(context, phase) ?? null;
  if (typeof value === "number" && !Number.isFinite(value)) return null;
  if (row.options !== undefined && row.platform !== "event" && (typeof value !== "string" || !row.options.includes(value))) return null;
  return value;
}
