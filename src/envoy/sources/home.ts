import type { HomeInfo } from "../../model/snapshot.ts";
import { type Drift, fields, isObject, type JsonObject } from "../decode.ts";
import { softly } from "../softly.ts";
import type { Source } from "../source.ts";

/** The gateway's network and time zone. Slow (a minute and more on firmware 8.3), so it is read once; many gateways have none. */
export const homeSource: Source = {
  name: "home",
  interval: "once",
  groups: ["home"],
  core: false,
  probe: async () => ({}),
  wanted: () => true,
  async read({ get, drift }) {
    const answer = await softly(get, "/home");
    return isObject(answer) ? { groups: { home: readHome(answer, drift) } } : { groups: {} };
  },
};

function readHome(answer: JsonObject, drift: Drift): HomeInfo {
  const home = fields(answer, "home", drift);
  const network = fields(home.object("network") ?? {}, "home network", drift);
  const primary = network.text("primary_interface");
  const entry = network.objects("interfaces").find((one) => one["interface"] === primary);
  const used = entry === undefined ? null : fields(entry, "home interface", drift);
  return {
    primaryInterface: primary,
    interfaceType: used?.text("type") ?? null,
    mac: used?.text("mac") ?? null,
    dhcp: used?.boolean("dhcp") ?? null,
    softwareBuiltAt: home.time("software_build_epoch"),
    timezone: home.text("timezone"),
  };
}
