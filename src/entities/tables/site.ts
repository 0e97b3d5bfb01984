import type { JsonScalar } from "../../model/json.ts";
import { COUNTER, POWER } from "../looks.ts";
import { type Row, section } from "../row.ts";

/** The payloads of each gateway of the site, by topic. */
export interface SiteContext {
  readonly payloads: readonly ReadonlyMap<string, { readonly [key: string]: JsonScalar }>[];
  readonly online: boolean;
}

/** Sums `key` of `topic` over the gateways that have it. */
function total(topic: string, key: string): Pick<Row<SiteContext>, "get" | "when" | "exists" | "from"> {
  const values = ({ payloads }: SiteContext) =>
    payloads.flatMap((topics) => (topics.get(topic)?.[key] === undefined ? [] : [topics.get(topic)?.[key]]));
  return {
    from: `sum of \`${topic}\` \`${key}\``,
    when: (context) => values(context).length > 0,
    exists: "one of the gateways has it",
    get: (context) => (context.online ? sum(values(context)) : null),
  };
}

function sum(values: readonly (JsonScalar | undefined)[]): number | null {
  let whole = 0;
  for (const value of values) {
    if (typeof value !== "number") return null;
    whole += value;
  }
  return Math.round(whole * 1000) / 1000;
}

function power(key: string, name: string, topic: string, of: string): Row<SiteContext> {
  return { key, id: key, name, ...POWER, precision: 0, ...total(topic, of) };
}

function energy(key: string, name: string, topic: string, of: string): Row<SiteContext> {
  return { key: `${key}_kwh`, id: `${key}_energy`, name, ...COUNTER, precision: 1, ...total(topic, of), lasting: true };
}

const EXISTS = "several gateways share a `site` in the configuration; unknown while one of them is away";

export const SITE_LIVE = section<SiteContext>({ topic: "totals", exists: EXISTS }, [
  power("production_power", "Production power", "production", "power"),
  power("consumption_power", "Consumption power", "consumption", "power"),
  power("grid_power", "Grid power", "grid", "power"),
  power("grid_import_power", "Grid import power", "grid", "import_power"),
  power("grid_export_power", "Grid export power", "grid", "export_power"),
  power("battery_power", "Battery power", "battery", "power"),
  { ...energy("production_today", "Production today", "production", "energy_today"), precision: 2 },
  { ...energy("consumption_today", "Consumption today", "consumption", "energy_today"), precision: 2 },
]);

export const SITE_ENERGY = section<SiteContext>({ topic: "energy", exists: EXISTS, lasts: "forever", qos: 1 }, [
  energy("production", "Lifetime production", "energy", "production_kwh"),
  energy("consumption", "Lifetime consumption", "energy", "consumption_kwh"),
  energy("grid_import", "Grid import", "energy", "grid_import_kwh"),
  energy("grid_export", "Grid export", "energy", "grid_export_kwh"),
  energy("battery_charged", "Battery charged", "energy", "battery_charged_kwh"),
  energy("battery_discharged", "Battery discharged", "energy", "battery_discharged_kwh"),
]);
