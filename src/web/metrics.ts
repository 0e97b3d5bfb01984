import { LIFECYCLE_STATES } from "../model/lifecycle.ts";
import type { Entity, View } from "../model/view.ts";
import type { GatewayStatus, Status } from "./status.ts";

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly help: string;
  readonly type: "gauge" | "counter";
  /** By label text: a series that is there twice would cost the whole scrape. */
  readonly samples: Map<string, number>;
}

/** Families by name, in the order in which they came up. */
class Families {
  readonly #all = new Map<string, Family>();

  add(name: string, type: Family["type"], help: string, labels: Labels, value: number): void {
    const family = this.#all.get(name) ?? { help, type, samples: new Map<string, number>() };
    this.#all.set(name, family);
    family.samples.set(labelText(labels), value);
  }

  text(): string {
    const lines = [...this.#all].flatMap(([name, { help, type, samples }]) => [
      `# HELP ${name} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}`,
      `# TYPE ${name} ${type}`,
      ...[...samples].map(([labels, value]) => `${name}${labels} ${value}`),
    ]);
    return `${lines.join("\n")}\n`;
  }
}

function labelText(labels: Labels): string {
  const parts = Object.entries(labels).map(
    ([key, value]) => `${key}="${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`,
  );
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

/** Prometheus' text format: the bridge, each gateway and source, and every number of each device. Unknown values are left out. */
export function metrics(status: Status): string {
  const families = new Families();
  families.add("envoy2mqtt_info", "gauge", "Version of the bridge.", { version: status.version }, 1);
  families.add("envoy2mqtt_start_time_seconds", "gauge", "When the bridge started.", {}, status.startedAt / 1000);
  families.add("envoy2mqtt_mqtt_connected", "gauge", "Whether there is a connection to the broker.", {}, status.mqtt.connected ? 1 : 0);
  for (const gateway of status.gateways) {
    gatewayMetrics(families, gateway);
    if (gateway.view !== null) viewMetrics(families, gateway.view);
  }
  for (const site of status.sites) viewMetrics(families, site);
  return families.text();
}

function gatewayMetrics(families: Families, { serial, name, available, lifecycle, info, sources }: GatewayStatus): void {
  const gateway = { gateway: serial ?? name };
  families.add("envoy2mqtt_gateway_available", "gauge", "Whether the gateway's data is fresh.", gateway, available ? 1 : 0);
  for (const state of LIFECYCLE_STATES) {
    families.add(
      "envoy2mqtt_gateway_lifecycle_state",
      "gauge",
      "1 for the state that the session is in.",
      { ...gateway, state },
      lifecycle.state === state ? 1 : 0,
    );
  }
  if (lifecycle.tokenExpires !== null) {
    families.add(
      "envoy2mqtt_gateway_token_expiry_seconds",
      "gauge",
      "Until when the token is valid.",
      gateway,
      lifecycle.tokenExpires / 1000,
    );
  }
  if (info !== null)
    families.add("envoy2mqtt_gateway_info", "gauge", "Firmware of the gateway.", { ...gateway, firmware: info.firmware.text }, 1);
  for (const { source, lastSuccess, failures, replyMs } of sources) {
    const labels = { ...gateway, source };
    families.add("envoy2mqtt_source_failures", "gauge", "Failed readings in a row.", labels, failures);
    if (replyMs !== null)
      families.add("envoy2mqtt_source_reply_seconds", "gauge", "Duration of the last answered reading.", labels, replyMs / 1000);
    if (lastSuccess !== null)
      families.add("envoy2mqtt_source_last_success_seconds", "gauge", "When it was last read.", labels, lastSuccess / 1000);
  }
}

function viewMetrics(families: Families, view: View): void {
  const values = new Map(view.states.map((state) => [state.path, state.payload]));
  for (const device of view.devices) {
    for (const entity of device.entities) {
      const value = values.get(entity.topic)?.[entity.key];
      const number = typeof value === "boolean" ? Number(value) : value;
      if (typeof number !== "number" || !Number.isFinite(number)) continue;
      const { name, type, help, factor } = familyOf(entity);
      const labels = { gateway: view.serial, device: device.id, topic: entity.topic };
      families.add(name, type, help, labels, scaled(number, factor));
    }
  }
}

/** Units of Home Assistant → the base unit that Prometheus' names end in, and the factor to it. */
const BASE_UNITS: Readonly<Record<string, readonly [suffix: string, factor: number]>> = {
  W: ["watts", 1],
  kW: ["watts", 1000],
  mW: ["watts", 0.001],
  Wh: ["watt_hours", 1],
  kWh: ["watt_hours", 1000],
  MWh: ["watt_hours", 1_000_000],
  V: ["volts", 1],
  mV: ["volts", 0.001],
  A: ["amperes", 1],
  mA: ["amperes", 0.001],
  Hz: ["hertz", 1],
  VA: ["volt_amperes", 1],
  kVA: ["volt_amperes", 1000],
  mVA: ["volt_amperes", 0.001],
  var: ["vars", 1],
  "%": ["percent", 1],
  "°C": ["celsius", 1],
  "°F": ["fahrenheit", 1],
  s: ["seconds", 1],
  ms: ["seconds", 0.001],
  min: ["seconds", 60],
  h: ["seconds", 3600],
  d: ["seconds", 86_400],
};

function familyOf(entity: Entity): {
  readonly name: string;
  readonly type: Family["type"];
  readonly help: string;
  readonly factor: number;
} {
  const [suffix, factor] = BASE_UNITS[entity.unit ?? ""] ?? ["", 1];
  const key = entity.key.toLowerCase().replace(/[^a-z0-9_]/g, "_");
  const plain =
    entity.unit !== undefined && suffix !== "" ? key.replace(new RegExp(`_${entity.unit.toLowerCase().replace(/[^a-z]/g, "")}$`), "") : key;
  const group = (entity.topic.split("/")[0] as string).replace(/[^a-z0-9_]/g, "_");
  const name = ["envoy", group, plain === group ? "" : plain, suffix].filter((part) => part !== "").join("_");
  const counts = entity.stateClass === "total_increasing";
  const help = `${entity.name ?? entity.key}${suffix === "" ? "" : ` in ${suffix.replace("_", " ")}`}.`;
  return { name: counts ? `${name}_total` : name, type: counts ? "counter" : "gauge", help, factor };
}

/** Without the noise that floating point brings: 12.345 kWh is 12345 Wh. */
function scaled(value: number, factor: number): number {
  return factor === 1 ? value : Number((value * factor).toPrecision(15));
}
