import type { EnchargePower } from "../../model/snapshot.ts";
import { getObject } from "../answers.ts";
import { fields, objects } from "../decode.ts";
import type { Source } from "../source.ts";

/** Power and charge of each battery. The gateway's key really ends with a colon. */
export const ensemblePowerSource: Source = {
  name: "ensemble-power",
  interval: "production",
  groups: ["enchargePower"],
  core: false,
  probe: async () => ({}),
  wanted: ({ encharge }) => encharge,
  async read({ get, drift }) {
    const answer = await getObject(get, "/ivp/ensemble/power");
    const enchargePower = new Map<string, EnchargePower>();
    for (const entry of objects(answer["devices:"], "ensemble power", drift)) {
      const device = fields(entry, "encharge power", drift);
      const serial = device.id("serial_num");
      if (serial === null) continue;
      enchargePower.set(serial, {
        realPowerMw: device.number("real_power_mw"),
        apparentPowerMva: device.number("apparent_power_mva"),
        soc: device.number("soc"),
      });
    }
    return { groups: { enchargePower } };
  },
};
