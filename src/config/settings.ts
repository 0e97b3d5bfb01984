import {
  choice,
  cloudUrl,
  type Form,
  gatewayHost,
  listen,
  seconds,
  serial,
  text,
  textLike,
  timeZone,
  topic,
  url,
  whole,
  words,
  yesNo,
} from "./forms.ts";
import { LOG_FORMATS, LOG_LEVELS, SITE_LIMITS, TLS_MODES } from "./types.ts";

/** One thing that a user can decide. Its key in the file, its variable and its argument all come from `path`. */
export interface Setting {
  /** Key in the file, sections before a dot. */
  readonly path: string;
  readonly form: Form;
  readonly default: unknown;
  readonly doc: string;
  /** Never shown; also taken from `…_file`, `…_FILE` and the credentials directory; not from arguments. */
  readonly secret?: true;
  /** Name of the variable without `ENVOY2MQTT_`, where it is not made from `path`. */
  readonly variable?: string;
}

export const PREFIX = "ENVOY2MQTT_";
export const DEFAULT_FILE = "config/envoy2mqtt.yaml";

/** `null`: nothing, and then nothing is checked. */
const none = null;

/** What each gateway has. At top level it is the one gateway, or what all gateways share. */
export const GATEWAY_SETTINGS: readonly Setting[] = [
  { path: "host", form: gatewayHost, default: none, doc: "Name, address or URL of the gateway; without it, it is looked for by mDNS." },
  {
    path: "token",
    form: textLike(/^\S+$/, "must be the token alone, without spaces"),
    default: none,
    secret: true,
    doc: "Access token, firmware 7 and later; without it, it is got from Enlighten.",
  },
  { path: "username", form: text, default: none, doc: "User of Enlighten (an e-mail address), or of the gateway below firmware 7." },
  { path: "password", form: text, default: none, secret: true, doc: "The password for it." },
  {
    path: "serial",
    form: serial,
    default: none,
    doc: "Serial number on the gateway's label; another gateway at this host is then refused.",
  },
  {
    path: "tls",
    form: choice(TLS_MODES),
    default: "pin",
    doc: "How its certificate is trusted: pinned on first use, verified by authorities, or off.",
  },
  { path: "name", form: text, default: none, doc: "Name for the log and the status page." },
  {
    path: "site",
    form: textLike(/^[a-z0-9_-]+$/, "must be of a-z, 0-9, _ and -"),
    default: none,
    doc: "Gateways with the same site are also added up.",
  },
  {
    path: "time_zone",
    form: timeZone,
    default: none,
    doc: "Time zone of its days, such as Europe/Amsterdam; without it, the gateway's own.",
  },
  {
    path: "site_limits",
    form: choice(SITE_LIMITS),
    default: "auto",
    doc: "Whether it is asked for its export and production limits: always, never, or from firmware 8.3.5528 on (auto).",
  },
  { path: "intervals.meters", form: seconds(1, 86_400), default: 10, doc: "Seconds between readings of the meters and batteries' power." },
  { path: "intervals.production", form: seconds(1, 86_400), default: 30, doc: "Seconds between readings of production and consumption." },
  {
    path: "intervals.inverters",
    form: seconds(1, 86_400),
    default: 300,
    doc: "Seconds between readings of the inverters, which report every five minutes.",
  },
  { path: "intervals.inventory", form: seconds(1, 86_400), default: 900, doc: "Seconds between readings of inventory and tariff." },
  {
    path: "controls",
    form: words(/^[a-z0-9_]+$/, "a control's name"),
    default: [],
    doc: "Controls that may be used over MQTT; none by default.",
  },
];

const BROKER = ["mqtt", "mqtts", "ws", "wss"] as const;

/** What the bridge as a whole has. */
export const BRIDGE_SETTINGS: readonly Setting[] = [
  {
    path: "mqtt.url",
    form: url(BROKER),
    default: none,
    doc: "The broker, such as mqtt://192.168.1.10:1883; without it, an embedded broker listens on this machine.",
  },
  { path: "mqtt.username", form: text, default: none, doc: "User at the broker." },
  { path: "mqtt.password", form: text, default: none, secret: true, doc: "The password for it." },
  { path: "mqtt.client_id", form: text, default: none, doc: "Client id at the broker; without it, one is made from the base topic." },
  { path: "mqtt.protocol", form: choice(["auto", "5", "3.1.1"]), default: "auto", doc: "Version of MQTT; auto tries 5 first." },
  { path: "mqtt.base_topic", form: topic, default: "envoy2mqtt", variable: "BASE_TOPIC", doc: "First part of every topic." },
  { path: "mqtt.discovery", form: yesNo, default: true, doc: "Whether devices are announced to Home Assistant." },
  {
    path: "mqtt.discovery_prefix",
    form: topic,
    default: "homeassistant",
    variable: "DISCOVERY_PREFIX",
    doc: "Home Assistant's discovery prefix.",
  },
  {
    path: "mqtt.birth_topic",
    form: topic,
    default: "homeassistant/status",
    doc: "Topic on which Home Assistant says that it has started.",
  },
  { path: "mqtt.birth_payload", form: text, default: "online", doc: "What it says there." },
  { path: "mqtt.tls.ca", form: text, default: none, doc: "File with the certificate of the broker's authority." },
  { path: "mqtt.tls.cert", form: text, default: none, doc: "File with our certificate for the broker." },
  { path: "mqtt.tls.key", form: text, default: none, doc: "File with the key for it." },
  {
    path: "mqtt.embedded_port",
    form: whole(0, 65_535),
    default: 1883,
    doc: "Port of the embedded broker on 127.0.0.1; 0 for any free one.",
  },
  { path: "state_dir", form: text, default: "state", doc: "Folder for tokens, pins and counters." },
  { path: "log.level", form: choice(LOG_LEVELS), default: "info", doc: "Least level that is logged." },
  {
    path: "log.format",
    form: choice(LOG_FORMATS),
    default: "auto",
    doc: "One JSON object or one line of text each; auto is text on a terminal.",
  },
  {
    path: "web.listen",
    form: listen,
    default: "127.0.0.1:8097",
    doc: "Address and port of the status page, /healthz and /metrics; or off.",
  },
  {
    path: "web.hosts",
    form: words(/^[A-Za-z0-9.-]+$/, "a host's name"),
    default: [],
    doc: "Names under which the page may be asked for, besides addresses and localhost.",
  },
  {
    path: "web.password",
    form: text,
    default: none,
    secret: true,
    doc: "Password of the page and /metrics; needed where other machines can reach it.",
  },
  { path: "availability.missed_polls", form: whole(1, 1000), default: 3, doc: "Missed polls before a gateway is offline." },
  {
    path: "availability.seconds",
    form: seconds(1, 86_400),
    default: 90,
    doc: "Seconds without a good reading before a gateway is offline.",
  },
  {
    path: "enlighten.login_url",
    form: cloudUrl,
    default: "https://enlighten.enphaseenergy.com/login/login.json?",
    doc: "Where to log in for a token.",
  },
  { path: "enlighten.token_url", form: cloudUrl, default: "https://entrez.enphaseenergy.com/tokens", doc: "Where tokens are made." },
];

/** Everything that can be said at top level, by variable and by argument. */
export const SETTINGS: readonly Setting[] = [...GATEWAY_SETTINGS, ...BRIDGE_SETTINGS];

/** Top-level keys that are lists of sections: only in the file. */
export const LISTS = { gateways: "gateways", extraEndpoints: "extra_endpoints" } as const;

/** `mqtt.tls.ca` → `ENVOY2MQTT_MQTT_TLS_CA`. */
export function variableOf(setting: Setting): string {
  return PREFIX + (setting.variable ?? setting.path.replaceAll(".", "_").toUpperCase());
}

/** `mqtt.base_topic` → `base-topic`, as in `--base-topic`; a secret has only `--…-file`. */
export function argumentOf(setting: Setting): string {
  const name = variableOf(setting).slice(PREFIX.length).toLowerCase().replaceAll("_", "-");
  return setting.secret ? `${name}-file` : name;
}

/** Name of a secret's file in systemd's credentials directory: `mqtt_password`. */
export function credentialOf(setting: Setting): string {
  return variableOf(setting).slice(PREFIX.length).toLowerCase();
}
