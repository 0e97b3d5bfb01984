import { isAtLeast } from "../../model/firmware.ts";
import { type Answer, type GatewayContent, type GatewayFacts, json } from "../content.ts";
import { type Controls, createControls, write } from "./controls.ts";
import { deviceData } from "./documents/device-data.ts";
import { dryContacts, ensembleInventory, ensemblePower, generatorStatus, relay, secctrl } from "./documents/ensemble.ts";
import { homeDocument, infoDocument, inventoryDocument, pelSettings } from "./documents/gateway.ts";
import { meterList, meterReadings } from "./documents/meters.ts";
import { productionDocument, v1Inverters, v1Production } from "./documents/production.ts";
import { createHouse, type House, type HouseState } from "./house.ts";
import { createRoof } from "./inverters.ts";
import type { CtSetup, InverterReport, Moment } from "./moment.ts";
import { midnights, zoneOffset } from "./zone.ts";

export interface SceneOptions {
  /** When the scene begins, epoch ms. */
  readonly start: number;
  /** 1 where not given; the same seed gives the same house and weather. */
  readonly seed?: number;
  readonly serial?: string;
  /** `8.3.5289` where not given. */
  readonly firmware?: string;
  /** How many times faster than the clock the sun moves: 480 makes a day of three minutes. Counters stay true to the power shown. */
  readonly speed?: number;
  /** Local hour of the sun at the start; the clock's own where not given. */
  readonly startHour?: number;
  readonly timeZone?: string;
  /** 12 where not given. */
  readonly inverters?: number;
  /** 3 where not given; 2 is split phase. */
  readonly phases?: 1 | 2 | 3;
  /** The gateway has metering hardware: true where not given. */
  readonly metered?: boolean;
  readonly ct?: CtSetup;
  /** IQ batteries of 5 kWh, with a System Controller; 0 where not given. */
  readonly batteries?: number;
  readonly generator?: boolean;
  /** Peak of one panel, W. */
  readonly panelWatts?: number;
}

/** A simulated house behind a gateway. */
export interface Scene extends GatewayContent {
  readonly house: House;
  readonly controls: Controls;
  /** Serials of the inverters, in the lists' order. */
  readonly inverterSerials: readonly string[];
  /** Everything that the gateway's documents say at a moment. */
  moment(gateway: GatewayFacts): Moment;
  /** After a reboot: the counters of the production documents are zero until then (epoch ms). */
  zerosUntil(time: number): void;
  /** Inverters that are not in the lists. */
  hideInverters(serials: readonly string[]): void;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BATTERY_WH = 5000;

export function createScene(options: SceneOptions): Scene {
  const { start, seed = 1, inverters = 12, batteries = 0, phases = 3, timeZone = "Europe/Amsterdam" } = options;
  const zone = zoneOffset(timeZone, start);
  const shift = options.startHour === undefined ? 0 : options.startHour * HOUR_MS - ((start + zone) % DAY_MS);
  const peakWatts = inverters * (options.panelWatts ?? 295);
  const batteryWh = batteries * BATTERY_WH;
  const speed = options.speed ?? 1;
  const house = createHouse({ seed, start, sunOffset: zone + shift, speed, phases, peakWatts, batteryWh });
  const roof = createRoof({ seed, count: inverters, panelWatts: options.panelWatts ?? 295, speed });
  const metered = options.metered ?? true;
  const controls = createControls(start);
  const midnight = midnights(timeZone);
  const remembered = rememberState(house);
  const batterySerials = Array.from({ length: batteries }, (_, at) => `4923${String(seed % 10_000).padStart(4, "0")}${1001 + at * 17}`);
  let zeros = Number.NEGATIVE_INFINITY;
  let hidden: ReadonlySet<string> = new Set();

  const moment = (gateway: GatewayFacts): Moment => {
    const { now } = gateway;
    const isSilent = now < zeros;
    const state = isSilent ? silent(house.at(now)) : house.at(now);
    let reports: readonly InverterReport[] | null = null;
    return {
      now,
      serial: gateway.serial,
      firmware: gateway.firmware,
      timeZone,
      house: state,
      midnight: isSilent ? state : remembered(midnight(now, 0)),
      weekStart: isSilent ? state : remembered(midnight(now, 6)),
      get inverters() {
        reports ??= isSilent ? [] : roof.reports(house, now, (back) => midnight(now, back)).filter(({ serial }) => !hidden.has(serial));
        return reports;
      },
      metered,
      ct: metered ? (options.ct ?? "both") : "none",
      phases,
      batteries: batterySerials,
      batteryWh,
      generator: options.generator ?? false,
    };
  };
  return {
    serial: options.serial ?? "122302000001",
    firmware: options.firmware ?? "8.3.5289",
    house,
    controls,
    inverterSerials: roof.serials,
    moment,
    zerosUntil: (time) => {
      zeros = time;
    },
    hideInverters: (serials) => {
      hidden = new Set(serials);
    },
    answer(request, gateway) {
      if (request.method !== "GET") return written(controls, request);
      const make = ROUTES[request.path];
      return make === undefined ? null : make(moment(gateway), controls);
    },
  };
}

type Route = (moment: Moment, controls: Controls) => Answer | null;
const ROUTES: Readonly<Record<string, Route | undefined>> = {
  "/info": (moment) => ({ status: 200, contentType: "text/xml", body: infoDocument(moment) }),
  "/home": from("7.0.0", homeDocument),
  "/production": from("5.0.0", (moment) => productionDocument(moment, false)),
  "/production.json": from("3.9.0", (moment) => productionDocument(moment, false)),
  "/production.json?details=1": from("3.9.0", (moment) => productionDocument(moment, true)),
  "/api/v1/production": from("3.7.0", v1Production),
  "/api/v1/production/inverters": from("3.9.0", v1Inverters),
  "/ivp/meters": from("4.2.0", meterList),
  "/ivp/meters/readings": from("4.2.0", meterReadings),
  "/ivp/pdm/device_data": (moment) => {
    if (isAtLeast(moment.firmware, "8.2.127")) return json(deviceData(moment));
    return moment.firmware.major >= 7 ? { ...json({ error: "401 - Unauthorized" }), status: 401 } : null;
  },
  "/inventory.json?deleted=1": from("3.9.0", inventoryDocument),
  "/ivp/ensemble/inventory": from("5.0.0", ensembleInventory),
  "/ivp/ensemble/secctrl": from("7.0.0", secctrl),
  "/ivp/ensemble/power": from("7.0.0", ensemblePower),
  "/ivp/ensemble/relay": from("7.0.0", (_, controls) => relay(controls)),
  "/ivp/ensemble/dry_contacts": from("7.0.0", (_, controls) => dryContacts(controls)),
  "/ivp/ensemble/generator": from("7.0.0", generatorStatus),
  "/ivp/ss/dry_contact_settings": from("7.0.0", (_, controls) => ({ dry_contacts: controls.contactSettings })),
  "/ivp/ss/gen_config": from("5.0.0", (moment, controls) => (moment.generator ? controls.generatorConfig : {})),
  "/ivp/ss/gen_mode": from("7.0.0", (moment, controls) => (moment.generator ? controls.generatorMode : {})),
  "/ivp/ss/gen_schedule": from("7.0.0", (moment, controls) => (moment.generator ? controls.generatorSchedule : {})),
  "/ivp/ss/pel_settings": from("7.3.466", pelSettings),
  "/ivp/ss/dpel": from("8.3.5000", () => ({ dynamic_pel_settings: { enable: false }, filename: "site_settings", version: "00.00.01" })),
  "/ivp/sc/pvlimit": from("7.3.466", () => ({ enable: false, pv_limit_pct: 100 })),
  "/admin/lib/tariff": from("5.0.0", (_, controls) => ({ tariff: controls.tariff, schedule: { source: "Tariff", version: "00.00.02" } })),
};

function from(firmware: string, make: (moment: Moment, controls: Controls) => unknown): Route {
  return (moment, controls) => (isAtLeast(moment.firmware, firmware) ? json(make(moment, controls)) : null);
}

function written(controls: Controls, request: { readonly method: string; readonly path: string; readonly body: string }): Answer | null {
  try {
    const answer = write(controls, request.method, request.path, request.body);
    return answer === null ? null : json(answer);
  } catch {
    return { ...json({ error: "400 - Bad Request" }), status: 400 };
  }
}

/** The last few states asked for: midnights are asked for again and again. */
function rememberState(house: House): (now: number) => HouseState {
  const known = new Map<number, HouseState>();
  return (now) => {
    const state = known.get(now) ?? house.at(now);
    if (known.size > 20) known.clear();
    known.set(now, state);
    return state;
  };
}

function silent(state: HouseState): HouseState {
  const flow = { watts: 0, deliveredWh: 0, receivedWh: 0 };
  const nothing = { ...flow, phases: state.net.phases.map(() => flow) };
  return { production: nothing, net: nothing, storage: nothing, soc: state.soc };
}
