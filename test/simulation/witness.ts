import type { Message } from "../../src/model/message.ts";
import { createTopics } from "../../src/mqtt/topics.ts";
import type { GatewayCore } from "../../src/simulator/gateway-core.ts";
import type { SimulatedReply, SimulatedRequest } from "../../src/simulator/message.ts";
import type { ProcessClock, WorldClock } from "./clock.ts";
import { SERIAL } from "./drawn.ts";
import type { EventLog } from "./event-log.ts";
import type { Observed } from "./invariants.ts";
import type { NetworkWatch } from "./network.ts";

export const TOPICS = createTopics("envoy2mqtt", "homeassistant");
export const AVAILABILITY = TOPICS.availability(SERIAL);
const ENERGY = TOPICS.state(SERIAL, "energy");
const INVERTER = `${TOPICS.state(SERIAL, "inverter")}/`;
const INFO = TOPICS.state(SERIAL, "info");
const CORE = new Set(["/production.json?details=1", "/production.json", "/production", "/api/v1/production", "/ivp/meters/readings"]);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
/** A shorter answer is no document. */
const LEAST_CHARACTERS = 40;

/** Where the session stands, as the bridge logs it. Times are the world's monotonic ms. */
export interface Standing {
  readonly state: string;
  readonly since: number;
  readonly nextAttempt: number | null;
}

/** Sees everything that leaves the bridge or reaches it, and takes note of what the invariants are about. */
export interface Witness {
  readonly watch: NetworkWatch;
  readonly logger: Record<"debug" | "info" | "warn" | "error", (fields: object, message: string) => void>;
  readonly polls: number;
  readonly standing: Standing;
  published(message: Message, kept: ReadonlyMap<string, string>): void;
  /** Another process of the bridge begins. */
  begins(process: ProcessClock): void;
}

export interface WitnessOptions {
  readonly seen: Observed;
  readonly clock: WorldClock;
  readonly gateway: GatewayCore;
  readonly log: EventLog;
  /** The topics of which the bridge knows something now; what vanished stays announced for a week, without values. */
  readonly topics: () => ReadonlySet<string>;
}

export function createWitness({ seen, clock, gateway, log, topics }: WitnessOptions): Witness {
  const { note } = log;
  let process: ProcessClock | null = null;
  let polls = 0;
  let standing: Standing = { state: "setup", since: 0, nextAttempt: null };
  let busyAt = Number.NEGATIVE_INFINITY;
  let accepted: string | null = null;
  /** The highest that was published, by topic and name. */
  const counters = new Map<string, number>();

  const watch: NetworkWatch = {
    asks({ headers }, shown) {
      const authorization = headers["authorization"];
      if (authorization?.startsWith("Bearer ")) {
        seen.sent.push({ token: authorization.slice(7), wall: process?.now() ?? 0 });
        accepted ??= shown;
      }
      if (accepted !== null && shown !== accepted) seen.sentToStranger = true;
      polls += 1;
    },
    answers({ path }: SimulatedRequest, reply: SimulatedReply | null) {
      const status = reply?.status ?? 0;
      if (status === 503 || status === 429) busyAt = clock.monotonic();
      if (reply === null || status !== 200 || (reply.delivery.how !== "whole" && reply.delivery.how !== "drip")) return;
      // What is slow arrives later; a request that is given up meanwhile does not make it older than this.
      const late = reply.delayMs + (reply.delivery.how === "drip" ? MINUTE : 0);
      if (CORE.has(path) && reply.body.length >= LEAST_CHARACTERS) seen.lastGood = clock.monotonic() + late;
      if (path === "/info" || !standing.state.endsWith("probing") || seen.probed === gateway.firmware.text) return;
      seen.probedBefore = seen.published;
      seen.probed = gateway.firmware.text;
    },
    underWay(count) {
      seen.requestsUnderWay = count;
    },
    logins(underWay, begins) {
      seen.loginsUnderWay = underWay;
      if (!begins) return;
      seen.logins.push(clock.monotonic());
      if (seen.logins.length > 20) seen.logins.splice(0, 5);
      note("login", "at the cloud");
    },
  };

  function told(level: string): (fields: object, message: string) => void {
    return (fields, message) => {
      if (level !== "debug") note(level, message);
      const { state, from, nextAttempt } = fields as { state?: string; from?: string; nextAttempt?: number | null };
      if (state === undefined || from === undefined) return;
      const now = clock.monotonic();
      const held = standing.state === "authenticated" && from === "authenticated" ? now - standing.since : 0;
      const wait = nextAttempt === null || nextAttempt === undefined ? 0 : nextAttempt - (process?.now() ?? 0);
      if (state === "outage" && held > 65 * SECOND && wait > 2 * SECOND && now - busyAt > 2 * MINUTE) seen.firstWait = wait;
      note("lifecycle", `${from} > ${state}, next attempt in ${wait} ms`);
      standing = { state, since: state === standing.state ? standing.since : now, nextAttempt: wait > 0 ? now + wait : null };
    };
  }

  function firmwareIs(payload: string): void {
    if (payload === "") return;
    seen.published = (JSON.parse(payload) as { firmware: string }).firmware;
    // From now on the firmware before is history.
    if (seen.published === seen.probed) seen.probedBefore = null;
  }

  /** Net counters go both ways; everything else in kWh of a lifetime only rises. */
  function counts(topic: string, payload: string): void {
    // A topic that is removed, such as that of an inverter which has not been reported for a week, says nothing.
    if (payload === "") return;
    for (const [name, value] of Object.entries(JSON.parse(payload) as Record<string, unknown>)) {
      if (typeof value !== "number" || !name.endsWith("_kwh") || name.includes("net_kwh")) continue;
      const before = counters.get(`${topic} ${name}`) ?? 0;
      if (value < before) seen.fell = `${name} of ${topic} fell from ${before} to ${value}`;
      counters.set(`${topic} ${name}`, value);
    }
  }

  return {
    watch,
    logger: { debug: told("debug"), info: told("info"), warn: told("warn"), error: told("error") },
    get polls() {
      return polls;
    },
    get standing() {
      return standing;
    },
    begins(next) {
      process = next;
      standing = { state: "setup", since: clock.monotonic(), nextAttempt: null };
      seen.requestsUnderWay = 0;
      seen.loginsUnderWay = 0;
    },
    published({ topic, payload }, kept) {
      if (topic !== TOPICS.bridgeHealth && topic !== TOPICS.bridgeInfo) note("publish", `${topic} ${payload}`);
      if (topic === AVAILABILITY && payload === "online" && kept.get(topic) !== "online")
        seen.wentOnline = { missing: missingAmong(kept, topics()) };
      if (topic === INFO) firmwareIs(payload);
      if (topic === ENERGY || topic.startsWith(INVERTER)) counts(topic, payload);
    },
  };
}

/** The first announced value that the broker does not have; `null` where all are there. */
function missingAmong(kept: ReadonlyMap<string, string>, topics: ReadonlySet<string>): string | null {
  for (const [topic, payload] of kept) {
    if (!topic.startsWith("homeassistant/device/")) continue;
    for (const [, state = ""] of payload.matchAll(/"state_topic":"([^"]+)"/g)) {
      if (topics.has(state) && !kept.has(state)) return state;
    }
  }
  return kept.has(ENERGY) ? null : ENERGY;
}
