import type { View } from "../model/view.ts";
import { createAssembly } from "./assembly.ts";
import { devicePlaces } from "./device-places.ts";
import { gatewayDevice } from "./devices.ts";
import type { Facts } from "./facts.ts";
import { gatewayPlaces } from "./gateway-places.ts";
import { rawTopics } from "./raw.ts";

/** Makes views of one gateway. As long as nothing structural changes, `devices` of its views is the same array. */
export type Catalogue = (facts: Facts) => View;

/**
 * A catalogue for one gateway. It remembers the last structure, and which phases and details were there since the last probe: a value
 * that the gateway leaves out for once becomes unknown and does not vanish.
 */
export function createCatalogue(): Catalogue {
  const assemble = createAssembly();
  return (facts) => {
    const gateway = gatewayDevice(facts);
    return assemble({
      serial: gateway.id,
      probe: JSON.stringify([facts.gateway, facts.capabilities]),
      places: [...gatewayPlaces(facts, gateway), ...devicePlaces(facts, gateway)],
      raw: rawTopics(facts),
      options: facts.options,
    });
  };
}

/** One view, without a memory. */
export function catalogue(facts: Facts): View {
  return createCatalogue()(facts);
}
