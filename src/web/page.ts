import type { JsonScalar } from "../model/json.ts";
import type { Device, Entity, View } from "../model/view.ts";
import { type Html, html } from "./html.ts";
import type { GatewayStatus, Status } from "./status.ts";

/** Stands in the page, allowed by a nonce in the server's policy. There is no script at all. */
const STYLE = `:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:0 auto;padding:1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1rem}th,td{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #8884}
.n{text-align:right;font-variant-numeric:tabular-nums}.ok{color:light-dark(#176639,#6fd398)}.bad{color:light-dark(#a31515,#ff8a80)}
h2{margin-top:2rem;border-bottom:2px solid #8886}.reason{font-size:1.1rem}small{opacity:.75}summary{cursor:pointer}`;

/** Published by the lifecycle itself and so not among the states; the page says it above the devices. */
const LIFECYCLE_TOPIC = "lifecycle";

/** The status page, whole. `nonce` allows its style. */
export function statusPage(status: Status, nonce: string): string {
  const { mqtt } = status;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="30">
<title>envoy2mqtt</title><style nonce="${nonce}">${{ html: STYLE }}</style></head><body>
<h1>envoy2mqtt</h1>
<p>Version ${status.version}, running for ${duration(status.now - status.startedAt)}. Broker ${mqtt.address}: ${mark(mqtt.connected, "connected", "not connected")}.</p>
${status.gateways.map((gateway) => gatewaySection(gateway, status.now))}
${status.sites.map(siteSection)}
</body></html>
`.html;
}

function mark(good: boolean, yes: string, no: string): Html {
  return good ? html`<b class="ok">${yes}</b>` : html`<b class="bad">${no}</b>`;
}

function gatewaySection(gateway: GatewayStatus, now: number): Html {
  const { lifecycle, info } = gateway;
  return html`<h2>${gateway.name}</h2>
<p class="reason">${mark(gateway.available, "online", "offline")} · <b>${lifecycle.state}</b> for ${duration(now - lifecycle.since)}: ${lifecycle.reason}</p>
<table>
${fact("Serial number", gateway.serial ?? "not known yet")}${fact("Host", gateway.host ?? "being looked for")}
${fact("Firmware", info?.firmware.text ?? "not known yet")}${fact("Next attempt", time(lifecycle.nextAttempt))}
${fact("Token valid until", time(lifecycle.tokenExpires))}${fact("Role", lifecycle.role ?? "–")}${fact("Renewal of the token", lifecycle.renewal)}
</table>
${sourcesTable(gateway, now)}
${devices(gateway.view)}`;
}

function fact(name: string, value: string): Html {
  return html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`;
}

function sourcesTable({ sources }: GatewayStatus, now: number): Html {
  if (sources.length === 0) return html`<p>Nothing was read yet.</p>`;
  return html`<table><tr><th>Source</th><th>Last reading</th><th class="n">Reply time</th><th class="n">Failures in a row</th><th>Last error</th></tr>
${sources.map(
  (one) => html`<tr><td>${one.source}</td><td>${one.lastSuccess === null ? "never" : `${duration(now - one.lastSuccess)} ago`}</td>
<td class="n">${one.replyMs === null ? "–" : `${Math.round(one.replyMs)} ms`}</td><td class="n">${one.failures}</td><td>${one.lastError ?? ""}</td></tr>`,
)}</table>`;
}

function siteSection(view: View): Html {
  return html`<h2>Site ${view.serial}</h2>${devices(view)}`;
}

function devices(view: View | null): Html {
  if (view === null) return html``;
  const values = new Map(view.states.map((state) => [state.path, state.payload]));
  return html`${view.devices.map((device) => deviceTable(device, values))}`;
}

function deviceTable(device: Device, values: ReadonlyMap<string, { readonly [key: string]: JsonScalar }>): Html {
  const readable = device.entities.filter(
    ({ platform, topic }) => platform !== "event" && platform !== "button" && topic !== LIFECYCLE_TOPIC,
  );
  return html`<details${{ html: device.via === null ? " open" : "" }}><summary>${device.name} <small>${device.model}</small></summary><table>
${readable.map((entity) => html`<tr><th scope="row">${nameOf(entity)}</th><td class="n">${shown(values.get(entity.topic)?.[entity.key], entity)}</td></tr>`)}
</table></details>`;
}

/** As Home Assistant names it: by its name, else its device class. */
function nameOf(entity: Entity): string {
  return entity.name ?? (entity.deviceClass ?? entity.key).replaceAll("_", " ");
}

function shown(value: JsonScalar | undefined, entity: Entity): string {
  if (value === null || value === undefined) return "–";
  if (typeof value === "boolean") return value ? "on" : "off";
  return entity.unit === undefined ? String(value) : `${value} ${entity.unit}`;
}

function time(at: number | null): string {
  return at === null ? "–" : `${new Date(at).toISOString().slice(0, 19).replace("T", " ")} UTC`;
}

/** `45 s`, `3 min`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
