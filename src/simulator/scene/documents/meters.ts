import type { Flow, Measured } from "../house.ts";
import { type Moment, round3, seconds } from "../moment.ts";

const EIDS = { production: 704_643_328, "net-consumption": 704_643_584, storage: 704_643_840 } as const;
const CHANNEL_EID = 1_778_385_169;

interface Meter {
  readonly type: keyof typeof EIDS;
  readonly enabled: boolean;
  readonly measured: Measured;
}

function meters(moment: Moment): readonly Meter[] {
  if (!moment.metered) return [];
  const { house, ct, batteries } = moment;
  const list: readonly Meter[] = [
    { type: "production", enabled: ct !== "none", measured: house.production },
    { type: "net-consumption", enabled: ct === "both", measured: house.net },
  ];
  return batteries.length === 0 ? list : [...list, { type: "storage", enabled: ct === "both", measured: house.storage }];
}

const MODES = { 1: "single", 2: "split", 3: "three" } as const;

/** `/ivp/meters`. */
export function meterList(moment: Moment): unknown {
  return meters(moment).map(({ type, enabled }) => ({
    eid: EIDS[type],
    state: enabled ? "enabled" : "disabled",
    measurementType: type,
    phaseMode: MODES[moment.phases],
    phaseCount: moment.phases,
    meteringStatus: "normal",
    statusFlags: [],
  }));
}

/** `/ivp/meters/readings`. */
export function meterReadings(moment: Moment): unknown {
  return meters(moment).map(({ type, enabled, measured }, at) => {
    const volts = moment.phases === 2 ? 120 : 230;
    const nothing: Flow = { watts: 0, deliveredWh: 0, receivedWh: 0 };
    const flow = enabled ? measured : nothing;
    const channels = moment.phases === 1 ? [flow] : padded(enabled ? measured.phases : measured.phases.map(() => nothing), nothing);
    return {
      ...reading(EIDS[type], flow, volts * moment.phases, moment),
      channels: channels.map((channel, phase) =>
        reading(CHANNEL_EID + at * 256 + phase, channel, phase < moment.phases ? volts : 0, moment),
      ),
    };
  });
}

function padded(flows: readonly Flow[], nothing: Flow): readonly Flow[] {
  return [...flows, nothing, nothing].slice(0, 3);
}

function reading(eid: number, flow: Flow, volts: number, moment: Moment): Record<string, number> {
  const watts = round3(flow.watts);
  return {
    eid,
    timestamp: seconds(moment.now),
    actEnergyDlvd: round3(flow.deliveredWh),
    actEnergyRcvd: round3(flow.receivedWh),
    apparentEnergy: round3((flow.deliveredWh + flow.receivedWh) * 1.02),
    reactEnergyLagg: round3(flow.deliveredWh / 8),
    reactEnergyLead: round3(flow.receivedWh / 8),
    instantaneousDemand: watts,
    activePower: watts,
    apparentPower: round3(Math.abs(watts) * 1.02),
    reactivePower: round3(watts / 8),
    pwrFactor: watts === 0 ? 0 : watts > 0 ? 0.98 : -0.98,
    voltage: volts,
    current: volts === 0 ? 0 : round3(Math.abs(watts) / volts),
    freq: moment.phases === 2 ? 60 : 50,
  };
}
