import { createLoginBudget } from "./auth/login-budget.ts";
import type { BridgeOptions } from "./bridge-options.ts";
import { reportOf } from "./bridge-report.ts";
import { createClouds } from "./clouds.ts";
import type { GatewayConfig } from "./config/types.ts";
import { checkExtraEndpoint } from "./envoy/extra.ts";
import { follow } from "./find-again.ts";
import { removeFormerTopics } from "./former-topics.ts";
import { createGatewayBridge, type GatewayBridge } from "./gateway-bridge.ts";
import { isOwnConfig, withVanishedStubbed } from "./homeassistant/announced.ts";
import { brokerOf, installationOf } from "./installation.ts";
import { every } from "./lib/every.ts";
import type { Logger } from "./lib/logger.ts";
import { withName } from "./lib/named-logger.ts";
import { lookedFor } from "./looked-for.ts";
import { Commands } from "./mqtt/commands.ts";
import { startEmbeddedBroker } from "./mqtt/embedded-broker.ts";
import { openLink } from "./mqtt/link.ts";
import { createMqtt } from "./mqtt/mqtt.ts";
import type { Mqtt } from "./mqtt/mqtt-types.ts";
import { createTopics } from "./mqtt/topics.ts";
import { paceOf } from "./pace.ts";
import type { Publishing } from "./publishing.ts";
import { createRequests } from "./requests.ts";
import { createSites } from "./sites.ts";
import { openStatusPage } from "./status-page.ts";
import type { Web } from "./web/server.ts";
import type { Status } from "./web/status.ts";

export const SUPPORT_URL = "https://github.com/envoy2mqtt/envoy2mqtt";

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
  const budget = createLoginBudget({ directory: config.stateDir, files, clock, logger });
  const clouds = createClouds(options, budget);
  let ticked = clock.monotonic();

  function trouble(): string | null {
    const still = clock.monotonic() - ticked;
    if (still > STILL_TURNS * tickMs) return `nothing was done for ${Math.round(still / 1000)} s`;
    const stuck = gateways.find((gateway) => gateway.isStuck());
    return stuck === undefined ? null : `gateway ${stuck.status().name} is neither read nor given up`;
  }

  async function runGateway(gateway: GatewayConfig): Promise<void> {
    const name = gateway.name ?? gateway.host ?? "gateway";
    const named: Logger = config.gateways.length > 1 ? withName(logger, name) : logger;
    const keep = async (host: string, former: string | null, signal: AbortSignal): Promise<void> => {
      const bridge = await createGatewayBridge({
        gateway,
        host,
        former,
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
      gateways.splice(gateways.indexOf(bridge), 1);
    };
    if (gateway.host !== null) return await keep(gateway.host, null, stopping.signal);
    const known = () => members.get(gateway)?.status();
    const find = (signal: AbortSignal) => options.findHost({ ...gateway, serial: known()?.serial ?? gateway.serial }, signal);
    await follow({ clock, logger: named, find, keep, isAway: () => known()?.lifecycle.state === "outage" }, stopping.signal);
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

  const web = await openStatusPage(config, status, trouble, logger);
  mqtt.start();
  tellBridge();
  const running = [
    ...config.gateways.map((gateway) => runGateway(gateway).catch((error: unknown) => giveUp(logger, gateway, error, stopping.signal))),
    every(tickMs, clock, stopping.signal, () => {
      ticked = clock.monotonic();
      sites.tell();
    }),
    every(pace.saveMs, clock, stopping.signal, () => {
      tellBridge();
      return budget.keep();
    }),
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
    await Promise.all([...running, budget.keep()]);
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

function giveUp(logger: Logger, gateway: GatewayConfig, error: unknown, signal: AbortSignal): void {
  if (!signal.aborted)
    logger.error({ err: error, host: gateway.host }, "a gateway is given up by a mistake of the bridge; please report this");
}
