import { type Capabilities, METER_TYPES, type MeterType, PHASES } from "../../model/capabilities.ts";
import { BridgeError } from "../../model/errors.ts";
import { type Firmware, isAtLeast } from "../../model/firmware.ts";
import type { CtMeter, CtMeterGroup, Phases } from "../../model/snapshot.ts";
import { type Drift, fields, isNumber, isObject, type JsonObject, objects } from "../decode.ts";
import { softly } from "../softly.ts";
import type { ProbeContext, ReadContext, Source, SourceResult } from "../source.ts";

const METERS = "/ivp/meters";
const READINGS = "/ivp/meters/readings";

/** The CTs: what is configured and what it reads. Disabled CTs give nothing. */
export const metersSource: Source = {
  name: "meters",
  interval: "meters",
  groups: ["meters"],
  core: true,
  probe,
  wanted: ({ meters }) => meters.length > 0,
  read,
};

async function probe({ get }: ProbeContext): Promise<Partial<Capabilities>> {
  const answer = await softly(get, METERS);
  if (!Array.isArray(answer)) return {};
  const enabled = answer.filter(isObject).filter((meter) => meter["state"] === "enabled");
  const meters = enabled.flatMap(({ eid, measurementType }) =>
    isNumber(eid) && typeof measurementType === "string" ? [{ eid, type: measurementType }] : [],
  );
  if (meters.length === 0) return {};
  const counts = enabled.map(({ phaseCount }) => (isNumber(phaseCount) ? phaseCount : 1));
  const mode = enabled.at(-1)?.["phaseMode"];
  return { meters, phaseCount: Math.min(Math.max(1, ...counts), PHASES.length), phaseMode: typeof mode === "string" ? mode : null };
}

async function read({ get, gateway, capabilities, drift }: ReadContext): Promise<SourceResult> {
  const configured = byEid(await get(METERS), "meters", drift);
  const readings = byEid(await get(READINGS), "meter readings", drift);
  // From firmware 8.3.5025 on there are readings of meters that are not listed, so only the eid joins them.
  const known = capabilities.meters.filter(({ eid }) => readings.has(eid));
  if (known.length === 0) throw new BridgeError("implausible", `${READINGS} holds no reading of the enabled CTs`);

  const meters = new Map<MeterType, CtMeterGroup>();
  for (const { eid, type } of capabilities.meters) {
    const name = METER_TYPES.find((known) => known === type);
    if (name === undefined) drift("meters: a measurementType is not known");
    else if (meters.has(name)) drift(`meters: more than one ${name} CT`);
    if (name === undefined) continue;
    const group = readGroup(name, eid, configured.get(eid) ?? {}, readings.get(eid), capabilities, drift);
    meters.set(name, isHalfBlind(name, group, capabilities, gateway.firmware) ? withoutBlindHalf(group) : group);
  }
  const measured = [...meters.values()].flatMap(({ total }) => total?.measuredAt ?? []);
  return measured.length === 0 ? { groups: { meters } } : { groups: { meters }, measuredAt: { meters: Math.max(...measured) } };
}

function byEid(answer: unknown, where: string, drift: Drift): ReadonlyMap<number, JsonObject> {
  const found = new Map<number, JsonObject>();
  for (const entry of objects(answer, where, drift)) {
    const eid = fields(entry, where, drift).number("eid");
    if (eid === null) continue;
    if (found.has(eid)) drift(`${where}: an eid is there twice`);
    found.set(eid, entry);
  }
  return found;
}

function readGroup(
  type: MeterType,
  eid: number,
  meter: JsonObject,
  reading: JsonObject | undefined,
  { phaseCount }: Capabilities,
  drift: Drift,
): CtMeterGroup {
  if (reading === undefined) return { total: null, phases: {} };
  const channels = phaseCount > 1 ? fields(reading, "meter reading", drift).objects("channels") : [];
  const phases: Record<string, CtMeter> = {};
  for (const [index, phase] of PHASES.slice(0, phaseCount).entries()) {
    const channel = channels[index];
    if (channel !== undefined) phases[phase] = readMeter(type, eid, meter, channel, drift);
  }
  return { total: readMeter(type, eid, meter, reading, drift), phases };
}

function readMeter(type: MeterType, parent: number, meter: JsonObject, reading: JsonObject, drift: Drift): CtMeter {
  const read = fields(reading, "meter reading", drift);
  const set = fields(meter, "meter", drift);
  return {
    eid: read.number("eid") ?? parent,
    measuredAt: read.time("timestamp"),
    energyDelivered: read.integer("actEnergyDlvd"),
    energyReceived: read.integer("actEnergyRcvd"),
    activePower: read.integer("activePower"),
    powerFactor: read.number("pwrFactor"),
    voltage: read.number("voltage"),
    current: read.number("current"),
    frequency: read.number("freq"),
    apparentPower: read.optional.integer("apparentPower"),
    reactivePower: read.optional.integer("reactivePower"),
    state: set.text("state"),
    measurementType: type,
    meteringStatus: set.text("meteringStatus"),
    statusFlags: set.optional.texts("statusFlags"),
  };
}

/**
 * Firmware 8.3.6000 and later: a storage CT on split phase may count one phase only, whose energy is then given as the whole. Neither the
 * whole nor the phase at zero is true.
 */
function isHalfBlind(
  type: MeterType,
  { total, phases }: CtMeterGroup,
  { phaseMode, phaseCount }: Capabilities,
  firmware: Firmware,
): boolean {
  if (type !== "storage" || phaseMode !== "split" || phaseCount !== 2 || !isAtLeast(firmware, "8.3.6000")) return false;
  const { l1, l2 } = phases;
  if (total === null || l1 === undefined || l2 === undefined || isAtZero(l1) === isAtZero(l2)) return false;
  const counting = isAtZero(l1) ? l2 : l1;
  const { energyDelivered, energyReceived } = counting;
  return !!energyDelivered && !!energyReceived && energyDelivered === total.energyDelivered && energyReceived === total.energyReceived;
}

function isAtZero({ energyDelivered, energyReceived }: CtMeter): boolean {
  return energyDelivered === 0 && energyReceived === 0;
}

function withoutBlindHalf({ phases }: CtMeterGroup): CtMeterGroup {
  const counting: Phases<CtMeter> = Object.fromEntries(Object.entries(phases).filter(([, phase]) => !isAtZero(phase)));
  return { total: null, phases: counting };
}
