import type { HomeState } from "./home.ts";

/** One entity as a discovery message on the broker announces it. */
export interface AnnouncedEntity {
  readonly uniqueId: string;
  readonly platform: string;
  readonly defaultEntityId: string;
  readonly enabled: boolean;
  readonly deviceId: string;
  readonly topic: string;
  /** Key in the topic's JSON; `null` for an event, which has no state of its own. */
  readonly key: string | null;
  readonly deviceClass: string | null;
  readonly unit: string | null;
}

interface Config {
  readonly device: { readonly identifiers: string | readonly string[] };
  readonly components: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Everything that the retained discovery messages among `topics` announce. */
export function announced(topics: ReadonlyMap<string, string>): readonly AnnouncedEntity[] {
  return [...topics]
    .filter(([topic]) => /^homeassistant\/device\/.*\/config$/.test(topic))
    .flatMap(([, payload]) => {
      const { device, components } = JSON.parse(payload) as Config;
      const deviceId = String([device.identifiers].flat()[0]);
      return Object.values(components)
        .filter((component) => "unique_id" in component)
        .map((component) => entity(component, deviceId));
    });
}

function entity(component: Readonly<Record<string, unknown>>, deviceId: string): AnnouncedEntity {
  const text = (key: string) => (component[key] === undefined ? null : String(component[key]));
  return {
    uniqueId: String(component["unique_id"]),
    platform: String(component["platform"]),
    defaultEntityId: String(component["default_entity_id"]),
    enabled: component["enabled_by_default"] !== false,
    deviceId,
    topic: text("state_topic") ?? "",
    key: /value_json\.(\w+)/.exec(text("value_template") ?? "")?.[1] ?? null,
    deviceClass: text("device_class"),
    unit: text("unit_of_measurement"),
  };
}

/** What the entity should show, by the last payload on its topic. `undefined` for what has no state of its own. */
export function published(entity: AnnouncedEntity, topics: ReadonlyMap<string, string>): unknown {
  if (entity.key === null) return undefined;
  const payload = topics.get(entity.topic);
  return payload === undefined ? null : ((JSON.parse(payload) as Record<string, unknown>)[entity.key] ?? null);
}

/** Whether Home Assistant shows `value`, units converted. */
export function shows(state: HomeState, value: unknown, unit: string | null, deviceClass: string | null): boolean {
  if (value === undefined) return state.state !== "unavailable";
  if (value === null) return state.state === "unknown";
  if (typeof value === "boolean") return state.state === (value ? "on" : "off");
  if (typeof value === "number") return sameNumber(Number(state.state), unitOf(state), value, unit);
  if (deviceClass === "timestamp") return sameTime(String(value), state.state);
  return state.state === String(value);
}

export function unitOf(state: HomeState): string | null {
  const unit = state.attributes["unit_of_measurement"];
  return typeof unit === "string" ? unit : null;
}

/** Home Assistant shows whole seconds. */
export function sameTime(one: string, other: string): boolean {
  return Math.abs(Date.parse(one) - Date.parse(other)) < 1000;
}

const FACTORS: { readonly [pair: string]: number } = {
  "kW W": 1000,
  "W kW": 0.001,
  "MWh kWh": 1000,
  "kWh MWh": 0.001,
  "Wh kWh": 0.001,
  "kWh Wh": 1000,
  "MWh Wh": 1_000_000,
  "Wh MWh": 0.000_001,
};

/** Whether two numbers are the same quantity, units converted, but for the digits that a converted number cannot keep. */
export function sameNumber(one: number, oneUnit: string | null, other: number, otherUnit: string | null): boolean {
  if (oneUnit === "°C" && otherUnit === "°F") return Math.abs(one - ((other - 32) * 5) / 9) < 0.051;
  const factor = oneUnit === otherUnit || oneUnit === null || otherUnit === null ? 1 : (FACTORS[`${oneUnit} ${otherUnit}`] ?? Number.NaN);
  const converted = one * factor;
  return Math.abs(converted - other) <= Math.max(1e-6, Math.abs(other) * 1e-9);
}
