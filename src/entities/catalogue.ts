import type { View } from "../model/view.ts";
import type { Facts } from "./facts.ts";

/** Makes views of one gateway. As long as nothing structural changes, `devices` of its views is the same array. */
export type Catalogue = (facts: Facts) => View;

/** A catalogue with a memory of the last structure: one for each gateway. */
export function createCatalogue(): Catalogue {
  return (facts) => ({ serial: facts.gateway.serial, devices: [], states: [] });
}

/** One view, without a memory. */
export function catalogue(facts: Facts): View {
  return createCatalogue()(facts);
}
