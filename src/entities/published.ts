import type { Section } from "./row.ts";
import { AC_BATTERY, ACB_GROUP } from "./tables/ac-battery.ts";
import { ACB_ON_GATEWAY, BATTERY, BATTERY_AGGREGATE, BATTERY_ENERGY, ENCHARGE_AGGREGATE } from "./tables/battery.ts";
import { C6_COMBINER, COLLAR } from "./tables/collar.ts";
import { ENCHARGE } from "./tables/encharge.ts";
import { DIAGNOSTICS, EVENTS, INFO, LIFECYCLE, sourceSection } from "./tables/gateway.ts";
import { GENERATOR } from "./tables/generator.ts";
import { BALANCED, BALANCED_ENERGY, GRID, GRID_ENERGY } from "./tables/grid.ts";
import { INVERTER } from "./tables/inverters.ts";
import { METER_SECTIONS } from "./tables/meters.ts";
import { CONSUMPTION_ENERGY, CONSUMPTION_LIVE, PRODUCTION, PRODUCTION_ENERGY } from "./tables/production.ts";
import { SITE_ENERGY, SITE_LIVE } from "./tables/site.ts";
import { STORAGE, TARIFF } from "./tables/storage.ts";
import { DRY_CONTACT, ENPOWER } from "./tables/system-controller.ts";

/** Sections under one heading. */
export interface Chapter {
  readonly title: string;
  readonly device: string;
  // biome-ignore lint/suspicious/noExplicitAny: rows of different contexts in one list; none of them is read here
  readonly sections: readonly Section<any>[];
}

const GATEWAY = "the gateway, `Envoy <serial>`";

/** Everything that can be published, in the order of the documentation. */
export const CHAPTERS: readonly Chapter[] = [
  { title: "Production", device: GATEWAY, sections: [PRODUCTION, PRODUCTION_ENERGY] },
  { title: "Consumption", device: GATEWAY, sections: [CONSUMPTION_LIVE, CONSUMPTION_ENERGY] },
  { title: "Grid", device: GATEWAY, sections: [GRID, BALANCED, GRID_ENERGY, BALANCED_ENERGY] },
  {
    title: "Batteries together",
    device: GATEWAY,
    sections: [BATTERY, ENCHARGE_AGGREGATE, BATTERY_AGGREGATE, ACB_ON_GATEWAY, BATTERY_ENERGY],
  },
  ...[...METER_SECTIONS].map(([type, { live, energy }]) => ({ title: `CT meter: ${type}`, device: GATEWAY, sections: [live, energy] })),
  { title: "Inverters", device: "`Inverter <serial>`", sections: [INVERTER] },
  { title: "IQ batteries", device: "`Encharge <serial>`", sections: [ENCHARGE] },
  { title: "System Controller", device: "`Enpower <serial>`", sections: [ENPOWER] },
  { title: "Dry contacts", device: "named as the load", sections: [DRY_CONTACT] },
  { title: "Storage settings", device: "the System Controller, else the gateway", sections: [STORAGE] },
  { title: "Tariff", device: GATEWAY, sections: [TARIFF] },
  { title: "IQ Meter Collar", device: "`Collar <serial>`", sections: [COLLAR] },
  { title: "C6 Combiner", device: "`C6 Combiner <serial>`", sections: [C6_COMBINER] },
  { title: "AC batteries together", device: "`ACB <gateway's serial>`", sections: [ACB_GROUP] },
  { title: "AC batteries", device: "`AC Battery <serial>`", sections: [AC_BATTERY] },
  { title: "Generator", device: "`Generator <gateway's serial>`", sections: [GENERATOR] },
  { title: "The gateway's own", device: GATEWAY, sections: [LIFECYCLE, EVENTS, INFO, DIAGNOSTICS, sourceSection("<source>")] },
  { title: "Sites", device: "`Site <name>`; its topics are under `<base>/site_<name>/`", sections: [SITE_LIVE, SITE_ENERGY] },
];
