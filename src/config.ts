import { isAbsolute, join } from "node:path";
import { isLoopback, parseListen } from "./config/forms.ts";
import { gatewaysOf } from "./config/gateways.ts";
import { LISTS, SETTINGS } from "./config/settings.ts";
import { type ConfigSources, type Gathered, gather } from "./config/sources.ts";
import { at, checked, type Tree, wrong } from "./config/tree.ts";
import type { Config, LogFormat, LogLevel, MqttConfig } from "./config/types.ts";

/**
 * Reads and checks the whole configuration: the YAML file, then credentials, then `ENVOY2MQTT_…` variables, then arguments; later ones win.
 * Throws a `BridgeError("config")` of one line that names the key, variable, argument or file that is wrong.
 */
export function loadConfig(sources: ConfigSources): Config {
  const gathered = gather(sources);
  const { [LISTS.gateways]: list, [LISTS.extraEndpoints]: endpoints, ...rest } = gathered.tree;
  const tree = checked(rest, SETTINGS, gathered.label);
  const text = (path: string): string | null => (at(tree, path) as string | null) ?? null;
  const config: Config = {
    gateways: gatewaysOf(list, endpoints, tree, gathered),
    enlighten: { loginUrl: at(tree, "enlighten.login_url") as string, tokenUrl: at(tree, "enlighten.token_url") as string },
    mqtt: mqttOf(tree, gathered),
    stateDir: absolute(tree["state_dir"] as string, sources.cwd),
    log: { level: at(tree, "log.level") as LogLevel, format: at(tree, "log.format") as LogFormat },
    web: { listen: listenOf(tree), hosts: at(tree, "web.hosts") as readonly string[], password: text("web.password") },
    availability: { missedPolls: at(tree, "availability.missed_polls") as number, seconds: at(tree, "availability.seconds") as number },
    files: gathered.files,
  };
  const { listen, password } = config.web;
  if (listen !== null && !isLoopback(listen.host) && password === null) {
    throw wrong(gathered.label("web.listen"), "can be reached from other machines: set web.password too");
  }
  return frozen(config);
}

function listenOf(tree: Tree): Config["web"]["listen"] {
  const given = at(tree, "web.listen");
  return typeof given === "string" ? parseListen(given) : null;
}

function mqttOf(tree: Tree, gathered: Gathered): MqttConfig {
  const text = (path: string): string | null => (at(tree, path) as string | null) ?? null;
  const broker = text("mqtt.url");
  const url = broker === null ? null : new URL(broker);
  const tls = { ca: text("mqtt.tls.ca"), cert: text("mqtt.tls.cert"), key: text("mqtt.tls.key") };
  if (url !== null && !["mqtts:", "wss:"].includes(url.protocol)) {
    const set = (["ca", "cert", "key"] as const).find((name) => tls[name] !== null);
    if (set !== undefined)
      throw wrong(gathered.label(`mqtt.tls.${set}`), "is set, but mqtt.url is not encrypted: it must begin with mqtts:// or wss://");
  }
  if ((tls.cert === null) !== (tls.key === null)) {
    const [has, lacks] = tls.cert === null ? ["key", "cert"] : ["cert", "key"];
    throw wrong(gathered.label(`mqtt.tls.${has}`), `is set, but mqtt.tls.${lacks} is not: they belong together`);
  }
  return {
    url: url === null ? null : withoutUser(url),
    username: text("mqtt.username") ?? decoded(url?.username),
    password: text("mqtt.password") ?? decoded(url?.password),
    clientId: text("mqtt.client_id"),
    protocol: String(at(tree, "mqtt.protocol")) as MqttConfig["protocol"],
    baseTopic: at(tree, "mqtt.base_topic") as string,
    discovery: at(tree, "mqtt.discovery") as boolean,
    discoveryPrefix: at(tree, "mqtt.discovery_prefix") as string,
    birthTopic: at(tree, "mqtt.birth_topic") as string,
    birthPayload: at(tree, "mqtt.birth_payload") as string,
    tls,
    embeddedPort: at(tree, "mqtt.embedded_port") as number,
  };
}

function withoutUser(url: URL): string {
  const bare = new URL(url);
  bare.username = "";
  bare.password = "";
  return bare.href;
}

function decoded(part: string | undefined): string | null {
  if (part === undefined || part === "") return null;
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const absolute = (path: string, base: string): string => (isAbsolute(path) ? path : join(base, path));

function frozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object" && part !== null) frozen(part as object);
  return Object.freeze(value);
}

/** Every secret in `config`, for the log to take out wherever it turns up. */
export function secretsOf(config: Config): readonly string[] {
  const all = [...config.gateways.flatMap((gateway) => [gateway.token, gateway.password]), config.mqtt.password, config.web.password];
  return [...new Set(all.filter((secret) => secret !== null))];
}
