import type { View } from "../model/view.ts";
import { createAssembly } from "./assembly.ts";
import { devicePlaces } from "./device-places.ts";
import { gatewayDevice } from "./devices.ts";
import type { Facts } from "./facts.ts";
import { staleGroups } from "./freshness.ts";
import { gatewayPlaces } from "./gateway-places.ts";
import { problemOf } from "./problem.ts";
import { rawTopics } from "./raw.ts";
import { sameFields } from "./same.ts";
import { silentOf } from "./silence.ts";
import { sourceSection } from "./tables/gateway.ts";

/** Makes views of one gateway. As long as nothing structural changes, `devices` of its views is the same array. */
export type Catalogue = (facts: Facts) => View;

/**
 * A catalogue for one gateway. It remembers the last structure, and which phases and details were there since the last probe: a value
 * that the gateway leaves out for once becomes unknown and does not vanish. Facts that say nothing new give the same view.
 */
export function createCatalogue(): Catalogue {
  const assemble = createAssembly();
  const sections = remember(sourceSection);
  const probes = rememberProbe();
  let last: { readonly facts: Facts; readonly byTime: string; readonly view: View } | null = null;
  return (facts) => {
    const byTime = changesByTime(facts);
    if (last !== null && byTime === last.byTime && sameButTime(facts, last.facts)) return last.view;
    const gateway = gatewayDevice(facts);
    const view = assemble({
      serial: gateway.id,
      probe: probes(facts),
      places: [...gatewayPlaces(facts, gateway, sections), ...devicePlaces(facts, gateway)],
      raw: rawTopics(facts),
      options: facts.options,
    });
    last = { facts, byTime, view };
    return view;
  };
}

/** One view, without a memory. */
export function catalogue(facts: Facts): View {
  return createCatalogue()(facts);
}

/** All that changes although nothing was read. */
function changesByTime(facts: Facts): string {
  const inverters = facts.snapshot.inverters?.value.values() ?? [];
  return `${staleGroups(facts)} ${silentOf(inverters, facts.now)} ${problemOf(facts)}`;
}

function sameButTime({ lifecycle, options, now, ...facts }: Facts, before: Facts): boolean {
  const rest = { ...facts, now: before.now, lifecycle: before.lifecycle, options: before.options };
  return options.intervals === before.options.intervals && sameFields(lifecycle, before.lifecycle) && sameFields(rest, before);
}

/** What the last probe found, as text; the same objects are written once. */
function rememberProbe(): (facts: Facts) => string {
  let known: { readonly facts: Facts; readonly text: string } | null = null;
  return (facts) => {
    if (known?.facts.gateway !== facts.gateway || known.facts.capabilities !== facts.capabilities)
      known = { facts, text: JSON.stringify([facts.gateway, facts.capabilities]) };
    return known.text;
  };
}

function remember<T>(make: (name: string) => T): (name: string) => T {
  const made = new Map<string, T>();
  return (name) => {
    const known = made.get(name) ?? make(name);
    made.set(name, known);
    return known;
  };
}
