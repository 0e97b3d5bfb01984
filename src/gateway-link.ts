import type { Session, SessionPorts } from "./auth/ports.ts";
import type { Authorization } from "./envoy/authorization.ts";
import { type Client, createClient } from "./envoy/client.ts";
import { createExtraPoller, type ExtraEndpoint } from "./envoy/extra.ts";
import { readInfo } from "./envoy/info.ts";
import type { TlsMode } from "./envoy/pin.ts";
import { createPoller, type PollReport } from "./envoy/poller.ts";
import { type ProbeResult, probe } from "./envoy/probe.ts";
import type { Intervals } from "./envoy/schedule.ts";
import { SOURCES } from "./envoy/sources.ts";
import type { OpenTransport } from "./envoy/transport.ts";
import type { KnownGateway } from "./known-gateway.ts";
import type { Clock } from "./lib/clock.ts";
import type { Logger } from "./lib/logger.ts";
import { BridgeError, isBridgeError } from "./model/errors.ts";
import type { GatewayInfo } from "./model/gateway.ts";
import type { Json } from "./model/json.ts";

export interface GatewayLinkOptions {
  readonly host: string;
  readonly tls: TlsMode;
  /** Whether limits of export and production are asked for. */
  readonly siteLimits: "auto" | "always" | "never";
  readonly known: KnownGateway;
  readonly intervals: Intervals;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** Whose credential requests carry. */
  readonly session: () => Session;
  /** The gateway was probed, before the first reading with what was found. */
  readonly onProbed: (gateway: GatewayInfo) => Promise<void>;
  readonly onReading: (gateway: GatewayInfo, report: PollReport) => void;
  /** Endpoints that a person named, and what they answered. */
  readonly extra: readonly ExtraEndpoint[];
  readonly onExtra: (gateway: GatewayInfo, topic: string, answer: Json) => void;
  readonly transport?: OpenTransport | undefined;
}

/** What a session has done for it, done over HTTP. */
export interface GatewayLink {
  readonly ports: SessionPorts;
  readonly client: Client;
}

/** Paths that a gateway below firmware 7 gives to its users only, or on some firmware to everybody. */
const DIGEST_PATHS = ["/api/v1/production/inverters", "/api/v1/production"] as const;

/** Joins the client, the probe and the poller of one gateway to the session that keeps it open. */
export function createGatewayLink(options: GatewayLinkOptions): GatewayLink {
  const { clock, random, logger, known, intervals, siteLimits } = options;
  const authorization: Authorization = {
    headersFor: (request) => options.session().authorization.headersFor(request),
    answered: (request, response) => options.session().authorization.answered(request, response),
  };
  const howToAccept = `If the gateway was replaced or renewed its certificate, remove ${known.file} and restart.`;
  const way = options.transport === undefined ? {} : { transport: options.transport };
  const client = createClient({
    host: options.host,
    authorization,
    tls: options.tls,
    pin: known,
    clock,
    random,
    logger,
    howToAccept,
    ...way,
  });
  /** What the check of the digest credential was answered: the probe need not ask it again. */
  const answered = new Map<string, unknown>();
  let gateway: GatewayInfo | null = null;
  let probed: ProbeResult | null = null;

  async function get(path: string, signal: AbortSignal): Promise<unknown> {
    if (!answered.has(path)) return await client.get(path, { signal });
    const answer = answered.get(path);
    answered.delete(path);
    return answer;
  }

  async function info(signal: AbortSignal): Promise<GatewayInfo> {
    gateway = await readInfo(client, signal);
    return gateway;
  }

  const poller = createPoller({
    sources: SOURCES,
    get,
    readInfo: (signal) => readInfo(client, signal),
    intervals,
    clock,
    logger,
    onReading: (report) => {
      if (gateway !== null) options.onReading(gateway, report);
    },
  });

  const extra = createExtraPoller({
    endpoints: options.extra,
    get,
    clock,
    onAnswer: (topic, answer) => {
      if (gateway !== null) options.onExtra(gateway, topic, answer);
    },
    onHealth: ({ source, failures, lastError }) => {
      if (failures === 1) logger.warn({ source }, `${source}: ${lastError}`);
    },
  });

  const ports: SessionPorts = {
    readInfo: info,
    async checkToken(signal) {
      await client.getText("/auth/check_jwt", { signal });
    },
    async checkDigest(signal) {
      answered.clear();
      let refusal: unknown = null;
      for (const path of DIGEST_PATHS) {
        try {
          answered.set(path, await client.get(path, { signal }));
          return;
        } catch (error) {
          if (!isBridgeError(error, "unauthorized", "http", "not_json")) throw error;
          if (error.code === "unauthorized") refusal = error;
        }
      }
      if (refusal !== null) throw refusal;
    },
    async probe(present, signal) {
      const found = await probe({ sources: SOURCES, gateway: present, get, logger, siteLimits }, signal);
      answered.clear();
      known.meet(present.serial);
      await options.onProbed(present);
      probed = found;
    },
    async poll(signal) {
      if (gateway === null || probed === null) return new BridgeError("implausible", "the gateway was not probed");
      const found = probed;
      // Its answers are for the round after the probe only.
      probed = { ...found, answers: new Map() };
      const done = new AbortController();
      const beside = extra.run(AbortSignal.any([signal, done.signal]));
      const end = await poller.run(gateway, found, signal);
      done.abort();
      await beside;
      return end;
    },
  };
  return { ports, client };
}
