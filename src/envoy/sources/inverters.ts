import type { Capabilities } from "../../model/capabilities.ts";
import { BridgeError } from "../../model/errors.ts";
import type { Inverter, Snapshot } from "../../model/snapshot.ts";
import { type Drift, fields, isNumber, isObject, type JsonObject, objects, roundHalfEven } from "../decode.ts";
import { softly } from "../softly.ts";
import type { Get, ProbeContext, ReadContext, Source, SourceResult } from "../source.ts";

const DEVICE_DATA = "/ivp/pdm/device_data";
const V1 = "/api/v1/production/inverters";

/** The microinverters: device data has details, but only of the first 50; V1 has all of them with power alone. */
export const invertersSource: Source = {
  name: "inverters",
  interval: "inverters",
  groups: ["inverters"],
  core: false,
  probe,
  wanted: ({ inverters }) => inverters !== null,
  read,
};

async function probe({ get }: ProbeContext): Promise<Partial<Capabilities>> {
  const data = await softly(get, DEVICE_DATA);
  const use = isObject(data) ? usability(data) : "none";
  if (use === "all") return { inverters: "device_data" };
  const hasList = Array.isArray(await softly(get, V1));
  if (use === "some") return { inverters: hasList ? "both" : "device_data" };
  return hasList ? { inverters: "v1" } : {};
}

/** `some`: as many devices as device data can hold, so there may be more. */
function usability(data: JsonObject): "all" | "some" | "none" {
  const { deviceCount, deviceDataLimit } = data;
  if (!isNumber(deviceCount) || !isNumber(deviceDataLimit)) return "none";
  const active = activeInverters(data);
  if (active.length === 0) return "none";
  if (deviceCount >= deviceDataLimit) return "some";
  return active.every(isWhole) ? "all" : "none";
}

function activeInverters(data: JsonObject): readonly JsonObject[] {
  return Object.values(data)
    .filter(isObject)
    .filter((device) => device["devName"] === "pcu" && !!device["active"] && !!device["sn"]);
}

function isWhole(device: JsonObject): boolean {
  const { watts, lastReading } = channelOf(device) ?? {};
  return isObject(watts) && isNumber(watts["now"]) && isNumber(watts["max"]) && isObject(lastReading) && isNumber(lastReading["endDate"]);
}

function channelOf(device: JsonObject): JsonObject | null {
  const channels = device["channels"];
  const first: unknown = Array.isArray(channels) ? channels[0] : null;
  return isObject(first) ? first : null;
}

async function read(context: ReadContext): Promise<SourceResult> {
  const { capabilities, get, drift, previous, now } = context;
  const listed = capabilities.inverters === "device_data" ? [] : await readList(get, drift);
  const detailed = capabilities.inverters === "v1" ? [] : await readDeviceData(get, drift);
  const inverters = new Map<string, Inverter>();
  for (const inverter of listed) {
    if (inverters.has(inverter.serial)) drift("inverters: a serial is there twice");
    inverters.set(inverter.serial, inverter);
  }
  for (const inverter of detailed) inverters.set(inverter.serial, inverter);
  if (inverters.size === 0 && (previous?.inverters?.value.size ?? 0) > 0) {
    throw new BridgeError("implausible", "the gateway lists no inverters now, though it had some; it may have just started");
  }
  return { groups: { inverters: keepMissing(inverters, previous, now) } };
}

/** An inverter that a list leaves out has not left the roof: it stays, with unknown values, until a week after its last report. */
function keepMissing(present: Map<string, Inverter>, previous: Snapshot | undefined, now: number): ReadonlyMap<string, Inverter> {
  for (const [serial, before] of previous?.inverters?.value ?? []) {
    const isRecent = before.lastReportAt === null || now - before.lastReportAt < WEEK;
    if (!present.has(serial) && isRecent) present.set(serial, { ...UNKNOWN, serial, lastReportAt: before.lastReportAt });
  }
  return present;
}

const WEEK = 7 * 24 * 3600 * 1000;

const UNKNOWN: Omit<Inverter, "serial"> = {
  lastReportAt: null,
  lastReportWatts: null,
  maxReportWatts: null,
  dcVoltage: null,
  dcCurrent: null,
  acVoltage: null,
  acCurrent: null,
  acFrequency: null,
  temperature: null,
  lifetimeWh: null,
  todayWh: null,
  lastReportDuration: null,
};

async function readList(get: Get, drift: Drift): Promise<readonly Inverter[]> {
  const answer = await get(V1);
  if (!Array.isArray(answer)) throw new BridgeError("implausible", `${V1} answered with something that is not a list`);
  return objects(answer, "inverters", drift).flatMap((entry) => {
    const { devType } = entry;
    // Type 11 is an AC battery, which reports here too.
    if (devType !== undefined && devType !== 1) return [];
    const one = fields(entry, "inverter", drift);
    const serial = one.id("serialNumber");
    if (serial === null) return [];
    return {
      ...UNKNOWN,
      serial,
      lastReportAt: one.time("lastReportDate"),
      lastReportWatts: one.number("lastReportWatts"),
      maxReportWatts: one.number("maxReportWatts"),
    };
  });
}

async function readDeviceData(get: Get, drift: Drift): Promise<readonly Inverter[]> {
  const answer = await get(DEVICE_DATA);
  if (!isObject(answer)) throw new BridgeError("implausible", `${DEVICE_DATA} answered with something that is not an object`);
  return activeInverters(answer).flatMap((device) => {
    const serial = fields(device, "inverter", drift).id("sn");
    const channel = channelOf(device);
    if (channel === null) drift("inverter: no channels");
    return serial === null ? [] : readChannel(serial, channel ?? {}, drift);
  });
}

/** The gateway gives mV, mA, mHz and joules. */
function readChannel(serial: string, channel: JsonObject, drift: Drift): Inverter {
  const one = fields(channel, "inverter", drift).optional;
  const reading = one.object("lastReading") ?? {};
  // A panel that does not report has an empty reading.
  const strict = fields(reading, "inverter lastReading", drift);
  const last = Object.keys(reading).length === 0 ? strict.optional : strict;
  const watts = fields(one.object("watts") ?? {}, "inverter watts", drift).optional;
  const joules = fields(one.object("lifetime") ?? {}, "inverter lifetime", drift).optional.number("joulesProduced");
  return {
    serial,
    lastReportAt: last.time("endDate"),
    lastReportWatts: watts.number("now"),
    maxReportWatts: watts.number("max"),
    dcVoltage: thousandth(last.number("dcVoltageINmV")),
    dcCurrent: thousandth(last.number("dcCurrentINmA")),
    acVoltage: thousandth(last.number("acVoltageINmV")),
    acCurrent: thousandth(last.number("acCurrentInmA")),
    acFrequency: thousandth(last.number("acFrequencyINmHz")),
    temperature: last.number("channelTemp"),
    lifetimeWh: joules === null ? null : roundHalfEven(joules / 3600),
    todayWh: fields(one.object("wattHours") ?? {}, "inverter wattHours", drift).optional.number("today"),
    lastReportDuration: last.number("duration"),
  };
}

function thousandth(value: number | null): number | null {
  return value === null ? null : value / 1000;
}
