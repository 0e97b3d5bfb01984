import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CHAPTERS } from "../../src/entities/published.ts";
import type { Row } from "../../src/entities/row.ts";
import { SHARED, sharedJson } from "./recorded.ts";

/** One row of what Home Assistant's own integration has. */
interface Known {
  readonly platform: string;
  readonly key: string;
  readonly name: string;
  readonly device: string;
  readonly unit_of_measurement: string | null;
  readonly suggested_unit_of_measurement: string | null;
  readonly suggested_display_precision: number | null;
  readonly device_class: string | null;
  readonly state_class: string | null;
  readonly entity_category: string | null;
  readonly enabled_by_default: boolean | null;
  readonly options: readonly string[] | null;
  readonly release_status: string;
  readonly phase_variants?: unknown;
}

const FILE = "reference/homeassistant-entities.json";
const there = existsSync(join(SHARED, FILE));
const known = there ? sharedJson<readonly Known[]>(FILE) : [];
const ours = new Map<string, Row<never>>();
for (const { sections } of CHAPTERS) {
  for (const { rows } of sections) for (const row of rows) if (row.native !== undefined && !ours.has(row.native)) ours.set(row.native, row);
}

/** Commands have no value, and this one is in no unit. */
const LEFT_OUT = ["acb_aggregate/acb_sleep", "acb_aggregate/acb_wake", "inverter/energy_produced"];
/** What a person sees first: the bridge publishes W and kWh where Home Assistant converts. */
const DECIMALS: { readonly [unit: string]: number } = { kW: -3, MWh: -3 };
const UNITS: { readonly [unit: string]: string } = { kW: "W", MWh: "kWh" };

const id = ({ device, key }: Known) => `${device}/${key}`;
const suffix = there ? "" : " (nothing is compared: the list of Home Assistant's entities is missing)";

describe(`against Home Assistant's own integration${suffix}`, () => {
  test("no entity is missing, other than commands", () => {
    const missing = known.map(id).filter((name) => !ours.has(name) && !LEFT_OUT.includes(name));
    expect(missing).toEqual([]);
    expect(known.length).toBe(there ? 170 : 0);
  });

  test("each row names one that exists", () => {
    const names = new Set(known.map(id));
    expect([...ours.keys()].filter((name) => there && !names.has(name))).toEqual([]);
  });

  test("classes, units, precision, category and enabled are the same", () => {
    const wrong: string[] = [];
    for (const entry of known) {
      const row = ours.get(id(entry));
      if (row === undefined || entry.release_status === "open-pr" || !["sensor", "binary_sensor"].includes(entry.platform)) continue;
      const check = (what: string, is: unknown, should: unknown) =>
        is !== should && wrong.push(`${id(entry)} ${what}: ${is}, not ${should}`);
      const seen = entry.suggested_unit_of_measurement ?? entry.unit_of_measurement;
      check("platform", row.platform ?? "sensor", entry.platform);
      check("device class", row.deviceClass ?? null, entry.device_class);
      check("state class", row.stateClass ?? null, entry.state_class);
      check("category", row.category ?? null, entry.entity_category);
      check("enabled", row.enabled ?? true, entry.enabled_by_default);
      check("unit", row.unit ?? null, seen === null ? null : (UNITS[seen] ?? seen));
      check("options", JSON.stringify(row.options ?? null), JSON.stringify(entry.options));
      check("phases", row.phases ?? false, entry.phase_variants != null);
      if (entry.suggested_display_precision !== null)
        check("precision", row.precision, entry.suggested_display_precision + (DECIMALS[seen ?? ""] ?? 0));
      if (!entry.name.includes("(")) check("name", row.name, entry.name);
    }
    expect(wrong).toEqual([]);
  });
});
