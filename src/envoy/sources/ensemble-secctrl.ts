import type { BatteryAggregate, EnchargeAggregate } from "../../model/snapshot.ts";
import { getObject } from "../answers.ts";
import { type Fields, fields } from "../decode.ts";
import type { Source } from "../source.ts";
import { hasEnsemble } from "./ensemble-inventory.ts";

/** All batteries together. IQ and AC batteries are added up only where the gateway has ensemble devices and AC batteries. */
export const ensembleSecctrlSource: Source = {
  name: "ensemble-secctrl",
  interval: "production",
  groups: ["enchargeAggregate", "batteryAggregate"],
  core: false,
  probe: async () => ({}),
  wanted: (capabilities) => capabilities.encharge || (capabilities.acBatteries > 0 && hasEnsemble(capabilities)),
  async read({ capabilities, get, drift }) {
    const secctrl = fields(await getObject(get, "/ivp/ensemble/secctrl"), "secctrl", drift);
    return {
      groups: {
        ...(capabilities.encharge && { enchargeAggregate: enchargeAggregate(secctrl) }),
        ...(capabilities.acBatteries > 0 && { batteryAggregate: batteryAggregate(secctrl) }),
      },
    };
  },
};

function enchargeAggregate(secctrl: Fields): EnchargeAggregate {
  return {
    availableWh: secctrl.number("ENC_agg_avail_energy"),
    backupReserveWh: secctrl.number("ENC_agg_backup_energy"),
    stateOfCharge: secctrl.number("ENC_agg_soc"),
    reserveSoc: secctrl.number("adjusted_backup_soc"),
    configuredReserveSoc: secctrl.number("configured_backup_soc"),
    maxCapacityWh: secctrl.number("Enc_max_available_capacity"),
  };
}

function batteryAggregate(secctrl: Fields): BatteryAggregate {
  const iq = secctrl.number("ENC_agg_avail_energy");
  const ac = secctrl.number("ACB_agg_energy");
  return {
    availableWh: iq === null || ac === null ? null : iq + ac,
    stateOfCharge: secctrl.number("agg_soc"),
    maxCapacityWh: secctrl.number("Max_energy"),
  };
}
