import type { Clock } from "../lib/clock.ts";
import { BridgeError } from "../model/errors.ts";
import type { SourceHealth } from "../model/health.ts";
import type { Json } from "../model/json.ts";

/** An endpoint that a person names: read with GET only, published as it answers. `interval` in seconds. */
export interface ExtraEndpoint {
  readonly path: string;
  /** Below `<base>/<serial>/`. */
  readonly topic: string;
  readonly interval: number;
}

export interface ExtraOptions {
  readonly endpoints: readonly ExtraEndpoint[];
  readonly get: (path: string, signal: AbortSignal) => Promise<unknown>;
  readonly clock: Clock;
  readonly onAnswer: (topic: string, answer: Json) => void;
  /** After each try, good or not; `source` is the path. */
  readonly onHealth: (health: SourceHealth) => void;
}

export interface ExtraPoller {
  /** Reads each endpoint at its interval until `signal` aborts; an endpoint that fails is asked less often. */
  run(signal: AbortSignal): Promise<void>;
}

interface Entry {
  readonly endpoint: ExtraEndpoint;
  /** Monotonic ms. */
  due: number;
  health: SourceHealth;
}

const LONGEST_PATH = 256;
const LEAST_INTERVAL = 5;
/** The longest pause after failures, ms. */
const LONGEST_PAUSE = 3600_000;

/** Credentials, answers without end, and reads that make the gateway do something (a test of all power lines). */
const FORBIDDEN = [/^\/auth(\/|$)/, /^\/login/, /^\/logout/, /^\/stream(\/|$)/, /^\/installer\/pcu_comm_check/, /reboot|reset|upgrade/];
/** Topics that the bridge itself publishes below the serial; a user's own must not shadow them. */
const RESERVED = ["availability", "lifecycle", "info", "event", "set", "energy"];

/** Throws `config` where an endpoint must not be read or its topic not be used; the message names it. */
export function checkExtraEndpoint({ path, topic, interval }: ExtraEndpoint): void {
  const problem = problemOfPath(path) ?? problemOfTopic(topic);
  if (problem !== null) throw new BridgeError("config", `extra_endpoints: ${problem}`);
  if (!(interval >= LEAST_INTERVAL)) {
    throw new BridgeError("config", `extra_endpoints: the interval of ${path} must be ${LEAST_INTERVAL} seconds or more`);
  }
}

function problemOfPath(path: string): string | null {
  if (path.length > LONGEST_PATH) return `a path of ${path.length} characters is too long`;
  if (!/^\/[\x21-\x7e]*$/.test(path) || /^\/\/|[\\#]/.test(path)) return `"${path}" is not an absolute path such as /ivp/livedata/status`;
  const plain = decoded(path.replace(/\?.*$/, ""));
  if (plain === null || plain.includes("..") || plain.includes("//") || /[\\\s]/.test(plain)) return `"${path}" must be plain, without ..`;
  if (FORBIDDEN.some((pattern) => pattern.test(plain))) return `"${path}" is not only read; it cannot be used here`;
  return null;
}

/** Without percent signs, lower case; `null` where it cannot be, or hides another one. */
function decoded(path: string): string | null {
  try {
    const plain = decodeURIComponent(path);
    return plain.includes("%") ? null : plain.toLowerCase();
  } catch {
    return null;
  }
}

function problemOfTopic(topic: string): string | null {
  if (!/^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+)*$/.test(topic)) return `the topic "${topic}" may hold letters, digits, _, - and / between them`;
  const [first = ""] = topic.split("/");
  return RESERVED.includes(first) ? `the topic "${topic}" is the bridge's own` : null;
}

/** Throws `config` as `checkExtraEndpoint`. */
export function createExtraPoller(options: ExtraOptions): ExtraPoller {
  const { clock, get, onAnswer, onHealth } = options;
  options.endpoints.forEach(checkExtraEndpoint);
  const entries: readonly Entry[] = options.endpoints.map((endpoint) => ({
    endpoint,
    due: 0,
    health: { source: endpoint.path, lastSuccess: null, failures: 0, replyMs: null, lastError: null },
  }));

  async function ask(entry: Entry, signal: AbortSignal): Promise<void> {
    const { path, topic, interval } = entry.endpoint;
    const began = clock.monotonic();
    try {
      const answer = (await get(path, signal)) as Json;
      const replyMs = Math.round(clock.monotonic() - began);
      entry.health = { ...entry.health, lastSuccess: clock.now(), failures: 0, replyMs, lastError: null };
      entry.due = began + Math.max(interval * 1000, 2 * replyMs);
      onAnswer(topic, answer);
    } catch (error) {
      if (signal.aborted) return;
      const failures = entry.health.failures + 1;
      entry.health = { ...entry.health, failures, lastError: error instanceof BridgeError ? error.message : "it could not be read" };
      entry.due = began + Math.max(interval * 1000, Math.min(interval * 1000 * 2 ** failures, LONGEST_PAUSE));
    }
    onHealth(entry.health);
  }

  return {
    async run(signal) {
      while (entries.length > 0 && !signal.aborted) {
        for (const entry of entries.filter(({ due }) => due <= clock.monotonic())) {
          if (!signal.aborted) await ask(entry, signal);
        }
        const next = Math.min(...entries.map(({ due }) => due));
        // Only the signal ends a sleep early, and the loop with it.
        await clock.sleep(Math.max(0, next - clock.monotonic()), signal).catch(() => {});
      }
    },
  };
}
