import { type Form, seconds, textLike } from "./forms.ts";
import { GATEWAY_SETTINGS, LISTS, type Setting } from "./settings.ts";
import type { Gathered } from "./sources.ts";
import { at, checked, isTree, put, type Tree, wrong } from "./tree.ts";
import type { ExtraEndpoint, GatewayConfig, TlsMode } from "./types.ts";

const endpointPath: Form = textLike(/^\/[\x21-\x7e]*$/, "must be a path of the gateway that begins with /");

/** Not where the bridge itself says how things stand, or listens. */
const endpointTopic: Form = textLike(
  /^(?!(availability|lifecycle|event|info|energy|diagnostics|set)(\/|$))[a-z0-9_-]+(\/[a-z0-9_-]+)*$/,
  "must be a topic of a-z, 0-9, _ and - that is not the bridge's own",
);

const ENDPOINT_SETTINGS: readonly Setting[] = [
  { path: "path", form: endpointPath, default: null, doc: "Path on the gateway." },
  { path: "topic", form: endpointTopic, default: null, doc: "Topic below <base>/<serial>/." },
  { path: "interval", form: seconds(5, 86_400), default: 60, doc: "Seconds between readings." },
];

/** These belong to one gateway: with a list, they stand in it. */
const OWN = ["host", "token", "serial", "name"] as const;

/** The gateways of `tree`, of which the list is taken out; the rest was checked. Throws a `BridgeError` where one is wrong or there twice. */
export function gatewaysOf(list: unknown, endpoints: unknown, shared: Tree, gathered: Gathered): readonly GatewayConfig[] {
  const label = (path: string): string => gathered.label(path);
  const sharedEndpoints = endpointsOf(endpoints, LISTS.extraEndpoints, label);
  if (list === undefined) return [gateway(shared, sharedEndpoints, gathered.secretFile("token"))];
  if (!Array.isArray(list) || list.length === 0) throw wrong(label(LISTS.gateways), "must be a list of gateways, each with a host");
  for (const path of OWN) if (shared[path] !== null) throw wrong(label(path), "stands beside gateways: put it into one of them");
  const gateways = list.map((item: unknown, index) => listed(item, index, shared, sharedEndpoints, gathered));
  refuseTwins(gateways, label);
  return gateways;
}

function listed(item: unknown, index: number, shared: Tree, sharedEndpoints: readonly ExtraEndpoint[], gathered: Gathered): GatewayConfig {
  const name = `${LISTS.gateways}[${index + 1}]`;
  if (!isTree(item)) throw wrong(gathered.label(name), "must be a section with a host");
  const { [LISTS.extraEndpoints]: endpoints, ...given } = item;
  const label = (path: string): string => gathered.label(`${name}.${path}`);
  const own = checked(given, GATEWAY_SETTINGS, label);
  if (own["host"] === null && own["serial"] === null) throw wrong(gathered.label(name), "needs a host or a serial");
  for (const { path } of GATEWAY_SETTINGS) {
    const ownAccount = path === "password" && at(given, "username") !== undefined;
    if (at(given, path) === undefined && !OWN.some((key) => key === path) && !ownAccount) put(own, path, at(shared, path));
  }
  const ownEndpoints =
    endpoints === undefined ? sharedEndpoints : endpointsOf(endpoints, `${name}.${LISTS.extraEndpoints}`, gathered.label);
  return gateway(own, ownEndpoints, gathered.secretFile(`${LISTS.gateways}.${index}.token`));
}

function gateway(tree: Tree, extraEndpoints: readonly ExtraEndpoint[], tokenFile: string | null): GatewayConfig {
  const text = (path: string): string | null => (at(tree, path) as string | null) ?? null;
  const number = (path: string): number => at(tree, path) as number;
  const serial = at(tree, "serial");
  return {
    host: text("host"),
    token: text("token"),
    username: text("username"),
    password: text("password"),
    serial: serial === null ? null : String(serial),
    tls: (tree["tls"] === false ? "off" : tree["tls"]) as TlsMode,
    name: text("name"),
    site: text("site"),
    timeZone: text("time_zone"),
    siteLimits: tree["site_limits"] as GatewayConfig["siteLimits"],
    intervals: {
      meters: number("intervals.meters"),
      production: number("intervals.production"),
      inverters: number("intervals.inverters"),
      inventory: number("intervals.inventory"),
    },
    controls: at(tree, "controls") as readonly string[],
    extraEndpoints,
    tokenFile,
  };
}

function endpointsOf(list: unknown, name: string, label: (path: string) => string): readonly ExtraEndpoint[] {
  if (list === undefined) return [];
  if (!Array.isArray(list)) throw wrong(label(name), "must be a list of sections with path, topic and interval");
  const endpoints = list.map((item: unknown, index) => {
    const here = `${name}[${index + 1}]`;
    if (!isTree(item)) throw wrong(label(here), "must be a section with path, topic and interval");
    const own = checked(item, ENDPOINT_SETTINGS, (path) => label(`${here}.${path}`));
    for (const path of ["path", "topic"]) if (own[path] === null) throw wrong(label(`${here}.${path}`), "is missing");
    return { path: own["path"] as string, topic: own["topic"] as string, interval: own["interval"] as number };
  });
  const twin = firstTwin(endpoints.map((endpoint) => endpoint.topic));
  if (twin !== null) throw wrong(label(name), `names the topic ${twin} twice`);
  return endpoints;
}

function refuseTwins(gateways: readonly GatewayConfig[], label: (path: string) => string): void {
  const host = firstTwin(gateways.map((one) => (one.host === null ? null : plainHost(one.host))));
  if (host !== null) throw wrong(label(LISTS.gateways), `names the host ${host} twice`);
  const serial = firstTwin(gateways.map((one) => one.serial));
  if (serial !== null) throw wrong(label(LISTS.gateways), `names the serial ${serial} twice`);
}

function firstTwin(values: readonly (string | null)[]): string | null {
  return values.find((value, index) => value !== null && values.indexOf(value) !== index) ?? null;
}

/** The same text for the same gateway: `https://Envoy.local/`, `envoy.local` and `envoy.local.` are one. */
function plainHost(host: string): string {
  const bare = host.includes(":") && !host.includes("]") && !host.includes("://") && host.split(":").length > 2 ? `[${host}]` : host;
  const { hostname, port } = new URL(bare.includes("://") ? bare : `https://${bare}`);
  return hostname.toLowerCase().replace(/\.$/, "") + (port === "" ? "" : `:${port}`);
}
