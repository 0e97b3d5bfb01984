import { type AnnouncedEntity, sameNumber, sameTime, unitOf } from "./announced.ts";
import type { HomeDevice, HomeEntity, HomeState } from "./home.ts";

/** One entity of Home Assistant's own integration, as a running Home Assistant told it. */
export interface Native {
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
export interface NativeDevice {
  readonly identifiers: readonly string[];
  readonly name: string;
  readonly model: string;
  readonly via: string | null;
  readonly sw_version: string | null;
  readonly hw_version: string | null;
  readonly serial_number: string | null;
}
export interface NativeGateway {
  readonly state: string;
  readonly serial: string;
  readonly entities: readonly Native[];
  readonly devices: readonly NativeDevice[];
}

/** Ours, as the same Home Assistant shows it. */
export interface Shown {
  readonly announced: AnnouncedEntity;
  readonly entity: HomeEntity;
  /** Enabled when it was first seen. */
  readonly enabled: boolean;
  readonly state: HomeState;
  readonly device: HomeDevice;
}

const CONTROLS = ["switch", "number", "select"];

/** Why an entity of the integration has no counterpart by design; `null` where it needs one. */
export function allowedToLack({ unique_id, entity_id, device }: Native): string | null {
  if (unique_id.endsWith("_energy_produced")) return "energy produced has no known unit and is not published";
  if (device.startsWith("AC Battery") && entity_id.includes(".inverter_")) return "AC batteries are not inverters";
  return null;
}

/** The gateway has no such value: nothing that anybody could show. */
export function hasNoValue({ domain, state }: Native): boolean {
  return domain !== "button" && (state === "unknown" || state === "unavailable");
}

/** Why a "today" or "last seven days" starts otherwise than the gateway's own; `null` where it may not: what cannot be true is not taken as a start. */
export function implausible(native: Native, all: readonly Native[]): string | null {
  const part = /_(today|last_seven_days)(?=_l\d$|$)/.exec(native.entity_id)?.[1];
  if (part === undefined) return null;
  const today = all.find(({ entity_id }) => entity_id === native.entity_id.replace(part, "today"));
  if (today === undefined || today.unit !== "kWh" || native.unit !== "kWh") return null;
  // What a service of 48 kW gives in a whole day, and once more from the sun.
  if (Number(today.state) > 2 * 48 * 24) return "the gateway's own today is more than can flow in a day";
  if (Number(native.state) < Number(today.state)) return "the gateway's own seven days are less than its own today";
  return null;
}

/** What differs between the integration's entity and ours, one line each. */
export function differences(native: Native, shown: Shown): readonly string[] {
  const { announced, entity, state, device, enabled } = shown;
  const wrong: string[] = [];
  const check = (what: string, is: unknown, should: unknown) => {
    if ((is ?? null) !== should) wrong.push(`${native.entity_id} ${what}: ${String(is)}, not ${String(should)}`);
  };
  const isControl = CONTROLS.includes(native.domain);
  check("entity id", withoutDomain(entity.entity_id), withoutDomain(native.entity_id));
  check("name", state.attributes["friendly_name"], native.name);
  check("device", device.name, native.device);
  check("enabled by default", enabled, native.enabled);
  // Until it can be set a control is a sensor, which has no category "config" in Home Assistant.
  const shared = native.domain === "number" && native.unique_id.endsWith("_reserve_soc");
  if (!shared) check("category", entity.entity_category, isControl && native.category === "config" ? "diagnostic" : native.category);
  if (!isControl) {
    check("platform", announced.platform, native.domain);
    check("device class", state.attributes["device_class"], native.device_class);
    check("state class", state.attributes["state_class"], native.state_class);
  }
  if (!hasNoValue(native) && !sameState(native, state)) {
    wrong.push(`${native.entity_id} state: ${state.state} ${unitOf(state) ?? ""}, not ${native.state} ${native.unit ?? ""}`);
  }
  return wrong;
}

/** Devices of the integration that are not shown alike. */
export function missingDevices(native: readonly NativeDevice[], devices: readonly HomeDevice[]): readonly string[] {
  const names = new Map(devices.map(({ id, name }) => [id, name]));
  const ours = devices.map((device) => {
    const via = device.via_device_id === null ? null : names.get(device.via_device_id);
    return JSON.stringify([device.name, device.model, via, device.sw_version, device.hw_version, device.serial_number]);
  });
  return native
    .map((device) => JSON.stringify([device.name, device.model, device.via, device.sw_version, device.hw_version, device.serial_number]))
    .filter((device) => !ours.includes(device));
}

export function withoutDomain(entityId: string): string {
  return entityId.slice(entityId.indexOf(".") + 1);
}

function sameState(native: Native, state: HomeState): boolean {
  if (native.state === state.state && native.unit === unitOf(state)) return true;
  if (native.device_class === "timestamp") return sameTime(native.state, state.state);
  const [theirs, ours] = [Number(native.state), Number(state.state)];
  if (Number.isNaN(theirs) || Number.isNaN(ours)) return native.state === state.state;
  return sameNumber(theirs, native.unit, ours, unitOf(state));
}
