import { type Bridge, startBridge } from "../../src/bridge.ts";
import { loadConfig } from "../../src/config.ts";
import { stateMessages } from "../../src/homeassistant/state.ts";
import { createCloudCore } from "../../src/simulator/cloud-core.ts";
import { drawScript, playScript } from "../../src/simulator/fault-script.ts";
import { createGatewayCore } from "../../src/simulator/gateway-core.ts";
import { seededRandom } from "../../src/simulator/scene/random.ts";
import type { TokenKey } from "../../src/simulator/token.ts";
import { createBroker } from "./broker.ts";
import { createWorldClock, type ProcessClock } from "./clock.ts";
import { createDisk } from "./disk.ts";
import { configFile, drawLife, SERIAL } from "./drawn.ts";
import { createEventLog } from "./event-log.ts";
import { INVARIANTS, nothingSeen } from "./invariants.ts";
import { createHeapMeter } from "./memory.ts";
import { createCloudWay, createGatewayWay } from "./network.ts";
import { drawOwn, type OwnWorld, playOwn } from "./own-troubles.ts";
import { AVAILABILITY, createWitness, TOPICS } from "./witness.ts";

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
/** After the last trouble a gateway may still be starting up for so long. */
const BOOT_MS = 11 * MINUTE;
/** From a calm world to online, besides one interval, where nothing is held off: back-off cap, requests under way that time out, probe. */
const BACK_MS = 10 * MINUTE;
/** Whatever is held off is over after this: 24 h of login hold-off, the 6 h of `refused`, and `BACK_MS`. */
const CEILING_MS = 31 * HOUR;
/** Calm between two storms, at most. */
const CALM_MS = 3 * DAY;
/** Memory is measured first when everything has happened once, then in the end; in one of so many lives, for a collection takes its time. */
const MEASURED = { first: 10 * DAY, oneIn: 10 };
const ACCOUNT = { email: "owner@example.com", password: "correct horse" };

/** Lets a bridge live for so many days among troubles drawn from a seed. */
export async function live({ seed, days, key, record = false }: LifeOptions): Promise<Life> {
  // Whoever calls: from here on everything runs in microtasks, and the world settles in the same way.
  await null;
  const random = seededRandom(seed);
  const drawn = drawLife(seed, random);
  const { scene, intervalMs, tokenLifetimeMs } = drawn;
  const backMs = BACK_MS + intervalMs;
  const clock = createWorldClock(drawn.start);
  const cloud = createCloudCore({ accounts: [ACCOUNT], clock, random: seededRandom(seed + 1), key, tokenLifetimeMs });
  const gateway = createGatewayCore({ content: scene, clock, random: seededRandom(seed + 2), trustedKey: key.publicKey, logLimit: 20 });
  const disk = createDisk();
  const faults = new Map<string, number>();
  const log = createEventLog(clock.now, record);
  // A round is given three times; what changes by itself is looked at twice in it.
  const seen = nothingSeen({ serial: SERIAL, limitMs: 3 * intervalMs, tickMs: intervalMs / 2 + SECOND });
  const witness = createWitness({ seen, clock, gateway, log, topics: topicsNow });
  const broker = createBroker(clock, witness.published);
  let fingerprint = "sha256/first";
  let bridge: Bridge | null = null;
  let process: ProcessClock | null = null;
  let wrongMs = 0;
  let violation: string | null = null;
  const config = loadConfig({
    env: {
      ENVOY2MQTT_HOST: "envoy.local",
      ENVOY2MQTT_USERNAME: ACCOUNT.email,
      ENVOY2MQTT_PASSWORD: ACCOUNT.password,
      ENVOY2MQTT_STATE_DIR: "/state",
      ENVOY2MQTT_MQTT_URL: "mqtt://broker",
      ENVOY2MQTT_WEB_LISTEN: "off",
      ENVOY2MQTT_CONFIG: "life.yaml",
    },
    args: {},
    readFile: (path) => {
      if (path.endsWith("life.yaml")) return configFile(drawn);
      throw Object.assign(new Error(path), { code: "ENOENT" });
    },
    credentialsDirectory: null,
    cwd: "/",
  });

  function topicsNow(): ReadonlySet<string> {
    const view = bridge?.status().gateways[0]?.view ?? null;
    return new Set(view?.states.map(({ path }) => TOPICS.state(SERIAL, path)));
  }

  async function startProcess(): Promise<void> {
    const own = clock.processClock(() => wrongMs);
    process = own;
    witness.begins(own);
    bridge = await startBridge({
      config,
      version: "0.0.0-life",
      clock: own,
      random,
      files: disk.files(own.isAlive),
      logger: witness.logger,
      findHost: () => Promise.resolve("envoy.local"),
      token: () => null,
      edges: {
        transport: createGatewayWay(gateway, () => fingerprint, own, witness.watch, drawn.latencyMs),
        post: createCloudWay(cloud, witness.watch),
        broker: { openLink: broker.open(own), soon: clock.soon },
      },
    });
  }

  async function stopProcess(how: "stopped" | "killed"): Promise<void> {
    const [old, own] = [bridge, process];
    bridge = null;
    if (how === "stopped") {
      await old?.stop();
      seen.leftOver = own?.pending() ?? 0;
      return;
    }
    own?.kill();
    if (own !== null) broker.cut(own);
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
    log.note("trouble", `${name} ${what}`);
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
      const { nextAttempt } = witness.standing;
      if (nextAttempt !== null) deadline = Math.max(deadline, Math.min(ceiling, nextAttempt + backMs));
      seen.calm = { since, deadline };
      await clock.sleep(MINUTE);
    }
    seen.calm = null;
    log.note("calm", `online again after ${Math.round((clock.monotonic() - since) / SECOND)} s`);
    await clock.sleep(random() * CALM_MS);
    compare();
  }

  async function story(): Promise<void> {
    await startProcess();
    while (true) {
      await calm();
      await storm((0.3 + random() * 2) * DAY);
    }
  }

  function look(): void {
    seen.now = clock.monotonic();
    const { wellSince, retained } = broker;
    const shown = retained.get(AVAILABILITY) === "online" && retained.get(TOPICS.bridgeState) === "online";
    seen.shownOnline = wellSince === null || seen.now - wellSince < MINUTE ? null : shown;
    seen.timers = process?.pending() ?? 0;
    seen.listeners = clock.listeners();
    seen.links = broker.links;
    seen.topics = retained.size;
    seen.files = disk.size;
  }

  /** Compares what the broker keeps with what the bridge says now. */
  function compare(): void {
    seen.stale = null;
    const status = bridge?.status().gateways[0];
    if (broker.wellSince === null || clock.monotonic() - broker.wellSince < 5 * MINUTE || !status?.view) return;
    if (status.available !== (broker.retained.get(AVAILABILITY) === "online")) seen.stale = AVAILABILITY;
    for (const { topic, payload } of stateMessages(status.view, TOPICS)) if (broker.retained.get(topic) !== payload) seen.stale = topic;
    for (const { id } of status.view.devices) if (!broker.retained.has(TOPICS.deviceConfig(id))) seen.stale = TOPICS.deviceConfig(id);
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
  const heap = !record && seed % MEASURED.oneIn === 0 && days * DAY > MEASURED.first ? createHeapMeter() : null;
  let failed: unknown = null;
  story().catch((error: unknown) => {
    failed = error;
  });
  const end = days * DAY;
  let day = 0;
  let heapBefore: number | null = null;
  while (clock.monotonic() < end && violation === null && failed === null) {
    await clock.step();
    if (clock.monotonic() >= (day + 1) * DAY) {
      day += 1;
      compare();
      if (heap !== null && heapBefore === null && day * DAY >= MEASURED.first) {
        // The house remembers its days; that is no growth of the bridge.
        for (let later = 0; later <= days; later += 1) scene.house.at(drawn.start + later * DAY);
        heapBefore = heap();
      }
    }
    look();
    check();
  }
  if (heap !== null && heapBefore !== null && violation === null) {
    seen.heapGrowth = heap() - heapBefore;
    check();
  }
  globalThis.process.memoryUsage.rss = rss;
  if (failed !== null) throw failed;
  if (violation !== null) log.note("VIOLATION", violation);
  return { violation, log: log.lines(), faults, logins: cloud.logins, polls: witness.polls, virtualDays: clock.monotonic() / DAY };
}
