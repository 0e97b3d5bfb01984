import { decodeJson, decodeText, statusError } from "../../src/envoy/failure.ts";
import { parseInfo } from "../../src/envoy/info.ts";
import { createPoller, type PollReport } from "../../src/envoy/poller.ts";
import { type ProbeResult, probe } from "../../src/envoy/probe.ts";
import type { Source } from "../../src/envoy/source.ts";
import { SOURCES } from "../../src/envoy/sources.ts";
import { silentLogger } from "../../src/lib/logger.ts";
import type { GatewayInfo } from "../../src/model/gateway.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import type { RecordedAnswer } from "./recordings-folder.ts";

export type Ask = (path: string, signal: AbortSignal) => Promise<unknown>;

const encoder = new TextEncoder();

/** Answers as a gateway that was recorded, without sockets: 404 for what was not. */
export function askStatic(answers: ReadonlyMap<string, RecordedAnswer>, asked: string[] = []): Ask {
  return async (path) => {
    asked.push(path);
    const { status, body } = answers.get(path) ?? { status: 404, body: "" };
    const bytes = encoder.encode(body);
    const failure = statusError({ status, headers: {}, body: bytes }, path);
    if (failure !== null) throw failure;
    return decodeJson(bytes, path);
  };
}

/** What a recorded gateway says of itself. */
export function recordedInfo(answers: ReadonlyMap<string, RecordedAnswer>): GatewayInfo {
  return parseInfo(decodeText(encoder.encode(answers.get("/info")?.body ?? ""), "/info"), "https", "recorded");
}

export interface GatewayReading {
  readonly probed: ProbeResult;
  readonly first: PollReport;
  readonly steady: PollReport;
  /** Paths that were asked for by the probe and the first round, and by the round after it. */
  readonly firstPaths: readonly string[];
  readonly steadyPaths: readonly string[];
}

const MINUTE = 60_000;

/** Probes a gateway and reads each source twice, in virtual time. */
export async function readGateway(gateway: GatewayInfo, ask: Ask, sources: readonly Source[] = SOURCES): Promise<GatewayReading> {
  const stop = new AbortController();
  const asked: string[] = [];
  let underWay = 0;
  const clock = createVirtualClock({ busy: () => underWay > 0 });
  const get: Ask = async (path, signal) => {
    asked.push(path);
    underWay += 1;
    return ask(path, signal).finally(() => {
      underWay -= 1;
    });
  };
  const probed = await probe({ sources, gateway, get, logger: silentLogger }, stop.signal);
  const reports: PollReport[] = [];
  const poller = createPoller({
    sources,
    get,
    readInfo: async () => gateway,
    intervals: { meters: MINUTE, production: MINUTE, inverters: MINUTE, inventory: MINUTE },
    clock,
    logger: silentLogger,
    onReading: (report) => reports.push(report),
  });
  const ended = poller.run(gateway, probed, stop.signal);
  await clock.settle();
  const first = reports.at(-1);
  const firstPaths = asked.splice(0);
  await clock.advance(MINUTE);
  const steady = reports.at(-1);
  stop.abort();
  await ended;
  if (first === undefined || steady === undefined || !first.complete) throw new Error("not every source was asked");
  return { probed, first, steady, firstPaths, steadyPaths: asked };
}
