import type { Json, JsonScalar } from "../model/json.ts";
import type { GroupName } from "../model/snapshot.ts";
import type { Facts } from "./facts.ts";
import { isStale } from "./freshness.ts";
import type { RawTopic } from "./place.ts";

/** Settings of the export limit: published as the gateway gives them, without entities. */
export const RAW_TOPICS = [
  { group: "pelSettings", path: "pel_settings", from: "`/ivp/ss/pel_settings`" },
  { group: "pvLimit", path: "pv_limit", from: "`/ivp/sc/pvlimit`" },
  { group: "dpel", path: "dpel", from: "`/ivp/ss/dpel`" },
] as const satisfies readonly { readonly group: GroupName; readonly path: string; readonly from: string }[];

export function rawTopics(facts: Facts): RawTopic[] {
  return RAW_TOPICS.flatMap(({ group, path }) => {
    const reading = facts.snapshot[group];
    return reading === undefined || isStale(facts, group) ? [] : [{ path, payload: flat(reading.value), at: reading.measuredAt }];
  });
}

/** Nested names are joined by `_`; lists stay as JSON text. */
function flat(value: { readonly [key: string]: Json }, prefix = ""): { [key: string]: JsonScalar } {
  const payload: { [key: string]: JsonScalar } = {};
  for (const [name, inner] of Object.entries(value)) {
    const key = `${prefix}${snake(name)}`;
    if (Array.isArray(inner)) payload[key] = JSON.stringify(inner);
    else if (typeof inner === "object" && inner !== null)
      Object.assign(payload, flat(inner as { readonly [key: string]: Json }, `${key}_`));
    else payload[key] = inner as JsonScalar;
  }
  return payload;
}

function snake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_");
}
