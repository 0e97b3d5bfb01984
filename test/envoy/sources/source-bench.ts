import type { Source, SourceResult } from "../../../src/envoy/source.ts";
import { type Capabilities, NO_CAPABILITIES } from "../../../src/model/capabilities.ts";
import { BridgeError } from "../../../src/model/errors.ts";
import { parseFirmware } from "../../../src/model/firmware.ts";
import type { GatewayInfo } from "../../../src/model/gateway.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";

type Answers = { readonly [path: string]: unknown };

const gatewayOf = (firmware: string, metered = true): GatewayInfo => ({
  serial: "122000000001",
  firmware: parseFirmware(firmware),
  partNumber: null,
  metered,
  scheme: "https",
});
const getFrom = (answers: Answers) => async (path: string) => {
  if (!(path in answers)) throw new BridgeError("http", path, { status: 404 });
  return answers[path];
};

export const WEEK = 7 * 24 * 3600_000;

/** What `source` finds where a gateway answers `answers`, and 404 else. */
export function probeOf(source: Source, answers: Answers, firmware = "8.2.1", found: Partial<Capabilities> = {}, metered = true) {
  return source.probe({ gateway: gatewayOf(firmware, metered), get: getFrom(answers), found: { ...NO_CAPABILITIES, ...found } });
}

/** What `source` reads from `answers`, and the drift that it reported. */
export async function readOf(
  source: Source,
  answers: Answers,
  capabilities: Partial<Capabilities>,
  firmware = "8.2.1",
  previous?: Snapshot,
): Promise<SourceResult & { readonly said: readonly string[] }> {
  const said: string[] = [];
  const context = {
    gateway: gatewayOf(firmware),
    capabilities: { ...NO_CAPABILITIES, ...capabilities },
    get: getFrom(answers),
    now: WEEK * 10,
  };
  const drift = (what: string) => said.push(what);
  return { ...(await source.read({ ...context, drift, ...(previous && { previous }) })), said };
}
