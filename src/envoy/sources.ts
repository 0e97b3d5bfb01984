import type { Source } from "./source.ts";
import { acBatteriesSource } from "./sources/ac-batteries.ts";
import { dpelSource } from "./sources/dpel.ts";
import { dryContactsSource } from "./sources/dry-contacts.ts";
import { ensembleInventorySource } from "./sources/ensemble-inventory.ts";
import { ensemblePowerSource } from "./sources/ensemble-power.ts";
import { ensembleSecctrlSource } from "./sources/ensemble-secctrl.ts";
import { generatorConfigSource, generatorModeSource, generatorScheduleSource, generatorStatusSource } from "./sources/generator.ts";
import { homeSource } from "./sources/home.ts";
import { invertersSource } from "./sources/inverters.ts";
import { metersSource } from "./sources/meters.ts";
import { pelSettingsSource } from "./sources/pel-settings.ts";
import { productionSource } from "./sources/production.ts";
import { pvLimitSource } from "./sources/pv-limit.ts";
import { tariffSource } from "./sources/tariff.ts";

/**
 * Everything that is read from a gateway, in the order in which it is probed: each sees what those before it found. A new endpoint is a
 * file in `sources/` and a line here.
 */
export const SOURCES: readonly Source[] = [
  metersSource,
  productionSource,
  invertersSource,
  ensembleInventorySource,
  ensembleSecctrlSource,
  ensemblePowerSource,
  dryContactsSource,
  acBatteriesSource,
  tariffSource,
  generatorConfigSource,
  generatorStatusSource,
  generatorScheduleSource,
  generatorModeSource,
  pelSettingsSource,
  pvLimitSource,
  dpelSource,
  homeSource,
];
