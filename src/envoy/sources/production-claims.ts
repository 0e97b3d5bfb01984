import type { Capabilities } from "../../model/capabilities.ts";
import { isNumber, isObject, type JsonObject } from "../decode.ts";

/** What the production documents were found to give. */
export type ProductionClaims = Partial<
  Pick<Capabilities, "production" | "productionDocument" | "consumption" | "netConsumption" | "metering" | "acBatteries">
>;

/** `claims` and what `document` adds to them: what an earlier document gives stays with it. */
export function claim(
  claims: ProductionClaims,
  document: JsonObject,
  name: Capabilities["productionDocument"],
  hasCt: boolean,
): ProductionClaims {
  const meter = section(document, "production").find((entry) => entry["type"] === "eim" && (hasCt || isActive(entry)));
  const measures = (type: string) => section(document, "consumption").some((entry) => entry["measurementType"] === type && isActive(entry));
  const storage = section(document, "storage")[0];
  return {
    ...(meter !== undefined && { production: name, metering: true }),
    ...(measures("total-consumption") && { consumption: name }),
    ...(measures("net-consumption") && { netConsumption: name }),
    ...(storage !== undefined && hasAcBatteries(storage) && { acBatteries: Number(storage["activeCount"]), productionDocument: name }),
    ...claims,
  };
}

/** Without CTs the microinverters' own count is all there is. */
export function hasInvertersSection(document: JsonObject): boolean {
  return section(document, "production").some((entry) => entry["type"] === "inverters" && isActive(entry));
}

export function hasProductionCt({ meters }: Capabilities): boolean {
  return meters.some(({ type }) => type === "production");
}

/** The objects of a list in the document; none where it is missing. */
export function section(document: JsonObject, key: string): readonly JsonObject[] {
  const list = document[key];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** It counts something now. */
export function isActive(entry: JsonObject): boolean {
  return isNumber(entry["activeCount"]) && entry["activeCount"] > 0;
}

function hasAcBatteries(storage: JsonObject): boolean {
  return isActive(storage) && Object.hasOwn(storage, "percentFull");
}
