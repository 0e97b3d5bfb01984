import { XMLParser } from "fast-xml-parser";
import { BridgeError, isBridgeError } from "../model/errors.ts";
import { parseFirmware } from "../model/firmware.ts";
import type { GatewayInfo } from "../model/gateway.ts";
import type { Scheme } from "./address.ts";
import { noAuthorization } from "./authorization.ts";
import type { Client } from "./client.ts";
import { isObject, type JsonObject } from "./decode.ts";

/** A gateway's `/info` has about 2 kB. */
const LONGEST = 64 * 1024;

const parser = new XMLParser({
  processEntities: false,
  parseTagValue: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  trimValues: true,
});

/**
 * Reads `/info` without credentials: over https, and over http where nothing answers there, but never in the clear once TLS was spoken
 * with this gateway. From then on the client speaks the scheme that fits: https from firmware 7 on, since a token never goes in the clear.
 * Throws `not_an_envoy` where something else answers, or what the client throws.
 */
export async function readInfo(client: Client, signal: AbortSignal): Promise<GatewayInfo> {
  const { text, scheme } = await fetchInfo(client, signal);
  const gateway = parseInfo(text, scheme, client.name);
  if (scheme === "https") client.trust();
  client.speak(gateway.firmware.major >= 7 ? "https" : scheme);
  return gateway;
}

async function fetchInfo(client: Client, signal: AbortSignal): Promise<{ text: string; scheme: Scheme }> {
  const ask = async (scheme: Scheme) => ({
    text: await client.getText("/info", { signal, scheme, authorization: noAuthorization, tries: 1 }),
    scheme,
  });
  const [first = "https", second] = client.schemes;
  try {
    return await ask(first);
  } catch (error) {
    if (second === undefined || !isBridgeError(error, "unreachable", "timeout") || client.isSecured()) throw asStranger(error, client.name);
    return await ask(second).catch((clear: unknown) => {
      // The first failure tells more where neither answers.
      throw asStranger(isBridgeError(clear, "unreachable", "timeout") ? error : clear, client.name);
    });
  }
}

/** A server without `/info` is no gateway. */
function asStranger(error: unknown, name: string): unknown {
  const isStranger = isBridgeError(error, "http") && (error.status === 404 || (error.status ?? 0) < 400);
  return isStranger || isBridgeError(error, "not_json") ? stranger(name, error) : error;
}

function stranger(name: string, cause?: unknown): BridgeError {
  return new BridgeError("not_an_envoy", `${name} answers, but not as an Envoy does (no /info): is this the gateway's address?`, { cause });
}

/** What the text of `/info` says. Throws `not_an_envoy` where it is no such document. */
export function parseInfo(text: string, scheme: Scheme, name: string): GatewayInfo {
  const device = deviceOf(text);
  const serial = textAt(device, "sn");
  const software = textAt(device, "software");
  if (serial === null || software === null || !/^\w{6,20}$/.test(serial) || !/^[A-Za-z]?\d+\.\d+/.test(software)) throw stranger(name);
  return {
    serial: serial.toLowerCase(),
    firmware: parseFirmware(software),
    partNumber: textAt(device, "pn"),
    metered: textAt(device, "imeter") === "true",
    scheme,
  };
}

function deviceOf(text: string): JsonObject {
  if (text.length > LONGEST) return {};
  let parsed: unknown;
  try {
    parsed = parser.parse(text);
  } catch {
    return {};
  }
  const root = isObject(parsed) ? parsed["envoy_info"] : null;
  const device = isObject(root) ? root["device"] : null;
  return isObject(device) ? device : {};
}

function textAt(device: JsonObject, key: string): string | null {
  const value = Object.hasOwn(device, key) ? device[key] : null;
  return typeof value === "string" && value !== "" && value.length <= 64 ? value : null;
}
