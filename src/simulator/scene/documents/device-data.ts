import { type InverterReport, type Moment, seconds } from "../moment.ts";

/** `/ivp/pdm/device_data` holds no more devices than that; the rest is left out without a word. */
const LIMIT = 50;
const FIRST_EID = 553_648_384;
const FIRST_CHANNEL = 1_627_390_225;

/** `/ivp/pdm/device_data`. */
export function deviceData(moment: Moment): unknown {
  const document: Record<string, unknown> = {};
  for (const [at, inverter] of moment.inverters.slice(0, LIMIT).entries()) {
    document[String(FIRST_EID + at * 256)] = {
      devName: "pcu",
      sn: inverter.serial,
      active: true,
      modGone: false,
      channels: [channel(inverter, FIRST_CHANNEL + at * 256, moment.phases)],
    };
  }
  return { ...document, deviceCount: Math.min(LIMIT, moment.inverters.length), deviceDataLimit: LIMIT };
}

function channel(inverter: InverterReport, eid: number, phases: number): unknown {
  const volts = phases === 2 ? 240 : 230;
  const dcVolts = inverter.watts === 0 ? 2 : 38;
  const endDate = seconds(inverter.reportedAt);
  return {
    chanEid: eid,
    created: endDate,
    wattHours: { today: Math.round(inverter.todayWh), yesterday: Math.round(inverter.yesterdayWh), week: Math.round(inverter.weekWh) },
    watts: { now: Math.round(inverter.watts), nowUsed: 0, max: Math.round(inverter.maxWatts) },
    lastReading: {
      eid,
      interval_type: 0,
      endDate,
      duration: Math.max(1, seconds(inverter.durationMs)),
      flags: 0,
      flags_hex: "0x0000000000000000",
      joulesProduced: Math.round(inverter.reportedWh * 3600),
      acVoltageINmV: volts * 1000 + (eid % 700),
      acFrequencyINmHz: (phases === 2 ? 60_000 : 50_000) + (eid % 20),
      dcVoltageINmV: dcVolts * 1000 + (eid % 900),
      dcCurrentINmA: Math.round((inverter.watts / 0.97 / dcVolts) * 1000),
      channelTemp: 18 + Math.round(inverter.watts / 12),
      pwrConvErrSecs: 0,
      pwrConvMaxErrCycles: 0,
      joulesUsed: 0,
      leadingVArs: 12,
      laggingVArs: 3,
      acCurrentInmA: Math.round((inverter.watts / volts) * 1000),
      l1NAcVoltageInmV: 0,
      l2NAcVoltageInmV: 0,
      l3NAcVoltageInmV: 0,
      rssi: 100 + (eid % 30),
      issi: 70,
    },
    lifetime: { createdTime: endDate - 40_000_000, duration: 40_000_000, joulesProduced: Math.round(inverter.lifetimeWh * 3600) },
  };
}
