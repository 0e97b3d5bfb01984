import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBridge } from "../bridge.ts";
import { loadConfig } from "../config.ts";
import { systemClock } from "../lib/clock.ts";
import { diskFiles } from "../lib/files.ts";
import type { Logger } from "../lib/logger.ts";
import type { View } from "../model/view.ts";
import { startDemo } from "../simulator/demo-scene.ts";
import { VERSION } from "./world.ts";

export interface DemoOptions {
  /** Ends by itself after so long; `null`: when `ended` aborts. */
  readonly seconds: number | null;
  readonly print: (line: string) => void;
  /** TCP port of the broker, 0 for any free one. */
  readonly brokerPort?: number;
}

/** How often the live values are shown, ms. */
const SHOW_MS = 2_000;
const BROKER_PORT = 18_830;

/** The whole bridge with a simulated gateway, cloud and broker; tells in the terminal what happens. Leaves nothing behind. */
export async function demo({ seconds, print, brokerPort }: DemoOptions, ended: AbortSignal): Promise<number> {
  const over = seconds === null ? ended : AbortSignal.any([ended, AbortSignal.timeout(seconds * 1000)]);
  const directory = await mkdtemp(join(tmpdir(), "envoy2mqtt-demo-"));
  const house = await startDemo();
  print(`A house with ${house.scene.serial} (firmware ${house.gateway.firmware.text}) at ${house.host}: a day takes three minutes.`);
  const bridge = await begin(brokerPort ?? BROKER_PORT).catch(() => begin(0));
  const broker = bridge.brokerUrl;
  const { port } = new URL(broker);
  print(`Broker at ${broker}. Look on:   mosquitto_sub -p ${port} -t 'envoy2mqtt/#' -v`);
  if (bridge.web !== null) print(`Page at http://${bridge.web.address.host}:${bridge.web.address.port}/`);
  print("Ctrl-C ends it.");
  let announced = 0;
  while (!over.aborted) {
    await systemClock.sleep(SHOW_MS, over).catch(() => {});
    const view = bridge.status().gateways[0]?.view ?? null;
    if (view === null) continue;
    if (view.devices.length !== announced) print(devicesLine(view));
    announced = view.devices.length;
    print(valuesLine(view));
  }
  await bridge.stop();
  await house.close();
  await rm(directory, { recursive: true, force: true });
  print("The demo ended.");
  return 0;

  function begin(embeddedPort: number) {
    const settings: Record<string, string> = {
      ENVOY2MQTT_HOST: house.host,
      ENVOY2MQTT_USERNAME: house.username,
      ENVOY2MQTT_PASSWORD: house.password,
      ENVOY2MQTT_STATE_DIR: directory,
      ENVOY2MQTT_ENLIGHTEN_LOGIN_URL: house.loginUrl,
      ENVOY2MQTT_ENLIGHTEN_TOKEN_URL: house.tokenUrl,
      ENVOY2MQTT_MQTT_EMBEDDED_PORT: String(embeddedPort),
      ENVOY2MQTT_WEB_LISTEN: "127.0.0.1:0",
      ENVOY2MQTT_INTERVALS_METERS: "2",
    };
    const config = loadConfig({ env: settings, args: {}, readFile: missing, credentialsDirectory: null, cwd: directory });
    return startBridge({
      config,
      version: VERSION,
      clock: systemClock,
      random: Math.random,
      files: diskFiles,
      logger: printer(print),
      findHost: () => Promise.resolve(house.host),
      token: () => null,
      cloudCa: house.ca,
    });
  }
}

function missing(path: string): string {
  throw Object.assign(new Error(`${path} is not there`), { code: "ENOENT" });
}

function printer(print: (line: string) => void): Logger {
  const line = (_: object, message: string) => print(`  ${message}`);
  return { debug() {}, info: line, warn: line, error: line };
}

function devicesLine({ devices }: View): string {
  const entities = devices.reduce((sum, device) => sum + device.entities.length, 0);
  return `Announced to Home Assistant: ${devices.length} devices with ${entities} entities: ${devices.map(({ name }) => name).join(", ")}`;
}

/** The values that change, by topic and key. */
function valuesLine({ states }: View): string {
  const value = (path: string, key: string) => states.find((state) => state.path === path)?.payload[key] ?? null;
  const watts = (path: string) => `${value(path, "power") ?? "–"} W`;
  const energy = value("energy", "production_kwh");
  return `production ${watts("production")}, consumption ${watts("consumption")}, grid ${watts("grid")}, produced ${energy ?? "–"} kWh`;
}
