import { join } from "node:path";
import { isOwnConfig } from "./homeassistant/announced.ts";
import type { Clock } from "./lib/clock.ts";
import { codeOf, type Files } from "./lib/files.ts";
import type { Logger } from "./lib/logger.ts";
import { type BrokerAddress, DEFAULT_TIMES, type IncomingMessage, type OpenLink, type ProtocolVersion } from "./mqtt/link-types.ts";
import { createTopics } from "./mqtt/topics.ts";

/** Where the bridge publishes, as it is remembered from one start to the next. */
interface Place {
  readonly broker: string;
  readonly base: string;
  readonly discoveryPrefix: string;
}

export interface FormerTopicsOptions {
  readonly directory: string;
  readonly base: string;
  readonly discoveryPrefix: string;
  readonly broker: BrokerAddress;
  readonly protocol: ProtocolVersion;
  readonly openLink: OpenLink;
  readonly files: Files;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Nobody waits for it, and a broker on a small machine takes its time. */
const COLLECT_MS = 10_000;
const AGAIN_MS = 60_000;
/** A bridge that was killed counts as alive until the broker has said its will, which takes one and a half keepalives. */
const TRIES = 5;

/**
 * After a change of the base topic or the discovery prefix: removes what stands retained on the broker under the former ones, which nobody
 * would ever change again. Only what the bridge itself says to be its own there (`<base>/bridge/info`), and only where no
 * bridge lives any more. Ends when that is done, given up until the next start, or `signal` aborts. Never rejects.
 */
export async function removeFormerTopics(options: FormerTopicsOptions, signal: AbortSignal): Promise<void> {
  const { directory, base, discoveryPrefix, broker, files, clock, logger } = options;
  const file = join(directory, "topics.json");
  const place: Place = { broker: broker.url, base, discoveryPrefix };
  const former = await remembered(file, files);
  if (former !== null && JSON.stringify(former) === JSON.stringify(place)) return;
  if (former !== null && former.broker === place.broker) {
    let outcome = await remove(former, options, signal);
    for (let tries = 1; outcome !== "removed" && tries < TRIES; tries++) {
      await clock.sleep(AGAIN_MS, signal).catch(() => {});
      if (signal.aborted) return;
      outcome = await remove(former, options, signal);
    }
    if (outcome === "later") {
      logger.info({ base: former.base }, `What stands under the former topic ${former.base} stays until the next start.`);
      return;
    }
  }
  await files
    .write(file, `${JSON.stringify(place)}\n`)
    .catch((error: unknown) => logger.warn({ file }, `${file} cannot be written (${codeOf(error)}): make the state folder writable`));
}

async function remembered(file: string, files: Files): Promise<Place | null> {
  const kept = parsed(await files.read(file).catch(() => null));
  const { broker, base, discoveryPrefix } = kept;
  if (typeof broker !== "string" || typeof base !== "string" || typeof discoveryPrefix !== "string") return null;
  return { broker, base, discoveryPrefix };
}

/** `nothing`: no sign of a bridge is there, or the broker has not told yet. `later`: a bridge lives there, or there is no connection. */
type Outcome = "removed" | "nothing" | "later";

async function remove(former: Place, options: FormerTopicsOptions, signal: AbortSignal): Promise<Outcome> {
  const { broker, protocol, openLink, clock, logger } = options;
  const topics = createTopics(former.base, former.discoveryPrefix);
  const found = new Map<string, string>();
  const onMessage = ({ topic, payload, retain }: IncomingMessage) => {
    if (retain) found.set(topic, payload.toString());
  };
  try {
    const own = { ...broker, clientId: `${broker.clientId}-former` };
    const link = await openLink({ broker: own, protocol, times: DEFAULT_TIMES, willTopic: topics.bridgeState, onMessage }, signal);
    try {
      const filters = [`${former.base}/#`, ...(former.discoveryPrefix === options.discoveryPrefix ? [] : [topics.deviceConfigFilter])];
      await link.subscribe(filters.map((filter) => ({ filter, retained: true })));
      await clock.sleep(COLLECT_MS, signal);
      const state = found.get(topics.bridgeState);
      if (state !== "offline") return state === undefined ? "nothing" : "later";
      const ghosts = ownTopics(found, former, options.base);
      for (const topic of ghosts) await link.publish({ topic, payload: "", retain: true, qos: 1, expiry: null, json: false });
      logger.info(
        { base: former.base, topics: ghosts.length },
        `Removed ${ghosts.length} topics of the former ${former.base} from the broker.`,
      );
      return "removed";
    } finally {
      await link.end();
    }
  } catch (error) {
    if (!signal.aborted) logger.debug({ err: error }, `what stands under the former topic ${former.base} cannot be removed yet`);
    return "later";
  }
}

/** What the bridge that lived there says to be its own. */
function ownTopics(found: ReadonlyMap<string, string>, { base, discoveryPrefix }: Place, now: string): readonly string[] {
  const topics = createTopics(base, discoveryPrefix);
  const { name, gateways } = parsed(found.get(topics.bridgeInfo) ?? null);
  if (name !== "envoy2mqtt" || !Array.isArray(gateways)) return [];
  const ids = (gateways as readonly { readonly id?: unknown }[]).flatMap(({ id }) => (typeof id === "string" ? [`${base}/${id}/`] : []));
  const mine = [`${base}/bridge/`, `${base}/site_`, ...ids];
  // A new base below the former one: what lives there is today's.
  const isNew = (topic: string) => now.startsWith(`${base}/`) && topic.startsWith(`${now}/`);
  return [...found].flatMap(([topic, payload]) => {
    if (topics.isDeviceConfig(topic)) return isOwnConfig(payload, base) ? [topic] : [];
    return mine.some((start) => topic.startsWith(start)) && !isNew(topic) ? [topic] : [];
  });
}

function parsed(text: string | null): { readonly [key: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text ?? "");
    return typeof value === "object" && value !== null ? (value as { readonly [key: string]: unknown }) : {};
  } catch {
    return {};
  }
}
