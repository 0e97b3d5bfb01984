import type { JsonScalar } from "../model/json.ts";
import type { View } from "../model/view.ts";
import { createAssembly } from "./assembly.ts";
import { childDevice } from "./devices.ts";
import { DEFAULT_INTERVALS } from "./facts.ts";
import { safeId } from "./ids.ts";
import type { AnyPlace } from "./place.ts";
import { SITE_ENERGY, SITE_LIVE, type SiteContext } from "./tables/site.ts";

/** One gateway of a site: its last view, and whether it is online. */
export interface SitePart {
  readonly view: View;
  readonly online: boolean;
}

/** Makes views of one site: `serial` is `site_<name>`, in the place of a gateway's serial. */
export type SiteCatalogue = (parts: readonly SitePart[]) => View;

/**
 * The totals of several gateways that share a site. A total is the sum of those gateways that have the value; it is unknown while one of
 * them is away or does not know its own.
 */
export function createSiteCatalogue(name: string): SiteCatalogue {
  const assemble = createAssembly();
  const id = `site_${safeId(name)}`;
  const draft = childDevice({ id, name: `Site ${name}`, model: "Site", via: "" });
  const device = { ...draft, via: null };
  return (parts) => {
    const payloads = parts.map(({ view }) => new Map(view.states.map(({ path, payload }) => [path, payload])));
    const context: SiteContext = { payloads, online: parts.length > 0 && parts.every(({ online }) => online) };
    const at = latest(payloads.map((topics) => topics.get("production")?.["ts"]));
    const place = { device, prefix: id, context, stale: false, at, interval: "production" } as const;
    const places: AnyPlace[] = [
      { ...place, section: SITE_LIVE, path: SITE_LIVE.topic },
      { ...place, section: SITE_ENERGY, path: SITE_ENERGY.topic },
    ];
    return assemble({
      serial: id,
      probe: parts.map(({ view }) => view.serial).join(),
      places,
      raw: [],
      options: { intervals: DEFAULT_INTERVALS },
    });
  };
}

function latest(times: readonly (JsonScalar | undefined)[]): number | null {
  const known = times.flatMap((time) => (typeof time === "string" ? [Date.parse(time)] : []));
  return known.length === 0 ? null : Math.max(...known);
}
