import { isAtLeast } from "../../../model/firmware.ts";
import type { Flow, HouseState, Measured } from "../house.ts";
import { type Moment, round3, seconds } from "../moment.ts";

interface Section {
  readonly watts: number;
  readonly lifetimeWh: number;
  readonly todayWh: number;
  readonly weekWh: number;
}

/** `/production.json` and `/production`; phases only with details. */
export function productionDocument(moment: Moment, details: boolean): unknown {
  const inverters = {
    type: "inverters",
    activeCount: moment.inverters.length,
    readingTime: Math.max(0, ...moment.inverters.map(({ reportedAt }) => seconds(reportedAt))),
    wNow: inverterWatts(moment),
    whLifetime: inverterWh(moment),
  };
  const storage = [{ type: "acb", activeCount: 0, readingTime: 0, wNow: 0, whNow: 0, state: "idle" }];
  if (!moment.metered) return { production: [inverters], storage };
  const production = meterSection(moment, "production", moment.ct !== "none", (state) => state.production, details);
  const net = meterSection(moment, "net-consumption", moment.ct === "both", (state) => state.net, details);
  // Firmware 8.3.5433 and later give net consumption where they say total.
  const isReallyNet = isAtLeast(moment.firmware, "8.3.5433");
  const total = isReallyNet
    ? { ...net, measurementType: "total-consumption" }
    : meterSection(moment, "total-consumption", moment.ct === "both", totalConsumption, details);
  return { production: [inverters, production], consumption: [total, net], storage };
}

/** The gateway's total consumption: production plus what the grid meter counts. */
export function totalConsumption(state: HouseState): Measured {
  const add = (production: Flow, net: Flow): Flow => ({
    watts: production.watts + net.watts,
    deliveredWh: production.deliveredWh + net.deliveredWh,
    receivedWh: net.receivedWh,
  });
  const nothing: Flow = { watts: 0, deliveredWh: 0, receivedWh: 0 };
  return {
    ...add(state.production, state.net),
    phases: state.net.phases.map((net, at) => add(state.production.phases[at] ?? nothing, net)),
  };
}

function meterSection(
  moment: Moment,
  measurementType: string,
  active: boolean,
  of: (state: HouseState) => Measured,
  details: boolean,
): Record<string, unknown> {
  const section = (flow: (measured: Measured) => Flow | undefined): Section => {
    const wh = (state: HouseState) => counted(flow(of(state)));
    // Firmware 8.3.5433 and later repeat the lifetime as today and the last seven days.
    const sinceEver = isAtLeast(moment.firmware, "8.3.5433");
    const lifetimeWh = wh(moment.house);
    return {
      watts: flow(of(moment.house))?.watts ?? 0,
      lifetimeWh,
      todayWh: sinceEver ? lifetimeWh : lifetimeWh - wh(moment.midnight),
      weekWh: sinceEver ? lifetimeWh : lifetimeWh - wh(moment.weekStart),
    };
  };
  const none: Section = { watts: 0, lifetimeWh: 0, todayWh: 0, weekWh: 0 };
  const whole = active ? section((measured) => measured) : none;
  const lines = moment.house.net.phases.map((_, at) => (active ? section((measured) => measured.phases[at]) : none));
  return {
    type: "eim",
    activeCount: active ? 1 : 0,
    measurementType,
    readingTime: seconds(moment.now),
    ...numbers(whole, lines.length > 1 ? 230 * lines.length : 230),
    ...(details ? { lines: lines.length > 1 ? padded(lines, none).map((line) => numbers(line, 230)) : [numbers(whole, 230)] } : {}),
  };
}

/** Net energy where both directions are counted. */
function counted(flow: Flow | undefined): number {
  return (flow?.deliveredWh ?? 0) - (flow?.receivedWh ?? 0);
}

function padded(lines: readonly Section[], none: Section): readonly Section[] {
  return [...lines, none, none].slice(0, 3);
}

function numbers(section: Section, volts: number): Record<string, number> {
  const watts = round3(section.watts);
  return {
    wNow: watts,
    whLifetime: round3(section.lifetimeWh),
    varhLeadLifetime: 0,
    varhLagLifetime: round3(section.lifetimeWh / 8),
    vahLifetime: round3(section.lifetimeWh * 1.02),
    rmsCurrent: round3(Math.abs(watts) / 230),
    rmsVoltage: volts,
    reactPwr: round3(watts / 8),
    apprntPwr: round3(Math.abs(watts) * 1.02),
    pwrFactor: watts === 0 ? 0 : watts > 0 ? 0.98 : -0.98,
    whToday: round3(section.todayWh),
    whLastSevenDays: round3(section.weekWh),
    vahToday: round3(section.todayWh * 1.02),
    varhLeadToday: 0,
    varhLagToday: round3(section.todayWh / 8),
  };
}

const inverterWatts = (moment: Moment) => Math.round(moment.inverters.reduce((sum, { watts }) => sum + watts, 0));
const inverterWh = (moment: Moment) => Math.round(moment.inverters.reduce((sum, { lifetimeWh }) => sum + lifetimeWh, 0));

/** `/api/v1/production`. Firmware 8.2.4264 and later leave it at zero on metered gateways without CTs. */
export function v1Production(moment: Moment): unknown {
  if (moment.metered && moment.ct === "none" && isAtLeast(moment.firmware, "8.2.4264")) {
    return { wattHoursToday: 0, wattHoursSevenDays: 1583, wattHoursLifetime: 1583, wattsNow: 4 };
  }
  const { house, midnight, weekStart } = moment;
  return {
    wattHoursToday: Math.round(house.production.deliveredWh - midnight.production.deliveredWh),
    wattHoursSevenDays: Math.round(house.production.deliveredWh - weekStart.production.deliveredWh),
    wattHoursLifetime: Math.round(house.production.deliveredWh),
    wattsNow: Math.round(house.production.watts),
  };
}

/** `/api/v1/production/inverters`; `devType` came with firmware 4. */
export function v1Inverters(moment: Moment): unknown {
  return moment.inverters.map((inverter) => ({
    serialNumber: inverter.serial,
    lastReportDate: seconds(inverter.reportedAt),
    ...(moment.firmware.major >= 4 ? { devType: 1 } : {}),
    lastReportWatts: Math.round(inverter.watts),
    maxReportWatts: Math.round(inverter.maxWatts),
  }));
}
