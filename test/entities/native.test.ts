import { expect, test } from "vitest";
import { catalogue } from "../../src/entities/catalogue.ts";
import type { Entity, View } from "../../src/model/view.ts";
import { hasRecordings, recordedFacts, recordedNames, sharedJson } from "./recorded.ts";

/** One entity of Home Assistant's own integration, as a running Home Assistant told it. */
interface Native {
  readonly unique_id: string;
  readonly domain: string;
  readonly entity_id: string;
  readonly name: string | null;
  readonly device: string;
  readonly enabled: boolean;
  readonly category: string | null;
  readonly device_class: string | null;
  readonly state_class: string | null;
  readonly unit: string | null;
  readonly state: string;
}
interface NativeDevice {
  readonly name: string;
  readonly model: string;
  readonly via: string | null;
  readonly sw_version: string | null;
  readonly hw_version: string | null;
  readonly serial_number: string | null;
}
interface NativeGateway {
  readonly state: string;
  readonly entities: readonly Native[];
  readonly devices: readonly NativeDevice[];
}

const CONTROLS = ["switch", "number", "select"];

/** Left out on purpose: buttons, a value in no unit, values that the gateway does not have, and AC batteries shown as inverters. */
function wanted({ domain, unique_id, state, entity_id, device }: Native): boolean {
  if (domain === "button" || unique_id.endsWith("_energy_produced") || state === "unknown" || state === "unavailable") return false;
  return !(device.startsWith("AC Battery") && entity_id.includes(".inverter_"));
}

interface Ours {
  readonly entity: Entity;
  readonly device: string;
  readonly state: unknown;
}

function oursOf(view: View): ReadonlyMap<string, Ours> {
  const payloads = new Map(view.states.map(({ path, payload }) => [path, payload]));
  const ours = new Map<string, Ours>();
  for (const device of view.devices) {
    for (const entity of device.entities) {
      ours.set(entity.defaultEntityId.split(".")[1]!, { entity, device: device.name, state: payloads.get(entity.topic)?.[entity.key] });
    }
  }
  return ours;
}

const FACTORS: { readonly [pair: string]: number } = { "kW W": 1000, "MWh kWh": 1000, "Wh kWh": 0.001 };

function sameState(native: Native, { entity, state }: Ours): boolean {
  if (typeof state === "boolean") return native.state === (state ? "on" : "off");
  if (entity.deviceClass === "timestamp") return typeof state === "string" && Date.parse(state) === Date.parse(native.state);
  if (typeof state !== "number") return native.state === state;
  if (entity.unit === "°F" && native.unit === "°C") return Math.abs(((state - 32) * 5) / 9 - Number(native.state)) < 1e-6;
  const same = native.unit === (entity.unit ?? null) || native.unit === null;
  const factor = same ? 1 : (FACTORS[`${native.unit} ${entity.unit}`] ?? Number.NaN);
  return Math.abs(Number(native.state) * factor - state) < 1e-6;
}

const CLASS_NAMES: { readonly [deviceClass: string]: string } = {
  battery: "Battery",
  power: "Power",
  temperature: "Temperature",
  apparent_power: "Apparent power",
  frequency: "Frequency",
};

function differences(native: Native, ours: Ours): string[] {
  const { entity, device } = ours;
  const wrong: string[] = [];
  const check = (what: string, is: unknown, should: unknown) => {
    if (is !== should) wrong.push(`${native.entity_id} ${what}: ${String(is)}, not ${String(should)}`);
  };
  const named = entity.name === undefined ? CLASS_NAMES[entity.deviceClass ?? ""] : entity.name;
  check("name", [device, named].filter((part) => typeof part === "string" && part !== "").join(" "), native.name ?? "");
  check("device", device, native.device);
  check("enabled", entity.enabledByDefault, native.enabled);
  // A control is a sensor until it can be set; without a System Controller one of them shares its name with a sensor.
  const shared = native.domain === "number" && native.unique_id.endsWith("_reserve_soc");
  if (!shared) check("unique id", entity.uniqueId, `envoy2mqtt_${native.unique_id}`);
  if (CONTROLS.includes(native.domain)) {
    if (!shared) check("category", entity.category ?? null, native.category === "config" ? "diagnostic" : native.category);
  } else {
    check("platform", entity.platform, native.domain);
    check("category", entity.category ?? null, native.category);
    check("device class", entity.deviceClass ?? null, native.device_class);
    check("state class", entity.stateClass ?? null, native.state_class);
  }
  if (!sameState(native, ours))
    wrong.push(`${native.entity_id} state: ${ours.state} ${entity.unit ?? ""}, not ${native.state} ${native.unit ?? ""}`);
  return wrong;
}

interface Tally {
  compared: number;
  devices: number;
  readonly missing: string[];
  readonly wrong: string[];
}

async function compare(name: string, tally: Tally): Promise<void> {
  const native = sharedJson<NativeGateway>(`homeassistant/native/${name}.json`);
  const facts = await recordedFacts(name);
  if (facts === null) {
    expect(native.state, name).not.toBe("loaded");
    return;
  }
  const view = catalogue(facts);
  const ours = oursOf(view);
  for (const entity of native.entities.filter(wanted)) {
    const found = ours.get(entity.entity_id.split(".")[1]!);
    if (found === undefined) {
      tally.missing.push(`${name}: ${entity.entity_id}`);
      continue;
    }
    tally.compared++;
    tally.wrong.push(...differences(entity, found).map((text) => `${name}: ${text}`));
  }
  compareDevices(name, native.devices, view, tally);
}

function compareDevices(name: string, native: readonly NativeDevice[], view: View, tally: Tally): void {
  const names = new Map(view.devices.map(({ id, name }) => [id, name]));
  const ours = view.devices.map((device) => {
    const via = device.via === null ? null : names.get(device.via);
    return JSON.stringify([device.name, device.model, via, device.softwareVersion, device.hardwareVersion, device.serialNumber]);
  });
  for (const device of native) {
    const { via, sw_version, hw_version, serial_number } = device;
    const should = JSON.stringify([device.name, device.model, via, sw_version, hw_version, serial_number]);
    if (!ours.includes(should)) tally.missing.push(`${name}: device ${should}`);
    tally.devices++;
  }
}

/** Entities of the recorded gateways that have a value: the number falls only when something was lost. */
const COMPARED = 2967;
const title = hasRecordings
  ? "every entity of Home Assistant's own integration is there and says the same"
  : "nothing is compared with Home Assistant's own integration: the recorded gateways are missing";

test(title, async () => {
  const tally: Tally = { compared: 0, devices: 0, missing: [], wrong: [] };
  for (const name of hasRecordings ? recordedNames("homeassistant/native") : []) await compare(name, tally);
  console.log(`entities compared with Home Assistant's own: ${tally.compared}, devices: ${tally.devices}`);
  console.log(`missing: ${tally.missing.length}, different: ${tally.wrong.length}`);
  expect(tally.wrong).toEqual([]);
  expect(tally.missing).toEqual([]);
  expect(tally.compared).toBeGreaterThanOrEqual(hasRecordings ? COMPARED : 0);
});
