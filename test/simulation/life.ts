import { type Bridge, startBridge } from "../../src/bridge.ts";
import { loadConfig } from "../../src/config.ts";
import { stateMessages } from "../../src/homeassistant/state.ts";
import type { Message } from "../../src/model/message.ts";
import { createTopics } from "../../src/mqtt/topics.ts";
import { createCloudCore } from "../../src/simulator/cloud-core.ts";
import { drawScript, playScript } from "../../src/simulator/fault-script.ts";
import { createGatewayCore } from "../../src/simulator/gateway-core.ts";
import type { SimulatedReply, SimulatedRequest } from "../../src/simulator/message.ts";
import { seededRandom } from "../../src/simulator/scene/random.ts";
import { createScene } from "../../src/simulator/scene/scene.ts";
import type { TokenKey } from "../../src/simulator/token.ts";
import { createBroker } from "./broker.ts";
import { createWorldClock, type ProcessClock } from "./clock.ts";
import { createDisk } from "./disk.ts";
import { INVARIANTS, type Observed } from "./invariants.ts";
import { createCloudWay, createGatewayWay, type NetworkWatch } from "./network.ts";
import { drawOwn, type OwnWorld, playOwn } from "./own-troubles.ts";

export interface LifeOptions {
  readonly seed: number;
  readonly days: number;
  /** Signs all tokens. */
  readonly key: TokenKey;
  /** Keep the whole event log; its end only otherwise. */
  readonly record?: boolean;
}

export interface Life {
  /** The invariant that was broken and how, `null` where none was. */
  readonly violation: string | null;
  readonly log: readonly string[];
  readonly faults: ReadonlyMap<string, number>;
  readonly logins: number;
  readonly polls: number;
  readonly virtualDays: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const SERIAL = "122302000001";
/** Minutes between two readings; most lives are read rarely, so that there can be many of them. */
const PACES = [5, 15, 30, 30, 30, 60, 60, 60, 60, 60, 60, 60] as const;
/** After the last trouble a gateway may still be starting up for so long. */
const BOOT_MS = 11 * MINUTE;
/** From a calm world to online, besides one interval, where nothing is held off: back-off cap, requests under way that time out, probe. */
const BACK_MS = 10 * MINUTE;
/** Whatever is held off is over after this: 24 h of login hold-off, the 6 h of `refused`, and `BACK_MS`. */
const CEILING_MS = 31 * HOUR;
const CORE = new Set(["/production.json?details=1", "/production.json", "/production", "/api/v1/production", "/ivp/meters/readings"]);
const ENERGY = `envoy2mqtt/${SERIAL}/energy`;
const AVAILABILITY = `envoy2mqtt/${SERIAL}/availability`;
const INFO = `envoy2mqtt/${SERIAL}/info`;
const LAST_LINES = 60;

/** Lets a bridge live for so many days among troubles drawn from a seed. */
export async function live({ seed, days, key, record = false }: LifeOptions): Promise<Life> {
  const random = seededRandom(seed);
  const start = Date.UTC(2026, 0, 1) + Math.floor(random() * 365) * DAY;
  const clock = createWorldClock(start);
  const intervalMs = (PACES[Math.floor(random() * PACES.length)] ?? 30) * MINUTE;
  const backMs = BACK_MS + intervalMs;
  const scene = createScene({ start, seed, inverters: 2, phases: 1, serial: SERIAL });
  const tokenLifetimeMs = [12 * HOUR, 3 * DAY, 365 * DAY][Math.floor(random() * 3)] ?? DAY;
  const account = { email: "owner@example.com", password: "correct horse" };
  const cloud = createCloudCore({ accounts: [account], clock, random: seededRandom(seed + 1), key, tokenLifetimeMs });
  const gateway = createGatewayCore({ content: scene, clock, random: seededRandom(seed + 2), trustedKey: key.publicKey, logLimit: 20 });
  const disk = createDisk();
  const topics = createTopics("envoy2mqtt", "homeassistant");
  const faults = new Map<string, number>();
  const log: string[] = [];
  let polls = 0;
  let lifecycle = { state: "setup", since: 0, nextAttempt: null as number | null };
  let lastStatus = 200;
  let busyAt = Number.NEGATIVE_INFINITY;
  let accepted: string | null = null;
  let fingerprint = "sha256/first";
  const energy: Record<string, number> = {};
  let bridge: Bridge | null = null;
  let process: ProcessClock | null = null;
  let wrongMs = 0;
  let violation: string | null = null;

  const seen: Observed = {
    now: 0,
    serial: SERIAL,
    limitMs: 3 * intervalMs,
    tickMs: intervalMs / 2 + SECOND,
    lastGood: Number.NEGATIVE_INFINITY,
    shownOnline: null,
    wentOnline: null,
    sent: [],
    sentToStranger: false,
    loginsUnderWay: 0,
    logins: [],
    requestsUnderWay: 0,
    published: null,
    probed: null,
    probedBefore: null,
    fell: null,
    firstWait: null,
    timers: 0,
    links: 0,
    topics: 0,
    files: 0,
    stale: null,
    calm: null,
  };

  function note(kind: string, text: string): void {
    if (!record && log.length > 20 * LAST_LINES) log.splice(0, log.length - LAST_LINES);
    log.push(`${new Date(clock.now()).toISOString()} ${kind} ${text}`);
  }

  const watch: NetworkWatch = {
    asks({ headers }: SimulatedRequest, shown) {
      const authorization = headers["authorization"];
      if (authorization?.startsWith("Bearer ")) {
        seen.sent.push({ token: authorization.slice(7), wall: process?.now() ?? 0 });
        accepted ??= shown;
      }
      if (accepted !== null && shown !== accepted) seen.sentToStranger = true;
      polls += 1;
    },
    answers({ path }, reply: SimulatedReply | null) {
      lastStatus = reply?.status ?? 0;
      if (lastStatus === 503 || lastStatus === 429) busyAt = clock.monotonic();
      const whole = reply?.delivery.how === "whole" || reply?.delivery.how === "drip";
      if (lastStatus !== 200 || !whole) return;
      // What is slow arrives later; a request that is given up meanwhile does not make it older than this.
      if (CORE.has(path)) seen.lastGood = clock.monotonic() + (reply?.delayMs ?? 0) + (reply?.delivery.how === "drip" ? MINUTE : 0);
      if (path === "/info" || !lifecycle.state.endsWith("probing") || seen.probed === gateway.firmware.text) return;
      seen.probedBefore = seen.probed;
      seen.probed = gateway.firmware.text;
    },
    underWay(count) {
      seen.requestsUnderWay = count;
    },
    logins(underWay, begins) {
      seen.loginsUnderWay = underWay;
      if (!begins) return;
      seen.logins.push(clock.monotonic());
      note("login", "at the cloud");
    },
  };

  function told(level: string): (fields: object, message: string) => void {
    return (fields, message) => {
      if (level !== "debug") note(level, message);
      const { state, from, nextAttempt } = fields as { state?: string; from?: string; nextAttempt?: number | null };
      if (state === undefined || from === undefined) return;
      const now = clock.monotonic();
      const held = lifecycle.state === "authenticated" && from === "authenticated" ? now - lifecycle.since : 0;
      const wait = nextAttempt === null || nextAttempt === undefined ? 0 : nextAttempt - (process?.now() ?? 0);
      if (state === "outage" && held > 65 * SECOND && wait > 2 * SECOND && now - busyAt > 2 * MINUTE) seen.firstWait = wait;
      note("lifecycle", `${from} > ${state}, next attempt in ${wait} ms`);
      lifecycle = { state, since: state === lifecycle.state ? lifecycle.since : now, nextAttempt: wait > 0 ? now + wait : null };
    };
  }
  const logger = { debug: told("debug"), info: told("info"), warn: told("warn"), error: told("error") };

  function published({ topic, payload }: Message, kept: ReadonlyMap<string, string>): void {
    if (topic !== topics.bridgeHealth && topic !== topics.bridgeInfo) note("publish", `${topic} ${payload}`);
    if (topic === AVAILABILITY && payload === "online" && kept.get(topic) !== "online") seen.wentOnline = { missing: missingAmong(kept) };
    if (topic === INFO) seen.published = (JSON.parse(payload) as { firmware: string }).firmware;
    if (topic !== ENERGY) return;
    const next = JSON.parse(payload) as Record<string, number | null>;
    for (const [name, value] of Object.entries(next)) {
      // A net counter goes both ways.
      if (typeof value !== "number" || name.includes("net_kwh")) continue;
      const before = energy[name] ?? 0;
      if (value < before) seen.fell = `${name} fell from ${before} to ${value}`;
      energy[name] = value;
    }
  }

  const broker = createBroker(clock, published);
  const config = loadConfig({
    env: {
      ENVOY2MQTT_HOST: "envoy.local",
      ENVOY2MQTT_USERNAME: account.email,
      ENVOY2MQTT_PASSWORD: account.password,
      ENVOY2MQTT_STATE_DIR: "/state",
      ENVOY2MQTT_MQTT_URL: "mqtt://broker",
      ENVOY2MQTT_WEB_LISTEN: "off",
      ENVOY2MQTT_CONFIG: "life.yaml",
    },
    args: {},
    readFile: (path) => {
      if (path.endsWith("life.yaml")) {
        const seconds = intervalMs / SECOND;
        return `intervals: { meters: ${seconds}, production: ${seconds}, inverters: ${4 * seconds}, inventory: ${12 * seconds} }\n`;
      }
      throw Object.assign(new Error(path), { code: "ENOENT" });
    },
    credentialsDirectory: null,
    cwd: "/",
  });

  async function startProcess(): Promise<void> {
    const own = clock.processClock(() => wrongMs);
    process = own;
    lifecycle = { state: "setup", since: clock.monotonic(), nextAttempt: null };
    seen.requestsUnderWay = 0;
    seen.loginsUnderWay = 0;
    const started = await startBridge({
      config,
      version: "0.0.0-life",
      clock: own,
      random,
      files: disk.files(own.isAlive),
      logger,
      findHost: () => Promise.resolve("envoy.local"),
      token: () => null,
      edges: {
        transport: createGatewayWay(gateway, () => fingerprint, own, watch),
        post: createCloudWay(cloud, watch),
        broker: { openLink: broker.open(own), soon: clock.soon },
      },
    });
    bridge = started;
  }

  async function stopProcess(how: "stopped" | "killed"): Promise<void> {
    const [old, own] = [bridge, process];
    bridge = null;
    if (how === "stopped") await old?.stop();
    else {
      own?.kill();
      if (own !== null) broker.cut(own);
    }
    if (how === "stopped" && own !== null && own.pending() > 0) violation = `nothingIsLeft: ${own.pending()} timers after a clean stop`;
  }

  const own: OwnWorld = {
    clock,
    broker,
    disk,
    async restart(how) {
      await stopProcess(how);
      await clock.sleep(10 * SECOND);
      await startProcess();
    },
    setKey(name) {
      fingerprint = name;
    },
    setWrong(ms) {
      wrongMs = ms;
    },
    count,
  };

  function count(what: "begins" | "ends", name: string): void {
    note("trouble", `${name} ${what}`);
    if (what === "begins") faults.set(name, (faults.get(name) ?? 0) + 1);
  }

  async function storm(lasts: number): Promise<void> {
    const until = clock.now() + lasts;
    const perDay = 2 + random() * 10;
    const script = drawScript(random, { from: clock.now(), until, perDay });
    const world = { gateway, cloud, scene, now: clock.now };
    const never = new AbortController().signal;
    await Promise.all([
      playScript(script, world, clock, never, (what, { name }) => count(what, name)),
      playOwn(drawOwn(random, lasts, perDay / 3), own),
    ]);
  }

  /** Waits until it is online again. */
  async function calm(): Promise<void> {
    await clock.sleep(BOOT_MS);
    const since = clock.monotonic();
    const ceiling = since + CEILING_MS;
    let deadline = since + backMs;
    while (!(seen.shownOnline === true && bridge?.status().gateways[0]?.available === true)) {
      if (lifecycle.nextAttempt !== null) deadline = Math.max(deadline, Math.min(ceiling, lifecycle.nextAttempt + backMs));
      seen.calm = { since, deadline };
      await clock.sleep(MINUTE);
    }
    seen.calm = null;
    note("calm", `online again after ${Math.round((clock.monotonic() - since) / SECOND)} s`);
  }

  async function story(): Promise<void> {
    await startProcess();
    while (true) {
      await calm();
      await clock.sleep(random() * 12 * HOUR);
      await storm((0.3 + random() * 2) * DAY);
    }
  }

  function look(): void {
    seen.now = clock.monotonic();
    const { wellSince, retained } = broker;
    const shown = retained.get(AVAILABILITY) === "online" && retained.get(topics.bridgeState) === "online";
    seen.shownOnline = wellSince === null || seen.now - wellSince < MINUTE ? null : shown;
    seen.timers = process?.pending() ?? 0;
    seen.links = broker.links;
    seen.topics = retained.size;
    seen.files = disk.size;
    if (seen.logins.length > 20) seen.logins.splice(0, 5);
  }

  /** Compares what the broker keeps with what the bridge says now. */
  function compare(): void {
    seen.stale = null;
    const status = bridge?.status().gateways[0];
    if (broker.wellSince === null || clock.monotonic() - broker.wellSince < 5 * MINUTE + intervalMs || !status?.view) return;
    if (status.available !== (broker.retained.get(AVAILABILITY) === "online")) seen.stale = AVAILABILITY;
    for (const { topic, payload } of stateMessages(status.view, topics)) if (broker.retained.get(topic) !== payload) seen.stale = topic;
    for (const { id } of status.view.devices) if (!broker.retained.has(topics.deviceConfig(id))) seen.stale = topics.deviceConfig(id);
  }

  function check(): void {
    for (const invariant of INVARIANTS) {
      const wrong = invariant(seen);
      if (wrong !== null) violation ??= `${invariant.name}: ${wrong}`;
    }
    seen.wentOnline = null;
    if (seen.sent.length > 0) seen.sent = [];
  }

  const { rss } = globalThis.process.memoryUsage;
  // What the machine itself says would differ from run to run.
  globalThis.process.memoryUsage.rss = () => 0;
  let failed: unknown = null;
  story().catch((error: unknown) => {
    failed = error;
  });
  const end = days * DAY;
  for (let steps = 1; clock.monotonic() < end && violation === null && failed === null; steps += 1) {
    await clock.step();
    look();
    if (steps % 500 === 0) compare();
    check();
  }
  globalThis.process.memoryUsage.rss = rss;
  if (failed !== null) throw failed;
  if (violation !== null) note("VIOLATION", violation);
  const virtualDays = clock.monotonic() / DAY;
  const lines = record ? log : log.slice(-LAST_LINES);
  return { violation, log: lines, faults, logins: cloud.logins, polls, virtualDays };
}

/** The first announced value that the broker does not have; `null` where all are there. */
function missingAmong(kept: ReadonlyMap<string, string>): string | null {
  for (const [topic, payload] of kept) {
    if (!topic.startsWith("homeassistant/device/")) continue;
    for (const [, state = ""] of payload.matchAll(/"state_topic":"([^"]+)"/g)) {
      if (!kept.has(state) && !state.endsWith("/event")) return state;
    }
  }
  return kept.has(ENERGY) ? null : ENERGY;
}
