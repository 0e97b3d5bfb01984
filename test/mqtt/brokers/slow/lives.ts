import { mkdtempSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import mqtt, { type IClientOptions } from "mqtt";
import { type Clock, systemClock } from "../../../../src/lib/clock.ts";
import type { Message } from "../../../../src/model/message.ts";
import { NO_TLS_FILES } from "../../../../src/mqtt/link-types.ts";
import type { Mqtt } from "../../../../src/mqtt/mqtt-types.ts";
import { address, config, mqttOn, remember, TOPICS, value } from "../../../support/bridge-link.ts";
import { type Certificates, certificates, passwordLine } from "../../../support/broker-files.ts";
import { type BrokerProcess, freePort, startBrokerProcess } from "../../../support/broker-process.ts";
import { type MosquittoOptions, mosquittos, startMosquitto } from "../../../support/mosquitto.ts";
import { subscribe } from "../../../support/subscriber.ts";

const AEDES = join(import.meta.dirname, "..", "..", "..", "support", "aedes-program.ts");
const BIG_BYTES = 5_000;
const STANDING_MS = 40_000;
const ID = "envoy2mqtt-test";

type Protocol = "auto" | "5" | "3.1.1";

/** How a broker is set up, what a client needs for it, and what it does not let through. */
interface Condition {
  readonly name: string;
  readonly broker?: MosquittoOptions;
  readonly login?: { readonly username: string; readonly password: string };
  readonly tls?: { readonly ca: string; readonly cert: string | null; readonly key: string | null };
  readonly denied?: readonly string[];
}

export interface Group {
  readonly name: string;
  readonly protocol: Protocol;
  readonly conditions: readonly Condition[];
  start(condition: Condition): Promise<BrokerProcess>;
}

/** One broker, one bridge's MQTT, and what shall stand on the broker. */
export interface Life {
  readonly condition: string;
  readonly broker: BrokerProcess;
  readonly client: Mqtt;
  /** Offers 30 values and the configs anew. */
  offer(power: number): void;
  /** A new subscriber gets the last published value of every topic that this broker lets through. */
  standing(power: number): Promise<void>;
  /** Another client with the bridge's id connects, and goes. */
  takeOver(): Promise<void>;
  end(): Promise<void>;
}

/** Back-off of a minute would prove nothing more. */
const atMost = (longest: number): Clock => ({ ...systemClock, sleep: (ms, signal) => systemClock.sleep(Math.min(ms, longest), signal) });

const paths = Array.from({ length: 30 }, (_, index) => `inverter/${index}`);
const DENIED = value("inverter/7", {}).topic;
const configs = [config("gw", { power: "inverter/0" }), config("big", { power: "inverter/1" }, BIG_BYTES)];

function round(power: number): readonly Message[] {
  return paths.map((path, index) => value(path, { power: power + index }, { qos: index % 2 === 0 ? 0 : 1 }));
}

function conditions({ ca, server, client }: Certificates): readonly Condition[] {
  const files = { "ca.pem": ca, "cert.pem": server.cert, "key.pem": server.key, "client.pem": client.cert, "client.key": client.key };
  const tls = ["cafile {dir}/ca.pem", "certfile {dir}/cert.pem", "keyfile {dir}/key.pem"];
  const acl = `topic readwrite #\ntopic deny ${DENIED}\ntopic deny ${TOPICS.deviceConfig("big")}\n`;
  return [
    { name: "open, nothing kept on disk" },
    { name: "persistence", broker: { lines: ["persistence true", "persistence_location {dir}/", "autosave_interval 1"] } },
    {
      name: "password",
      broker: { anonymous: false, lines: ["password_file {dir}/passwords"], files: { passwords: passwordLine("envoy", "right") } },
      login: { username: "envoy", password: "right" },
    },
    {
      name: "access rules that deny two topics",
      broker: { lines: ["acl_file {dir}/acl"], files: { acl } },
      denied: [DENIED, TOPICS.deviceConfig("big")],
    },
    { name: "TLS with an authority of its own", broker: { lines: tls, files }, tls: { ca: "ca.pem", cert: null, key: null } },
    {
      name: "TLS with client certificates",
      broker: { lines: [...tls, "require_certificate true"], files },
      tls: { ca: "ca.pem", cert: "client.pem", key: "client.key" },
    },
    { name: "max_packet_size", broker: { lines: ["max_packet_size 3000"] }, denied: [TOPICS.deviceConfig("big")] },
  ];
}

async function startAedes(): Promise<BrokerProcess> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "aedes-"));
  const broker = await startBrokerProcess({ command: [process.execPath, AEDES, String(port)], env: process.env, port, folder });
  const stop = async () => {
    await broker.stop();
    await rm(folder, { recursive: true });
  };
  return { ...broker, stop };
}

/** Every Mosquitto that is named and the embedded broker, with both versions of MQTT; aedes speaks 3.1.1 only and refuses 5. */
export async function groups(): Promise<readonly Group[]> {
  const all = conditions(await certificates());
  const found = mosquittos().flatMap(({ program, version }) =>
    (["5", "3.1.1"] as const).map((protocol) => ({
      name: `Mosquitto ${version}, MQTT ${protocol}`,
      protocol,
      conditions: all,
      start: ({ broker = {} }: Condition) => startMosquitto({ ...broker, program }),
    })),
  );
  const aedes = (["auto", "3.1.1"] as const).map((protocol) => ({
    name: `aedes, MQTT ${protocol === "auto" ? "5 refused, then 3.1.1" : protocol}`,
    protocol,
    conditions: all.slice(0, 1),
    start: startAedes,
  }));
  return [...found, ...aedes];
}

/** One life for each of the group's conditions. */
export function begin(group: Group, longestWait: number): Promise<readonly Life[]> {
  return Promise.all(group.conditions.map((condition) => live(group, condition, longestWait)));
}

async function live({ protocol, start }: Group, condition: Condition, longestWait: number): Promise<Life> {
  const broker = await start(condition);
  const { login, tls, denied = [] } = condition;
  const url = tls === undefined ? broker.url : broker.url.replace("mqtt:", "mqtts:");
  const file = (name: string | null) => (name === null ? null : join(broker.folder, name));
  const files = tls === undefined ? NO_TLS_FILES : { ca: file(tls.ca), cert: file(tls.cert), key: file(tls.key) };
  const log = remember();
  const how = { ...login, ...(await contents(files)) };
  const client = mqttOn(url, { protocol, logger: log, clock: atMost(longestWait), broker: address(url, { ...login, tls: files }) });
  client.offer("discovery", configs);
  client.start();
  return {
    condition: condition.name,
    broker,
    client,
    offer: (power) => client.offer("values", round(power)),
    async standing(power) {
      const wanted = [...round(power), ...configs].filter(({ topic }) => !denied.includes(topic));
      const all = new Map([...wanted.map(({ topic, payload }) => [topic, payload] as const), [TOPICS.bridgeState, "online"]]);
      let wrong: readonly string[] = [];
      for (const end = performance.now() + STANDING_MS; performance.now() < end; ) {
        // A new one each time: what a broker keeps is what whoever comes anew gets.
        const kept = await retained(url, how, all.size);
        wrong = [...new Set([...all.keys(), ...kept.keys()])].filter((topic) => kept.get(topic) !== all.get(topic));
        if (wrong.length === 0) return;
      }
      const said = log.lines.slice(-8).map(({ message }) => message);
      throw new Error([`${condition.name}: not so: ${wrong}; ${JSON.stringify(client.stats())}`, ...said].join("\n"));
    },
    async takeOver() {
      const other = await mqtt.connectAsync(url, { ...how, clientId: ID, protocolVersion: protocol === "5" ? 5 : 4, reconnectPeriod: 0 });
      await other.endAsync(true);
    },
    async end() {
      await client.stop();
      await broker.stop();
    },
  };
}

/** What a new subscriber gets of the broker's own accord, within a second. */
async function retained(url: string, how: IClientOptions, count: number): Promise<ReadonlyMap<string, string>> {
  const watch = await subscribe(url, ["#"], how);
  const isAll = () => watch.topics().size >= count;
  await watch.until("as many topics as there should be", isAll, 1_000).catch(() => {});
  const kept = new Map(watch.topics());
  await watch.end();
  return kept;
}

async function contents(files: {
  readonly ca: string | null;
  readonly cert: string | null;
  readonly key: string | null;
}): Promise<IClientOptions> {
  const given = Object.entries(files).filter(([, path]) => path !== null);
  return Object.fromEntries(await Promise.all(given.map(async ([name, path]) => [name, await readFile(path as string)])));
}

/** Offers new values to every life, again and again, until the task is done; gives the last power offered. */
export async function publishing(lives: readonly Life[], from: number, everyMs: number, task: Promise<unknown>): Promise<number> {
  let over = false;
  const done = task.finally(() => {
    over = true;
  });
  let power = from;
  while (!over) {
    power++;
    for (const life of lives) life.offer(power);
    await systemClock.sleep(everyMs);
  }
  await done;
  return power;
}
