import type { Capabilities } from "../model/capabilities.ts";
import type { Inverter, Snapshot } from "../model/snapshot.ts";

/** 200 A at 240 V, the largest service of a house; more than 3 × 63 A at 230 V. */
const SERVICE_WATTS = 48_000;
/** Where no inverter says what it can. */
const PRODUCTION_WATTS = 48_000;
/** The largest microinverters give some 700 W in pairs; one that has just been installed has not shown yet what it can. */
const INVERTER_WATTS = 800;
const MARGIN = 1.5;
/** One IQ battery gives up to 3 840 W, some up to 7 680 W for seconds. */
const BATTERY_WATTS = 7_680;
const AC_BATTERY_WATTS = 400;

/** The most that one inverter can give, W. */
export function inverterLimit({ maxReportWatts }: Inverter): number {
  return Math.max(INVERTER_WATTS, MARGIN * (maxReportWatts ?? 0));
}

/** The most that all inverters can give, W. */
export function productionLimit({ inverters }: Snapshot): number {
  if (inverters === undefined || inverters.value.size === 0) return PRODUCTION_WATTS;
  let limit = 0;
  for (const inverter of inverters.value.values()) limit += inverterLimit(inverter);
  return Math.max(limit, INVERTER_WATTS);
}

/** The most that all batteries together can give or take, W. */
function storageLimit(snapshot: Snapshot, { acBatteries }: Capabilities): number {
  const batteries = snapshot.encharges?.value.size ?? 0;
  const limit = batteries * BATTERY_WATTS + acBatteries * AC_BATTERY_WATTS;
  return limit === 0 ? SERVICE_WATTS : limit;
}

/** The most that the house takes, W: what the grid gives, what the sun gives and what batteries give. */
export function consumptionLimit(snapshot: Snapshot): number {
  return SERVICE_WATTS + productionLimit(snapshot);
}

/** The most that can flow through a CT, W. */
export function meterLimit(type: string, snapshot: Snapshot, capabilities: Capabilities): number {
  switch (type) {
    case "production":
    case "pv3p":
      return productionLimit(snapshot);
    case "total-consumption":
      return consumptionLimit(snapshot);
    case "storage":
      return storageLimit(snapshot, capabilities);
    case "net-consumption":
      return Math.max(SERVICE_WATTS, productionLimit(snapshot));
    default:
      return SERVICE_WATTS;
  }
}
