import { join } from "node:path";
import type { Cloud, Session, Transition } from "./auth/ports.ts";
import { createSession } from "./auth/session.ts";
import { createTokenStore } from "./auth/token-store.ts";
import type { Config, GatewayConfig } from "./config/types.ts";
import { type Books, openBooks } from "./energy/books.ts";
import { counterReadings, powerReadings } from "./entities/counters.ts";
import type { Facts } from "./entities/facts.ts";
import { lastKnown } from "./entities/freshness.ts";
import { originOf, parseAddress } from "./envoy/address.ts";
import type { PollReport } from "./envoy/poller.ts";
import { SOURCES } from "./envoy/sources.ts";
import type { OpenTransport } from "./envoy/transport.ts";
import { createGatewayLink } from "./gateway-link.ts";
import { createGatewayVoice } from "./gateway-voice.ts";
import { deviceRemoval } from "./homeassistant/discovery.ts";
import { type KnownDevices, openKnownDevices } from "./known-devices.ts";
import { openKnownGateway } from "./known-gateway.ts";
import type { Clock } from "./lib/clock.ts";
import { every } from "./lib/every.ts";
import type { Files } from "./lib/files.ts";
import type { Logger } from "./lib/logger.ts";
import type { GatewayInfo } from "./model/gateway.ts";
import type { View } from "./model/view.ts";
import { paceOf } from "./pace.ts";
import type { Publishing } from "./publishing.ts";
import type { GatewayStatus } from "./web/status.ts";

export interface GatewayBridgeOptions {
  readonly gateway: GatewayConfig;
  /** Name, address or URL: configured or found. */
  readonly host: string;
  /** Where it was before: what is known of it there holds here, too; `null` without. */
  readonly former: string | null;
  readonly config: Config;
  readonly publishing: Publishing;
  /** The cloud for its account, shared by all gateways of that account; `null` without one. */
  readonly cloud: Cloud | null;
  /** The configured token as it is now. */
  readonly token: () => string | null;
  readonly files: Files;
  readonly clock: Clock;
  readonly random: () => number;
  readonly logger: Logger;
  /** How requests travel, where not over sockets. */
  readonly transport?: OpenTransport | undefined;
  /** Something of it was published anew: sites add it up. */
  readonly onChange: () => void;
}

/** One gateway, from its address to MQTT. */
export interface GatewayBridge {
  /** Keeps it until `signal` aborts, then writes what has to be kept. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  status(): GatewayStatus;
  view(): View | null;
  online(): boolean;
  /** A person asks, or a token was put in place. */
  wake(): void;
  /** Removes a device from Home Assistant that the gateway no longer reports; `false` where it is there, or unknown. */
  removeDevice(id: string): boolean;
  /** Every discovery topic, and every retained topic besides. */
  forget(): void;
  /** It should be read, and nothing was, well or badly, for longer than anything takes. */
  isStuck(): boolean;
}

/** The longest that a round of slow sources takes, ms, with room. */
const STUCK_MS = 15 * 60_000;

interface Reading {
  readonly gateway: GatewayInfo;
  readonly report: PollReport;
}

export async function createGatewayBridge(options: GatewayBridgeOptions): Promise<GatewayBridge> {
  const { gateway: config, config: all, clock, random, logger, files, publishing } = options;
  const seconds = config.intervals;
  const intervals = {
    meters: seconds.meters * 1000,
    production: seconds.production * 1000,
    inverters: seconds.inverters * 1000,
    inventory: seconds.inventory * 1000,
  };
  const known = await openKnownGateway(all.stateDir, options.host, files, logger, options.former);
  const limits = {
    missedRounds: all.availability.missedPolls,
    roundMs: Math.max(intervals.meters, intervals.production),
    graceMs: all.availability.seconds * 1000,
  };
  const pace = paceOf(seconds);
  const pages = pagesOf(options.host);
  const stuckMs = STUCK_MS + 2 * Math.min(...Object.values(intervals));
  const voice = createGatewayVoice({ ...publishing, limits, clock });
  let reading: Reading | null = null;
  let books: Books | null = null;
  let devices: KnownDevices | null = null;
  let progress = clock.monotonic();

  const serial = () => known.serial() ?? config.serial;

  async function onProbed({ serial }: GatewayInfo): Promise<void> {
    const timeZone = config.timeZone;
    books ??= await openBooks({ file: join(all.stateDir, `energy-${serial}.json`), timeZone, clock, files, logger });
    devices ??= await openKnownDevices(all.stateDir, serial, files, logger);
  }

  function onReading(gateway: GatewayInfo, report: PollReport): void {
    progress = clock.monotonic();
    reading = { gateway, report };
    if (config.timeZone === null) books?.setTimeZone(lastKnown(report.snapshot, "home")?.timezone ?? null);
    tell(true);
    const source = report.health.find((one) => one.source === report.source);
    if (source?.lastError === null && isCore(report.source)) voice.availability(gateway.serial, "good");
    if (report.complete) voice.availability(gateway.serial, "complete");
  }

  /** Publishes what is known now, where each source was asked. */
  function tell(news: boolean): void {
    if (reading === null || books === null) return;
    const { gateway, report } = reading;
    const { snapshot, capabilities } = report;
    const recorded = news
      ? books.record(counterReadings(snapshot, capabilities), powerReadings(snapshot, capabilities))
      : { values: books.values(), events: [] };
    for (const event of recorded.events) voice.event(gateway.serial, event);
    if (!report.complete) return;
    voice.tell(factsOf(reading, recorded.values));
    options.onChange();
  }

  function factsOf({ gateway, report }: Reading, energy: Facts["energy"]): Facts {
    return {
      gateway,
      capabilities: report.capabilities,
      snapshot: report.snapshot,
      energy,
      lifecycle: session.status(),
      health: report.health,
      configurationUrl: pages[gateway.scheme],
      now: clock.now(),
      options: { intervals: seconds },
    };
  }

  const link = createGatewayLink({
    host: options.host,
    tls: config.tls,
    siteLimits: config.siteLimits,
    known,
    intervals,
    clock,
    random,
    logger,
    transport: options.transport,
    session: () => session,
    onProbed,
    onReading,
    extra: config.extraEndpoints,
    onExtra: (gateway, topic, answer) => voice.extra(gateway.serial, topic, answer),
  });
  const session: Session = createSession({
    serial: config.serial,
    token: options.token,
    cloud: options.cloud,
    localUser: { username: config.username ?? "", password: config.password ?? "" },
    store: createTokenStore({ directory: all.stateDir, files, logger }),
    ports: link.ports,
    clock,
    random,
    logger,
  });
  session.onTransition(({ status, gateway }: Transition) => {
    progress = clock.monotonic();
    const id = serial() ?? gateway?.serial ?? null;
    if (id !== null) voice.lifecycle(id, status);
    tell(false);
  });

  function tick(): void {
    tell(false);
    voice.availability(serial(), "tick");
  }

  async function keep(): Promise<void> {
    const view = voice.view();
    if (view !== null && devices !== null && voice.online()) {
      for (const { id, paths } of devices.look(view, clock.now())) {
        logger.info({ device: id }, `${id} has not been reported for a week: it is removed from Home Assistant`);
        forgetDevice(view.serial, id, paths);
      }
    }
    await books?.save();
    await devices?.save();
  }

  function forgetDevice(owner: string, id: string, paths: readonly string[]): void {
    const { mqtt, topics } = publishing;
    mqtt.forget(deviceRemoval(id, topics).topic);
    const shared = new Set(voice.view()?.states.map(({ path }) => path));
    for (const path of paths) if (!shared.has(path)) mqtt.forget(topics.state(owner, path));
    devices?.forget(id);
  }

  return {
    async run(signal) {
      // What an earlier run left on the topic is judged in time, also where looks are far apart.
      const firstLook = clock.sleep(limits.graceMs, signal).then(tick, () => {});
      const looks = [every(pace.lookMs, clock, signal, tick), every(pace.saveMs, clock, signal, keep)];
      await Promise.all([session.run(signal), firstLook, ...looks]);
      voice.availability(serial(), "stopped");
      await keep();
      await books?.close();
      await link.client.close();
    },
    status: () => ({
      name: config.name ?? serial() ?? options.host,
      serial: serial(),
      host: options.host,
      available: voice.online(),
      lifecycle: session.status(),
      info: reading?.gateway ?? null,
      sources: reading?.report.health ?? [],
      view: voice.view(),
    }),
    view: voice.view,
    online: voice.online,
    wake: session.wake,
    removeDevice(id) {
      const view = voice.view();
      const paths = devices?.all().get(id);
      if (view === null || paths === undefined || voice.devices().some((device) => device.id === id)) return false;
      forgetDevice(view.serial, id, paths);
      return true;
    },
    forget() {
      const view = voice.view();
      if (view === null) return;
      for (const [id, paths] of devices?.all() ?? []) forgetDevice(view.serial, id, paths);
      for (const { id } of view.devices) publishing.mqtt.forget(publishing.topics.deviceConfig(id));
    },
    isStuck: () => session.status().state === "authenticated" && clock.monotonic() - progress > stuckMs,
  };
}

function isCore(name: string): boolean {
  return SOURCES.some((source) => source.name === name && source.core);
}

/** The gateway's own page, where a browser can open it. */
function pagesOf(host: string): Readonly<Record<GatewayInfo["scheme"], string>> {
  const address = parseAddress(host);
  return { https: originOf(address, "https"), http: originOf(address, "http") };
}
