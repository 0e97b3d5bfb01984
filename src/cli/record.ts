import { isBridgeError } from "../model/errors.ts";

/** What the gateway answered to one request. */
export interface RecordedResponse {
  readonly status: number;
  readonly content_type: string;
  readonly body: string;
}

/** One gateway's answers, in the form that the simulator replays. */
export interface Recording {
  readonly name: string;
  readonly responses: Readonly<Record<string, RecordedResponse>>;
}

/** Asks the gateway as it is: any status is an answer. Throws a `BridgeError` where there was none. */
export type RawGet = (path: string) => Promise<RecordedResponse>;

/** Everything that gateways are known to have for reading. */
export const RECORDED_PATHS: readonly string[] = [
  "/info",
  "/home",
  "/home.json",
  "/production",
  "/production.json",
  "/production.json?details=1",
  "/api/v1/production",
  "/api/v1/production/inverters",
  "/ivp/pdm/device_data",
  "/ivp/meters",
  "/ivp/meters/readings",
  "/ivp/meters/reports",
  "/ivp/livedata/status",
  "/ivp/peb/devstatus",
  "/inventory.json",
  "/inventory.json?deleted=1",
  "/ivp/ensemble/inventory",
  "/ivp/ensemble/status",
  "/ivp/ensemble/secctrl",
  "/ivp/ensemble/power",
  "/ivp/ensemble/dry_contacts",
  "/ivp/ensemble/generator",
  "/ivp/ss/dry_contact_settings",
  "/ivp/ss/gen_config",
  "/ivp/ss/gen_mode",
  "/ivp/ss/gen_schedule",
  "/ivp/ss/pel_settings",
  "/ivp/ss/dpel",
  "/ivp/sc/pvlimit",
  "/ivp/sc/status",
  "/admin/lib/tariff",
];

/** Asks for each path once, one after the other, and takes out what is personal. Paths without an answer are left out. */
export async function record(
  name: string,
  get: RawGet,
  paths: readonly string[] = RECORDED_PATHS,
  note: (line: string) => void = () => {},
): Promise<Recording> {
  const redact = createRedaction();
  const responses: Record<string, RecordedResponse> = {};
  for (const path of paths) {
    try {
      const { status, content_type, body } = await get(path);
      responses[`GET ${path}`] = { status, content_type, body: redact(body) };
      note(`${path}: ${status}`);
    } catch (error) {
      if (!isBridgeError(error) || error.code === "aborted") throw error;
      note(`${path}: ${error.message}`);
    }
  }
  return { name: redact(name), responses };
}

const SERIAL = /(?<![\d.])\d{12}(?![\d.])/g;
const MAC = /\b[0-9a-f]{2}([:-][0-9a-f]{2}){5}\b/gi;
const IPV4 = /(?<![\d.])(?!0\.0\.0\.0|127\.|255\.)(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}(?![\d.])/g;
const IPV6 = /(?<![0-9a-f:])(?=[0-9a-f:]*::|([0-9a-f]{1,4}:){7})[0-9a-f]{1,4}(:{1,2}[0-9a-f]{1,4}){2,7}(?![0-9a-f:])/gi;
const TOKEN = /eyJ[\w-]{5,}(\.[\w-]*){0,2}/g;
const MAIL = /[\w.+-]+@[\w-]+(\.[\w-]+)+/g;
const KEYS =
  "e?ssid|bssid|passphrase|psk|password|passwd|token|session_?id|site_?(?:id|name)|system_?(?:id|name)|euaid|owner|e?mail|phone|latitude|longitude|address|street|city|zip|postal_?code";
const IN_JSON = new RegExp(`("(?:${KEYS})"\\s*:\\s*)("(?:[^"\\\\]|\\\\.)*"|-?[\\d.]+)`, "gi");
const IN_XML = new RegExp(`(<(${KEYS})>)[^<]*(</\\2>)`, "gi");

/**
 * Takes out of one text after the other whatever tells whose gateway it is: tokens, addresses, networks, names; serial numbers become
 * made-up ones, the same for the same, so that devices still belong together.
 */
export function createRedaction(): (text: string) => string {
  const serials = sameForSame((index) => `1220${String(index).padStart(8, "0")}`);
  const macs = sameForSame((index) => `00:00:5e:00:53:${(index % 256).toString(16).padStart(2, "0")}`);
  const addresses = sameForSame((index) => `192.0.2.${index % 255}`);
  return (text) =>
    text
      .replace(TOKEN, "redacted")
      .replace(MAIL, "someone@example.org")
      .replace(IN_JSON, (_, key: string, value: string) => key + (value.startsWith('"') ? '"redacted"' : "0"))
      .replace(IN_XML, "$1redacted$3")
      .replace(MAC, (found) => macs(found.toLowerCase().replaceAll("-", ":")))
      .replace(IPV6, "2001:db8::1")
      .replace(IPV4, addresses)
      .replace(SERIAL, serials);
}

function sameForSame(make: (index: number) => string): (found: string) => string {
  const known = new Map<string, string>();
  return (found) => {
    const made = known.get(found) ?? make(known.size + 1);
    known.set(found, made);
    return made;
  };
}
