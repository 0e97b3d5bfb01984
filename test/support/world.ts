import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bridge, startBridge } from "../../src/bridge.ts";
import { loadConfig } from "../../src/config.ts";
import { diskFiles, type Files } from "../../src/lib/files.ts";
import type { Logger } from "../../src/lib/logger.ts";
import { startEmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { type SimulatedCloud, startCloud } from "../../src/simulator/cloud.ts";
import { type GatewayOptions, type SimulatedGateway, startGateway } from "../../src/simulator/gateway.ts";
import { createScene, type SceneOptions } from "../../src/simulator/scene/scene.ts";
import { type FastClock, fastClock } from "./fast-clock.ts";
import { type Subscriber, subscribe } from "./subscriber.ts";

export interface WorldOptions {
  /** How many times as fast as the machine's the world's clock runs. */
  readonly factor?: number;
  /** What its clock shows at the start, epoch ms; the machine's time where not given. */
  readonly now?: number;
  readonly scene?: Omit<SceneOptions, "start">;
  /** Instead of a scene, such as a recording. */
  readonly content?: GatewayOptions["content"];
  readonly gateway?: Partial<GatewayOptions>;
  /** `false`: no Enlighten account is configured. */
  readonly account?: boolean;
  readonly tokenLifetimeMs?: number;
  /** The cloud speaks http, for a bridge that does not know its certificate. */
  readonly plainCloud?: boolean;
  /** Further settings, as environment variables without `ENVOY2MQTT_`. */
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: Readonly<Record<string, string>>;
  /** A configuration file; what it needs of the world is in variables. */
  readonly yaml?: string;
  /** A broker that runs already; an embedded one of the world's own without. */
  readonly brokerUrl?: string;
  readonly files?: Files;
  /** Where a gateway is found; no address is configured then. */
  readonly findHost?: () => Promise<string>;
  /** `0.0.0-test` where not given. */
  readonly version?: string;
  /** `false`: the bridge is not started yet. */
  readonly start?: boolean;
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly fields: object;
}

/** A house with its gateway, the cloud, a broker, a subscriber to everything, and the bridge between them. */
export interface World {
  readonly clock: FastClock;
  readonly gateway: SimulatedGateway;
  readonly cloud: SimulatedCloud;
  readonly watch: Subscriber;
  readonly brokerUrl: string;
  readonly directory: string;
  readonly log: readonly LogLine[];
  readonly bridge: Bridge;
  /** The bridge was stopped on purpose. */
  readonly isStopped: boolean;
  /** The configured token from now on; `wake` is the test's to call. */
  token: string | null;
  /** `yaml`: a configuration file that names the gateways itself. */
  start(env?: Readonly<Record<string, string>>, yaml?: string): Promise<Bridge>;
  stopBridge(): Promise<void>;
  topic(path: string): string;
  end(): Promise<void>;
}

export const ACCOUNT = { email: "owner@example.com", password: "correct horse" };

export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const clock = fastClock(options.factor ?? 1, options.now);
  const timing = { clock };
  const content = options.content ?? createScene({ startHour: 11, ...options.scene, start: clock.now() });
  const directory = await mkdtemp(join(tmpdir(), "envoy2mqtt-test-"));
  const { serial } = content;
  const lifetime = options.tokenLifetimeMs === undefined ? {} : { tokenLifetimeMs: options.tokenLifetimeMs };
  const cloud = await startCloud({
    accounts: [{ ...ACCOUNT, serials: [serial] }],
    ...timing,
    ...lifetime,
    plain: options.plainCloud ?? false,
  });
  const gateway = await startGateway({ content, trustedKey: cloud.key.publicKey, ...timing, ...options.gateway });
  const embedded = options.brokerUrl === undefined ? await startEmbeddedBroker(0) : null;
  const brokerUrl = options.brokerUrl ?? embedded?.url ?? "";
  const watch = await subscribe(brokerUrl);
  const log: LogLine[] = [];
  const say = (level: LogLine["level"]) => (fields: object, message: string) => void log.push({ level, message, fields });
  const logger: Logger = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  let bridge: Bridge | null = null;

  const world: World = {
    clock,
    gateway,
    cloud,
    watch,
    brokerUrl,
    directory,
    log,
    token: null,
    get isStopped() {
      return bridge === null;
    },
    get bridge() {
      if (bridge === null) throw new Error("the bridge was not started");
      return bridge;
    },
    async start(env = {}, gateways) {
      const yaml = gateways ?? options.yaml;
      const config = loadConfig({
        env: {
          ...(gateways === undefined && options.findHost === undefined ? { ENVOY2MQTT_HOST: gateway.host } : {}),
          ...(options.account === false ? {} : { ENVOY2MQTT_USERNAME: ACCOUNT.email, ENVOY2MQTT_PASSWORD: ACCOUNT.password }),
          ENVOY2MQTT_STATE_DIR: directory,
          ENVOY2MQTT_ENLIGHTEN_LOGIN_URL: cloud.loginUrl,
          ENVOY2MQTT_ENLIGHTEN_TOKEN_URL: cloud.tokenUrl,
          ENVOY2MQTT_MQTT_URL: brokerUrl,
          ENVOY2MQTT_MQTT_PROTOCOL: embedded === null ? "auto" : "3.1.1",
          ENVOY2MQTT_WEB_LISTEN: "127.0.0.1:0",
          ...(yaml === undefined ? {} : { ENVOY2MQTT_CONFIG: "world.yaml" }),
          ...prefixed({ ...options.env, ...env }),
        },
        args: options.args ?? {},
        readFile: (path) => {
          if (yaml !== undefined && path.endsWith("world.yaml")) return yaml;
          throw Object.assign(new Error(path), { code: "ENOENT" });
        },
        credentialsDirectory: null,
        cwd: directory,
      });
      bridge = await startBridge({
        config,
        version: options.version ?? "0.0.0-test",
        clock,
        random: Math.random,
        files: options.files ?? diskFiles,
        logger,
        findHost: options.findHost ?? (() => Promise.resolve(gateway.host)),
        token: (configured) => world.token ?? configured.token,
        cloudCa: cloud.ca,
      });
      return bridge;
    },
    async stopBridge() {
      await bridge?.stop();
      bridge = null;
    },
    topic: (path) => `envoy2mqtt/${serial}/${path}`,
    async end() {
      await bridge?.stop();
      await watch.end();
      await embedded?.close();
      await Promise.all([gateway.close(), cloud.close()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
  if (options.start !== false) {
    await world.start().catch(async (error: unknown) => {
      await world.end();
      throw error;
    });
  }
  return world;
}

function prefixed(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [`ENVOY2MQTT_${name}`, value]));
}
