import { isAtLeast } from "../../model/firmware.ts";
import { flatten, getObject, isUsable } from "../answers.ts";
import { softly } from "../softly.ts";
import type { ProbeContext, Source } from "../source.ts";

type LimitGroup = "pelSettings" | "pvLimit" | "dpel";

/**
 * Documents that limit export or production, read only, their keys as the gateway names them. Older firmware has them too, but a
 * gateway below 8.3.5528 (the first whose owner was seen to be let in to all of them) is spared the three requests unless the user asks.
 */
export function limitSource(name: string, path: string, group: LimitGroup): Source {
  return {
    name,
    interval: "inventory",
    groups: [group],
    core: false,
    async probe(context) {
      return asked(context) && isUsable(await softly(context.get, path)) ? { [group]: true } : {};
    },
    wanted: (capabilities) => capabilities[group],
    async read({ get }) {
      return { groups: { [group]: flatten(await getObject(get, path)) } };
    },
  };
}

function asked({ gateway, siteLimits = "auto" }: ProbeContext): boolean {
  return siteLimits === "auto" ? isAtLeast(gateway.firmware, "8.3.5528") : siteLimits === "always";
}
