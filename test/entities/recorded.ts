import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Facts } from "../../src/entities/facts.ts";
import { probe } from "../../src/envoy/probe.ts";
import { SOURCES } from "../../src/envoy/sources.ts";
import { silentLogger } from "../../src/lib/logger.ts";
import { BridgeError, isBridgeError } from "../../src/model/errors.ts";
import { parseFirmware } from "../../src/model/firmware.ts";
import type { GatewayInfo } from "../../src/model/gateway.ts";
import type { Reading, Snapshot } from "../../src/model/snapshot.ts";
import { factsOf, honestEnergy, NOW } from "./facts.ts";

/** Where recorded gateways lie: beside the project, or where a variable says. */
export const SHARED = resolve(process.env["ENVOY_RECORDINGS"] ?? resolve(import.meta.dirname, "../../../shared"));
export const hasRecordings = existsSync(join(SHARED, "recordings")) && existsSync(join(SHARED, "homeassistant/native"));

export function recordedNames(folder: "recordings" | "homeassistant/native"): string[] {
  const path = join(SHARED, folder);
  if (!existsSync(path)) return [];
  const files = readdirSync(path).filter((file) => file.endsWith(".json"));
  return files.map((file) => file.slice(0, -5)).sort();
}

export function sharedJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(SHARED, path), "utf8")) as T;
}

interface Recorded {
  readonly responses: { readonly [request: string]: { readonly status: number; readonly body: string } };
}

/** What the bridge knows of a recorded gateway after its first round; `null` where it gives no production. */
export async function recordedFacts(name: string): Promise<Facts | null> {
  const { responses } = sharedJson<Recorded>(`recordings/${name}.json`);
  const get = async (path: string) => answer(responses[`GET ${path}`], path);
  const gateway = infoOf(responses["GET /info"]?.body ?? "");
  const found = await probe({ sources: SOURCES, gateway, get, logger: silentLogger }, new AbortController().signal).catch(
    (error: unknown) => {
      if (isBridgeError(error, "no_production")) return null;
      throw error;
    },
  );
  if (found === null) return null;
  const { capabilities } = found;
  const readings: { [group: string]: Reading<unknown> } = {};
  for (const source of SOURCES.filter((source) => source.wanted(capabilities))) {
    const result = await source.read({ gateway, capabilities, get, now: NOW, drift: () => {} }).catch(() => null);
    const measured: { readonly [group: string]: number | undefined } = result?.measuredAt ?? {};
    for (const [group, value] of Object.entries(result?.groups ?? {})) {
      readings[group] = { value, readAt: NOW, measuredAt: measured[group] ?? NOW };
    }
  }
  const snapshot = readings as Snapshot;
  return factsOf({ gateway, capabilities, snapshot, energy: honestEnergy(snapshot, capabilities) });
}

function answer(recorded: Recorded["responses"][string] | undefined, path: string): unknown {
  const status = recorded?.status ?? 404;
  if (recorded === undefined || status !== 200) {
    throw new BridgeError(status === 401 || status === 403 ? "unauthorized" : "http", `${path}: ${status}`, { status });
  }
  const parsed = parse(recorded.body);
  if (parsed === undefined) throw new BridgeError("not_json", `${path}: no JSON`);
  return parsed;
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function infoOf(xml: string): GatewayInfo {
  const text = (tag: string) => new RegExp(`<${tag}>\\s*([^<]*?)\\s*</${tag}>`).exec(xml)?.[1] ?? null;
  return {
    serial: text("sn") ?? "",
    firmware: parseFirmware(text("software") ?? ""),
    partNumber: text("pn"),
    metered: text("imeter") === "true",
    scheme: "https",
  };
}
