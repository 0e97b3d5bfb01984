import type { RecordedGateway } from "../envoy/recordings-folder.ts";
import * as fields from "./expected-fields.ts";

/** One value that a subscriber has to see: where it stands and what it is. */
export interface ExpectedValue {
  /** Below `<base>/<serial>/`. */
  readonly path: string;
  /** `null`: the topic itself says it, by its name. */
  readonly key: string | null;
  readonly value: unknown;
  /** The gateway has no such value: the key may be missing, or be `null`. */
  readonly absent: boolean;
}

export interface Expectation {
  readonly values: readonly ExpectedValue[];
  /** Below these no topic may be: the gateway has no such device, or it is none of that kind. */
  readonly noTopics: readonly string[];
}

type Raw = { readonly [key: string]: unknown };

/**
 * What of pyenphase's data is seen nowhere in a topic, and why. Nothing else may be left out; `expectation` reads the rest field by field.
 * Where a rule names a place that pyenphase fills from another one, that one is compared.
 */
export const NOT_PUBLISHED: readonly (readonly [place: RegExp, why: string])[] = [
  [/^inverters\/[^/]+\/energy_produced$/, "it has a unit of its own that nobody can use"],
];

/** A gateway's own inverters reach this number: pyenphase drops the details of all, we keep those that are there. */
const MANY = 49;

/** Every value of what pyenphase reads from a gateway, as a subscriber of ours has to see it. */
export function expectation({ expected, answers }: Pick<RecordedGateway, "expected" | "answers">): Expectation {
  const whole = expected as unknown as Raw;
  const data = whole["data"] as Raw;
  const batteries = acBatteries(data, answers);
  const tariff = data["tariff"] as Raw | null;
  const stands = whereItStands(answers);
  const [total, net] = [documentValues(data, "system_consumption", "consumption", "consumption"), netValues(data)];
  const values = [
    ...documentValues(data, "system_production", "production", "production"),
    ...(stands.total || data["system_consumption"] === null ? total : []),
    ...(stands.net || data["system_net_consumption"] === null ? net : []),
    ...meterValues(data),
    ...namedMeters(data),
    ...eachOf(data["inverters"], (serial, one) => (batteries.has(serial) ? [] : inverterValues(serial, one, data))),
    ...eachOf(data["encharge_inventory"], (serial, one) => take(`battery/${serial}`, one, fields.ENCHARGE)),
    ...eachOf(data["encharge_inventory"], (_, one) => named("battery", one, "serial_number")),
    ...eachOf(data["encharge_power"], (serial, one) => take(`battery/${serial}`, one, fields.ENCHARGE_POWER)),
    ...take("battery", data["encharge_aggregate"], fields.ENCHARGE_AGGREGATE),
    ...take("battery", data["battery_aggregate"], fields.AGGREGATE),
    ...single("system_controller", data["enpower"], fields.ENPOWER),
    ...single("collar", data["collar"], fields.COLLAR),
    ...single("combiner", data["c6cc"], fields.COMBINER),
    ...eachOf(data["dry_contact_status"], (id, one) => take(`relay/${id.toLowerCase()}`, one, fields.CONTACT_STATUS)),
    ...["dry_contact_status", "dry_contact_settings"].flatMap((group) => eachOf(data[group], (_, one) => named("relay", one, "id"))),
    ...eachOf(data["dry_contact_settings"], (id, one) => take(`relay/${id.toLowerCase()}`, one, fields.CONTACT)),
    ...take("ac_battery", data["acb_power"], fields.ACB),
    ...take("battery", data["acb_power"], fields.ACB_ON_GATEWAY),
    ...eachOf(data["acb_inventory"], acBatteryValues),
    ...take("tariff", tariff, fields.TARIFF),
    ...take("storage", tariff?.["storage_settings"], fields.STORAGE),
    ...take("generator", data["generator"], fields.GENERATOR),
    ...take("generator", data["generator_config"], fields.GENERATOR_CONFIG),
    ...take("generator", data["generator_mode"], fields.GENERATOR_MODE),
    ...take("generator", data["generator_schedule"], fields.GENERATOR_SCHEDULE),
    ...take("info", whole["interface_information"], fields.INTERFACE),
    ...take("info", whole, fields.GATEWAY),
  ];
  const missing = Object.entries(DEVICE_TOPICS).flatMap(([group, topic]) => (data[group] === null ? [topic] : []));
  return { values, noTopics: [...missing, ...[...batteries].map((serial) => `inverter/${serial}`)] };
}

const DEVICE_TOPICS: Readonly<Record<string, string>> = {
  acb_inventory: "ac_battery/",
  encharge_inventory: "battery/",
  enpower: "system_controller/",
  collar: "collar/",
  c6cc: "combiner/",
};

/** Without the group, none of its keys may hold anything. */
function take(path: string, raw: unknown, wanted: fields.Fields, prefix = ""): ExpectedValue[] {
  const absent = raw === null || raw === undefined;
  return Object.entries(wanted).map(([name, [key, convert]]) => ({
    path,
    key: prefix + key,
    value: absent ? null : convert((raw as Raw)[name]),
    absent,
  }));
}

function single(path: string, raw: unknown, wanted: fields.Fields): ExpectedValue[] {
  if (raw === null || raw === undefined) return [];
  const one = raw as Raw;
  return [...named(path, one, "serial_number"), ...take(`${path}/${one["serial_number"]}`, one, wanted)];
}

/** The topic of a device is named after it. */
function named(path: string, one: Raw, field: string): ExpectedValue[] {
  return [{ path: `${path}/${String(one[field]).toLowerCase()}`, key: null, value: one[field], absent: false }];
}

function eachOf(raw: unknown, values: (id: string, one: Raw) => readonly ExpectedValue[]): ExpectedValue[] {
  return Object.entries((raw ?? {}) as Record<string, Raw>).flatMap(([id, one]) => (one === null ? [] : values(id, one)));
}

/** The whole and each phase: `prefix` is `""` or `l1_` …. */
function wholeAndPhases(data: Raw, name: string): readonly (readonly [prefix: string, one: unknown])[] {
  const phases = (data[`${name}_phases`] ?? { L1: null, L2: null, L3: null }) as Raw;
  return [["", data[name]], ...Object.entries(phases).map(([phase, one]) => [`${phase.toLowerCase()}_`, one] as const)];
}

/** pyenphase takes total and net consumption by their position, we by what they measure: the same only where each stands in its place. */
function whereItStands(answers: RecordedGateway["answers"]): { readonly total: boolean; readonly net: boolean } {
  const [first, second] =
    ["/production.json?details=1", "/production"].flatMap((path) => {
      try {
        return [JSON.parse(answers.get(path)?.body ?? "").consumption as readonly Raw[] | undefined];
      } catch {
        return [];
      }
    })[0] ?? [];
  const is = (entry: Raw | undefined, type: string) => entry === undefined || entry["measurementType"] === type;
  return { total: is(first, "total-consumption"), net: is(second, "net-consumption") };
}

function documentValues(data: Raw, name: string, path: string, counter: string): ExpectedValue[] {
  return wholeAndPhases(data, name).flatMap(([prefix, one]) => [
    ...take(path, one, fields.DOCUMENT, prefix),
    ...take("energy", one, { watt_hours_lifetime: [`${counter}_kwh`, fields.kilo] }, prefix),
  ]);
}

function netValues(data: Raw): ExpectedValue[] {
  return wholeAndPhases(data, "system_net_consumption").flatMap(([prefix, one]) => [
    ...take("grid", one, fields.NET, prefix),
    ...take("energy", one, fields.NET_ENERGY, prefix),
  ]);
}

function meterValues(data: Raw): ExpectedValue[] {
  const phases = (data["ctmeters_phases"] ?? {}) as Record<string, Raw | null>;
  return eachOf(data["ctmeters"], (type, whole) => oneMeter(type, whole, phases[type] ?? null));
}

/** The meters that pyenphase has names for, once more: each is one of those above. */
function namedMeters(data: Raw): ExpectedValue[] {
  return ["ctmeter_production", "ctmeter_consumption", "ctmeter_storage"].flatMap((name) => {
    const [whole, phases] = [data[name] as Raw | null, data[`${name}_phases`] as Raw | null];
    return whole === null ? [] : oneMeter(String(whole["measurement_type"]), whole, phases);
  });
}

function oneMeter(type: string, whole: Raw, phases: Raw | null): ExpectedValue[] {
  const path = `meter/${type}`;
  const parts = Object.entries(phases ?? { L1: null, L2: null, L3: null }).map(
    ([phase, one]) => [`${phase.toLowerCase()}_`, one as Raw | null] as const,
  );
  const energy: fields.Fields = Object.fromEntries(
    ["delivered", "received"].map((way) => [`energy_${way}`, [`meter_${type.replaceAll("-", "_")}_${way}_kwh`, fields.kilo] as const]),
  );
  return [
    // Kind, state and time are one for the meter: each phase has to say the same.
    ...[whole, ...parts.flatMap(([, one]) => (one === null ? [] : [one]))].flatMap((one) => [
      ...named("meter", one, "measurement_type"),
      ...take(path, one, fields.METER_WHOLE),
    ]),
    ...[["", whole] as const, ...parts].flatMap(([prefix, one]) => [
      ...take(path, one, fields.METER, prefix),
      ...take("energy", one, energy, prefix),
    ]),
  ];
}

function inverterValues(serial: string, inverter: Raw, data: Raw): ExpectedValue[] {
  const path = `inverter/${serial}`;
  const details = take(path, inverter, fields.INVERTER_DETAILS);
  const detailed = details.some(({ value }) => value !== null);
  const many = Object.keys(data["inverters"] as Raw).length >= MANY;
  return [
    ...named("inverter", inverter, "serial_number"),
    ...take(path, inverter, fields.INVERTER),
    ...(detailed ? details : many ? [] : details.map((one) => ({ ...one, absent: true }))),
  ].filter(({ key, value }) => key !== "lifetime_energy_kwh" || value !== null || !many);
}

function acBatteryValues(serial: string, one: Raw): ExpectedValue[] {
  const { sleep_min_soc: least, sleep_max_soc: most } = one as { readonly sleep_min_soc: unknown; readonly sleep_max_soc: unknown };
  const band = least === null || most === null ? null : `${least}-${most}`;
  const path = `ac_battery/${serial}`;
  return [
    ...named("ac_battery", one, "serial_num"),
    ...take(path, one, fields.AC_BATTERY),
    { path, key: "sleep_band", value: band, absent: false },
  ];
}

/** AC batteries are no inverters, though some firmware lists them there. */
function acBatteries(data: Raw, answers: RecordedGateway["answers"]): ReadonlySet<string> {
  const listed: unknown = parsed(answers.get("/api/v1/production/inverters")?.body);
  const marked = Array.isArray(listed) ? listed.filter((one) => one?.devType === 11).map((one) => String(one.serialNumber)) : [];
  return new Set([...marked, ...Object.keys((data["acb_inventory"] ?? {}) as Raw)]);
}

function parsed(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? "");
  } catch {
    return null;
  }
}
