import type { Capabilities, ProductionRoute } from "../../model/capabilities.ts";
import { BridgeError } from "../../model/errors.ts";
import { isAtLeast } from "../../model/firmware.ts";
import type { GatewayInfo } from "../../model/gateway.ts";
import type { GroupName, Groups, PowerEnergy } from "../../model/snapshot.ts";
import { type Drift, fields, isObject, type JsonObject } from "../decode.ts";
import { softly } from "../softly.ts";
import type { ProbeContext, ReadContext, Source, SourceResult } from "../source.ts";
import { claim, hasInvertersSection, hasProductionCt, type ProductionClaims } from "./production-claims.ts";
import { type Measured, readAcBatteries, readConsumption, readProduction, repairTotal } from "./production-document.ts";

type DocumentName = Capabilities["productionDocument"];

const PATHS = { "production.json": "/production.json?details=1", production: "/production", v1: "/api/v1/production" } as const;
const DOCUMENTS: readonly DocumentName[] = ["production.json", "production"];

/**
 * Production, consumption and net consumption, from the route that this gateway has: `/production.json?details=1`, `/production`,
 * `/api/v1/production`, or the inverters' section of the first document that answered.
 */
export const productionSource: Source = {
  name: "production",
  interval: "production",
  groups: ["production", "consumption", "netConsumption", "acb"],
  core: true,
  probe,
  wanted: ({ production, consumption, netConsumption, acBatteries }) =>
    production !== null || consumption !== null || netConsumption !== null || acBatteries > 0,
  read,
};

async function probe({ get, gateway, found }: ProbeContext): Promise<Partial<Capabilities>> {
  let claims: ProductionClaims = {};
  let first: { readonly name: DocumentName; readonly document: JsonObject } | null = null;
  for (const name of DOCUMENTS) {
    if (claims.production && claims.consumption && claims.netConsumption) break;
    const document = await softly(get, PATHS[name]);
    if (!isObject(document)) continue;
    first ??= { name, document };
    claims = claim(claims, document, name, hasProductionCt(found));
  }
  if (claims.production) return claims;
  if (isPlausibleV1(await softly(get, PATHS.v1), gateway, found)) return { ...claims, production: "v1" };
  if (first === null || !hasInvertersSection(first.document)) return claims;
  return { productionDocument: first.name, ...claims, production: "inverters-section" };
}

/** All zeros come after boot; with metering hardware but no CT, firmware 8.2.4264 and later has stopped counting there. */
function isPlausibleV1(answer: unknown, { metered, firmware }: GatewayInfo, { meters }: Capabilities): boolean {
  if (!isObject(answer)) return false;
  const counted = ["wattHoursLifetime", "wattHoursSevenDays", "wattHoursToday"].some((key) => !!answer[key]);
  const isFrozen = metered && isAtLeast(firmware, "8.2.4264") && meters.length === 0;
  return counted && !isFrozen;
}

async function read(context: ReadContext): Promise<SourceResult> {
  const { gateway, capabilities, drift } = context;
  const { production, consumption, netConsumption, acBatteries } = capabilities;
  const documentOf = await fetchDocuments(context);
  const groups: { -readonly [G in GroupName]?: Groups[G] } = {};
  const measuredAt: { [G in GroupName]?: number } = {};
  const take = (name: "production" | "consumption" | "netConsumption", { group, at }: Measured) => {
    groups[name] = group;
    if (at !== null) measuredAt[name] = at;
  };

  if (production === "v1") take("production", readV1(documentOf(production), drift));
  else if (production !== null) take("production", readProduction(documentOf(production), capabilities, drift));
  if (consumption !== null) take("consumption", readConsumption(documentOf(consumption), "total-consumption", capabilities, drift));
  if (netConsumption !== null) take("netConsumption", readConsumption(documentOf(netConsumption), "net-consumption", capabilities, drift));
  if (acBatteries > 0) groups.acb = readAcBatteries(documentOf("inverters-section"), drift);

  if (groups.production?.total) refuseImplausible(groups.production.total, gateway);
  if (!isMeteredWhole(capabilities) || !isAtLeast(gateway.firmware, "8.3.5433")) return { groups, measuredAt };
  return { groups: { ...groups, ...repairTotal(groups) }, measuredAt };
}

/** Production CTs and both consumptions come from one document, so their values belong together. */
function isMeteredWhole({ metering, production, consumption, netConsumption }: Capabilities): boolean {
  return metering && consumption === production && netConsumption === production;
}

/** Asks for each document that is needed, once. Throws what `get` throws, or `implausible` where one is no object. */
async function fetchDocuments({ get, capabilities }: ReadContext): Promise<(route: ProductionRoute) => JsonObject> {
  const { production, consumption, netConsumption, acBatteries, productionDocument } = capabilities;
  const nameOf = (route: ProductionRoute) => (route === "inverters-section" ? productionDocument : route);
  const documents = new Map<string, JsonObject>();
  for (const route of [production, consumption, netConsumption, acBatteries > 0 ? ("inverters-section" as const) : null]) {
    if (route === null || documents.has(nameOf(route))) continue;
    const path = PATHS[nameOf(route)];
    const answer = await get(path);
    if (!isObject(answer)) throw new BridgeError("implausible", `${path} answered with something that is not an object`);
    documents.set(nameOf(route), answer);
  }
  return (route) => documents.get(nameOf(route)) ?? {};
}

function readV1(document: JsonObject, drift: Drift): Measured {
  const all = fields(document, "v1 production", drift);
  const total = {
    wattsNow: all.integer("wattsNow"),
    whLifetime: all.integer("wattHoursLifetime"),
    whToday: all.integer("wattHoursToday"),
    whLastSevenDays: all.integer("wattHoursSevenDays"),
  };
  return { group: { total, phases: {} }, at: null };
}

/** Firmware 3 gives zeros for a while after it has booted; a document without any value is none. */
function refuseImplausible({ wattsNow, whLifetime, whToday, whLastSevenDays }: PowerEnergy, { firmware }: GatewayInfo): void {
  const values = [wattsNow, whLifetime, whToday, whLastSevenDays];
  if (values.every((value) => value === null)) throw new BridgeError("implausible", "production: the gateway gives no value at all");
  if (firmware.major === 3 && values.every((value) => value === 0)) {
    throw new BridgeError("implausible", "production: all values are 0, as firmware 3 gives them after it has started; they are not taken");
  }
}
