import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { createEnlighten, type EnlightenOptions } from "./auth/enlighten.ts";
import { createLoginBudget } from "./auth/login-budget.ts";
import type { Cloud } from "./auth/ports.ts";
import { reportOf } from "./bridge-report.ts";
import type { Config, GatewayConfig } from "./config/types.ts";
import { checkExtraEndpoint } from "./envoy/extra.ts";
import type { OpenTransport } from "./envoy/transport.ts";
import { removeFormerTopics } from "./former-topics.ts";
import { createGatewayBridge, type GatewayBridge } from "./gateway-bridge.ts";
import { isOwnConfig, withVanishedStubbed } from "./homeassistant/announced.ts";
import type { Clock } from "./lib/clock.ts";
import { every } from "./lib/every.ts";
import type { Files } from "./lib/files.ts";
import type { Logger } from "./lib/logger.ts";
import { Commands } from "./mqtt/commands.ts";
import { startEmbeddedBroker } from "./mqtt/embedded-broker.ts";
import { openLink } from "./mqtt/link.ts";
import { NO_TLS_FILES } from "./mqtt/link-types.ts";
import { createMqtt } from "./mqtt/mqtt.ts";
import type { Mqtt, MqttOptions } from "./mqtt/mqtt-types.ts";
import { createTopics } from "./mqtt/topics.ts";
import { paceOf } from "./pace.ts";
import type { Publishing } from "./publishing.ts";
import { clientIdOf, createRequests } from "./requests.ts";
import { createSites } from "./sites.ts";
import { startWeb, type Web } from "./web/server.ts";
import type { GatewayStatus, Status } from "./web/status.ts";

export const SUPPORT_URL = "https://github.com/envoy2mqtt/envoy2mqtt";

export interface BridgeOptions {
  readonly config: Config;
  readonly version: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly files: Files;
  readonly logger: Logger;
  /** Finds a gateway that was configured without a host; ends when `signal` aborts. */
  readonly findHost: (gateway: GatewayConfig, signal: AbortSignal) => Promise<string>;
  /** The configured token of a gateway as it is now; a file may have changed. */
  readonly token: (gateway: GatewayConfig) => string | null;
  /** PEM of a further authority for the cloud, for the demo and tests. */
  readonly cloudCa?: string | null;
  readonly edges?: Edges;
}

/** What would be sockets; a simulation in virtual time brings its own. */
export interface Edges {
  readonly transport: OpenTransport;
  readonly post: NonNullable<EnlightenOptions["post"]>;
  readonly broker: NonNullable<MqttOptions["edge"]>;
}

export interface Bridge {
  /** The broker's address, the embedded one's where none is configured. */
  readonly brokerUrl: string;
  /** `null` without a page. */
  readonly web: Web | null;
  status(): Status;
  /** One line where something stands still, `null` while all goes on. A gateway that is away does not count. */
  trouble(): string | null;
  /** Look again at once: a token changed, or a person asks. */
  wake(): void;
  /** Says offline, writes what has to be kept, and ends; safe to call twice. */
  stop(): Promise<void>;
}

const TICK_MS = 10_000;
/** A bridge whose own loop missed so many turns stands still. */
const STILL_TURNS = 6;

/** Starts the whole bridge: the broker connection first, then each gateway on its own. Throws `config` where an extra endpoint must not be read. */
export async function startBridge(options: BridgeOptions): Promise<Bridge> {
  const { config, clock, random, files, logger, version } = options;
  for (const gateway of config.gateways) gateway.extraEndpoints.forEach(checkExtraEndpoint);
  const stopping = new AbortController();
  const startedAt = clock.now();
  const pace = paceOf(...config.gateways.map(({ intervals }) => intervals));
  const tickMs = Math.max(TICK_MS, pace.lookMs);
  const embedded = config.mqtt.url === null ? await startEmbeddedBroker(config.mqtt.embeddedPort) : null;
  const brokerUrl = config.mqtt.url ?? embedded?.url ?? "";
  const installation = await installationOf(config.stateDir, files, logger);
  const topics = createTopics(config.mqtt.baseTopic, config.mqtt.discoveryPrefix);
  const gateways: GatewayBridge[] = [];
  const commands = new Commands({
    topics,
    logger,
    control: () => null,
    request: (command) => requests(command),
    reply: (message, correlation) => mqtt.event(message, correlation),
  });
  const broker = brokerOf(config, brokerUrl, installation);
  // The embedded broker speaks 3.1.1 only: no need to find out.
  const protocol = embedded === null ? config.mqtt.protocol : "3.1.1";
  const mqtt: Mqtt = createMqtt({
    broker,
    protocol,
    topics,
    birth: config.mqtt.discovery ? { topic: config.mqtt.birthTopic, payload: config.mqtt.birthPayload } : null,
    clock,
    random,
    logger,
    heartbeatMs: pace.heartbeatMs,
    discovery: { isOwn: (payload) => isOwnConfig(payload, config.mqtt.baseTopic), removalStep: withVanishedStubbed },
    onCommand: (message) => void commands.receive(message),
    ...(options.edges === undefined ? {} : { edge: options.edges.broker }),
  });
  const publishing: Publishing = { mqtt, topics, discovery: config.mqtt.discovery ? { version, supportUrl: SUPPORT_URL } : null };
  const requests = createRequests({ mqtt, gateways: () => gateways, trouble });
  const members = new Map<GatewayConfig, GatewayBridge>();
  const sites = createSites(
    () =>
      config.gateways.map((gateway) => ({
        site: gateway.site,
        view: () => members.get(gateway)?.view() ?? null,
        online: () => members.get(gateway)?.online() ?? false,
      })),
    publishing,
  );
  const clouds = createClouds(options);
  let ticked = clock.monotonic();

  function trouble(): string | null {
    const still = clock.monotonic() - ticked;
    if (still > STILL_TURNS * tickMs) return `nothing was done for ${Math.round(still / 1000)} s`;
    const stuck = gateways.find((gateway) => gateway.isStuck());
    return stuck === undefined ? null : `gateway ${stuck.status().name} is neither read nor given up`;
  }

  async function runGateway(gateway: GatewayConfig): Promise<void> {
    const { signal } = stopping;
    const name = gateway.name ?? gateway.host ?? "gateway";
    const host = gateway.host ?? (await options.findHost(gateway, signal));
    const named: Logger = config.gateways.length > 1 ? withName(logger, name) : logger;
    const bridge = await createGatewayBridge({
      gateway,
      host,
      config,
      publishing,
      cloud: clouds(gateway),
      token: () => options.token(gateway),
      files,
      clock,
      random,
      logger: named,
      onChange: sites.tell,
      transport: options.edges?.transport,
    });
    gateways.push(bridge);
    members.set(gateway, bridge);
    await bridge.run(signal);
  }

  function status(): Status {
    return {
      version,
      startedAt,
      now: clock.now(),
      mqtt: { connected: mqtt.stats().connected, address: brokerUrl },
      gateways: config.gateways.map((gateway) => members.get(gateway)?.status() ?? lookedFor(gateway, startedAt)),
      sites: sites.views(),
    };
  }

  const tellBridge = (): void => mqtt.offer("values", reportOf(status(), mqtt.stats(), pace.saveMs / 1000, config.mqtt.discovery, topics));

  const web = await webOf(config, status, trouble, logger);
  mqtt.start();
  tellBridge();
  const running = [
    ...config.gateways.map((gateway) => runGateway(gateway).catch((error: unknown) => giveUp(logger, gateway, error, stopping.signal))),
    every(tickMs, clock, stopping.signal, () => {
      ticked = clock.monotonic();
      sites.tell();
    }),
    every(pace.saveMs, clock, stopping.signal, tellBridge),
    removeFormerTopics(
      {
        directory: config.stateDir,
        base: config.mqtt.baseTopic,
        discoveryPrefix: config.mqtt.discoveryPrefix,
        broker,
        protocol: protocol === "5" ? 5 : 4,
        openLink: options.edges?.broker.openLink ?? openLink,
        files,
        clock,
        logger,
      },
      stopping.signal,
    ),
  ];
  let stopped: Promise<void> | null = null;

  async function stop(): Promise<void> {
    stopping.abort();
    await Promise.all(running);
    sites.stop();
    await mqtt.stop();
    await web?.close();
    await embedded?.close();
  }

  return {
    brokerUrl,
    web,
    status,
    trouble,
    wake() {
      for (const gateway of gateways) gateway.wake();
    },
    stop() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** One cloud for each account: it is logged in to once at a time, and all logins together are counted. */
function createClouds({ config, clock, files, logger, cloudCa, edges }: BridgeOptions): (gateway: GatewayConfig) => Cloud | null {
  const budget = createLoginBudget({ directory: config.stateDir, files, clock, logger });
  const { loginUrl, tokenUrl: tokensUrl } = config.enlighten;
  const clouds = new Map<string, Cloud>();
  return ({ username, password }) => {
    if (username === null || password === null) return null;
    const account = JSON.stringify([username, password]);
    const way = edges === undefined ? {} : { post: edges.post };
    const cloud =
      clouds.get(account) ?? createEnlighten({ username, password, budget, clock, loginUrl, tokensUrl, ca: cloudCa ?? null, ...way });
    clouds.set(account, cloud);
    return cloud;
  };
}

/** A gateway that is still looked for on the network. */
function lookedFor({ name, serial, host }: GatewayConfig, since: number): GatewayStatus {
  const told = { since, reason: "looking for the gateway on this network", nextAttempt: null };
  const lifecycle = { state: "setup", ...told, tokenExpires: null, role: null, renewal: "ok" } as const;
  return { name: name ?? serial ?? host ?? "gateway", serial, host, available: false, lifecycle, info: null, sources: [], view: null };
}

function giveUp(logger: Logger, gateway: GatewayConfig, error: unknown, signal: AbortSignal): void {
  if (!signal.aborted)
    logger.error({ err: error, host: gateway.host }, "a gateway is given up by a mistake of the bridge; please report this");
}

function brokerOf(config: Config, url: string, installation: string) {
  const { username, password, clientId, baseTopic, tls } = config.mqtt;
  return { url, username, password, clientId: clientId ?? clientIdOf(baseTopic, installation), tls: tls ?? NO_TLS_FILES };
}

async function webOf(config: Config, status: () => Status, health: () => string | null, logger: Logger): Promise<Web | null> {
  const { listen, hosts, password } = config.web;
  if (listen === null) return null;
  try {
    return await startWeb({ ...listen, hosts, password, status, health });
  } catch (error) {
    logger.error({ err: error }, `the page cannot be served on ${listen.host}:${listen.port}; set web.listen to another port, or off`);
    return null;
  }
}

/** What tells this installation from another one with the same configuration. */
async function installationOf(directory: string, files: Files, logger: Logger): Promise<string> {
  const file = join(directory, "installation-id");
  const kept = await files.read(file).catch(() => null);
  if (kept !== null && kept.trim() !== "") return kept.trim();
  const fresh = randomUUID();
  await files.write(file, `${fresh}\n`).catch(() => logger.warn({ file }, `${file} cannot be written: make the state folder writable`));
  return fresh;
}

function withName(logger: Logger, gateway: string): Logger {
  return {
    debug: (fields, message) => logger.debug({ gateway, ...fields }, message),
    info: (fields, message) => logger.info({ gateway, ...fields }, message),
    warn: (fields, message) => logger.warn({ gateway, ...fields }, message),
    error: (fields, message) => logger.error({ gateway, ...fields }, message),
  };
}
