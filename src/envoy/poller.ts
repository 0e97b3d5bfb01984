import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { Capabilities } from "../model/capabilities.ts";
import { BridgeError, type ErrorCode, isBridgeError } from "../model/errors.ts";
import type { GatewayInfo } from "../model/gateway.ts";
import type { SourceHealth } from "../model/health.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { createEntry, type Entry, healthOf } from "./entry.ts";
import type { ProbeResult } from "./probe.ts";
import { createRound, type Round } from "./round.ts";
import { type Intervals, pauseAfterFailure, pauseAfterSuccess } from "./schedule.ts";
import type { Get, Source, SourceResult } from "./source.ts";

/** What is known after a source was asked, well or not. */
export interface PollReport {
  /** The source that was asked just now. */
  readonly source: string;
  readonly snapshot: Snapshot;
  /** Of each source that is read. */
  readonly health: readonly SourceHealth[];
  readonly capabilities: Capabilities;
  /** Each source was asked at least once: only now is it known what this gateway looks like. */
  readonly complete: boolean;
}

export interface PollerOptions {
  readonly sources: readonly Source[];
  readonly get: (path: string, signal: AbortSignal) => Promise<unknown>;
  readonly readInfo: (signal: AbortSignal) => Promise<GatewayInfo>;
  readonly intervals: Intervals;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onReading: (report: PollReport) => void;
}

/** Reads one gateway; keeps what it read from one `run` to the next. */
export interface Poller {
  /**
   * Reads each wanted source at its interval until it cannot go on, and gives the reason: `unreachable` or `timeout` where the gateway
   * does not even answer at `/info`, `unauthorized` where a core source or all are refused, `firmware_changed` (also looked for when no core source gives data), `certificate`, what the
   * authorization throws, `aborted`. Whatever else fails costs only its own values. Never rejects.
   */
  run(gateway: GatewayInfo, probed: ProbeResult, signal: AbortSignal): Promise<BridgeError>;
}

/** Something done now and then between the readings. */
interface Chore {
  due: number;
  readonly interval: number;
  act(): Promise<BridgeError | null>;
}

/** `/info` is read again after this, since firmware may change without an outage. */
const INFO_INTERVAL = 4 * 3600_000;
/** Whether a source that did not answer the probe is there is asked again after this. */
const REPROBE_INTERVAL = 15 * 60_000;
/** Distinct reports of drift per source; more would be noise. */
const MOST_DRIFTS = 50;

/** Failures of one source that leave the others alone. */
const OWN: readonly ErrorCode[] = [
  "unreachable",
  "timeout",
  "unauthorized",
  "http",
  "not_json",
  "not_an_envoy",
  "implausible",
  "too_large",
];

/** An answer, but not of a gateway that is read as it should be. */
const NO_DATA: readonly ErrorCode[] = ["http", "not_json", "not_an_envoy"];

export function createPoller(options: PollerOptions): Poller {
  const { clock, logger, intervals } = options;
  const entries: readonly Entry[] = options.sources.map(createEntry);
  let capabilities: Capabilities | null = null;
  let snapshot: Snapshot = {};

  const wanted = () => entries.filter(({ source }) => capabilities !== null && source.wanted(capabilities));

  /** Values of what a gateway no longer has are forgotten; the others stay until they are read again. */
  function begin(found: Capabilities): void {
    const isNew = JSON.stringify(found) !== JSON.stringify(capabilities);
    capabilities = found;
    for (const entry of entries) {
      if (isNew) entry.asked = false;
      const isResting = !entry.source.core && entry.failures > 2;
      if (!isResting && (isNew || entry.due !== Number.POSITIVE_INFINITY)) entry.due = clock.monotonic();
    }
    const groups = new Set(wanted().flatMap(({ source }) => source.groups));
    snapshot = Object.fromEntries(Object.entries(snapshot).filter(([name]) => groups.has(name as keyof Snapshot)));
  }

  function report(entry: Entry): void {
    const read = wanted();
    options.onReading({
      source: entry.source.name,
      snapshot,
      health: read.map(healthOf),
      capabilities: capabilities as Capabilities,
      complete: read.every(({ asked }) => asked),
    });
  }

  function succeed(entry: Entry, result: SourceResult, began: number): void {
    const now = clock.now();
    const read = Object.entries(result.groups).map(([name, value]) => {
      const measuredAt = result.measuredAt?.[name as keyof Snapshot] ?? now;
      return [name, { value, readAt: now, measuredAt }];
    });
    snapshot = { ...snapshot, ...Object.fromEntries(read) };
    if (entry.failures > 0) logger.info({ source: entry.source.name }, `${entry.source.name} is read again`);
    const tookMs = clock.monotonic() - began;
    const due = began + pauseAfterSuccess(entry.source, intervals, tookMs);
    Object.assign(entry, { due, failures: 0, lastSuccess: now, replyMs: Math.round(tookMs), lastError: null, asked: true, denied: false });
  }

  function fail(entry: Entry, error: BridgeError, began: number): void {
    entry.failures += 1;
    if (entry.failures === 1) logger.warn({ source: entry.source.name, code: error.code }, `${entry.source.name}: ${error.message}`);
    entry.due = began + pauseAfterFailure(entry.source, intervals, clock.monotonic() - began, entry.failures, error);
    entry.lastError = error;
    entry.asked = true;
  }

  function drift(entry: Entry, what: string): void {
    if (entry.drifts.has(what) || entry.drifts.size >= MOST_DRIFTS) return;
    entry.drifts.add(what);
    logger.warn({ source: entry.source.name }, `${entry.source.name}: the gateway's answer is not of the known shape: ${what}`);
  }

  async function read(entry: Entry, gateway: GatewayInfo, round: Round): Promise<SourceResult> {
    const context = { gateway, capabilities: capabilities as Capabilities, get: round.get, now: clock.now(), previous: snapshot };
    const ask = () => entry.source.read({ ...context, drift: (what) => drift(entry, what) });
    return ask().catch((error: unknown) => {
      // One refusal may pass: some gateways answer 401 now and then though the session stands.
      if (entry.source.core && isBridgeError(error, "unauthorized")) return ask();
      throw error;
    });
  }

  /** Reads one source. Gives the reason where polling cannot go on. */
  async function poll(entry: Entry, gateway: GatewayInfo, round: Round, signal: AbortSignal): Promise<BridgeError | null> {
    const began = clock.monotonic();
    let end: BridgeError | null = null;
    try {
      succeed(entry, await read(entry, gateway, round), began);
    } catch (thrown) {
      const error = thrown instanceof BridgeError ? thrown : unreadable(entry, thrown);
      if (signal.aborted || !OWN.includes(error.code)) return error;
      fail(entry, error, began);
      end = await endOf(entry, error, gateway, signal);
    }
    report(entry);
    return end;
  }

  /** A mistake of ours in reading one answer must not cost the rest. */
  function unreadable({ source }: Entry, cause: unknown): BridgeError {
    logger.error({ source: source.name, err: cause }, `${source.name}: its answer could not be read; please report this`);
    return new BridgeError("implausible", "its answer could not be read", { cause });
  }

  async function endOf(entry: Entry, error: BridgeError, gateway: GatewayInfo, signal: AbortSignal): Promise<BridgeError | null> {
    if (error.code === "unreachable" || error.code === "timeout") return await checkInfo(gateway, signal);
    if (error.code !== "unauthorized") return hasNoCore() ? await checkInfo(gateway, signal) : null;
    // What is read once and was read says nothing of now.
    const isAll = wanted().every(({ lastError, due }) => lastError?.code === "unauthorized" || due === Number.POSITIVE_INFINITY);
    const isNews = entry.source.core && !entry.denied;
    entry.denied = true;
    return isAll || isNews ? error : null;
  }

  /** Each core source answers something else than data: so does port 80 after an update to firmware that only redirects there. */
  function hasNoCore(): boolean {
    const core = wanted().filter(({ source }) => source.core);
    return core.length > 0 && core.every(({ lastError }) => lastError !== null && NO_DATA.includes(lastError.code));
  }

  /** Gives the reason where `/info` says that polling cannot go on. */
  async function checkInfo(gateway: GatewayInfo, signal: AbortSignal): Promise<BridgeError | null> {
    try {
      const { serial, firmware } = await options.readInfo(signal);
      if (serial === gateway.serial && firmware.text === gateway.firmware.text) return null;
      const news = serial === gateway.serial ? `firmware ${firmware.text} instead of ${gateway.firmware.text}` : "another gateway";
      return new BridgeError("firmware_changed", `/info says ${news}; it is set up again`);
    } catch (error) {
      return isBridgeError(error, "unreachable", "timeout", "certificate") ? error : null;
    }
  }

  /** Asks again for what did not answer the probe; from then on it is read like the rest. */
  async function reprobe(unsure: Set<string>, gateway: GatewayInfo, get: Get): Promise<null> {
    for (const { source } of entries.filter((entry) => unsure.has(entry.source.name))) {
      const found = capabilities as Capabilities;
      const more = await source.probe({ gateway, get, found }).catch(() => null);
      if (more === null) continue;
      capabilities = { ...found, ...more };
      unsure.delete(source.name);
    }
    return null;
  }

  function choresOf(gateway: GatewayInfo, probed: ProbeResult, ask: Get, signal: AbortSignal): readonly Chore[] {
    const now = clock.monotonic();
    const unsure = new Set(probed.unsure);
    const info = { due: now + INFO_INTERVAL, interval: INFO_INTERVAL, act: () => checkInfo(gateway, signal) };
    if (unsure.size === 0) return [info];
    return [info, { due: now + REPROBE_INTERVAL, interval: REPROBE_INTERVAL, act: () => reprobe(unsure, gateway, ask) }];
  }

  async function loop(gateway: GatewayInfo, probed: ProbeResult, signal: AbortSignal): Promise<BridgeError> {
    const ask = (path: string) => options.get(path, signal);
    const chores = choresOf(gateway, probed, ask, signal);
    const isDue = ({ due }: { readonly due: number }) => due <= clock.monotonic();
    begin(probed.capabilities);
    for (let round = createRound(ask, probed.answers); ; round = createRound(ask)) {
      for (const entry of wanted().filter(isDue)) {
        const end = await poll(entry, gateway, round, signal);
        if (end !== null) return end;
      }
      for (const chore of chores.filter(isDue)) {
        const end = await chore.act();
        if (end !== null) return end;
        chore.due = clock.monotonic() + chore.interval;
      }
      const next = Math.min(...[...chores, ...wanted()].map(({ due }) => due));
      await clock.sleep(Math.max(0, next - clock.monotonic()), signal);
    }
  }

  return {
    run: (gateway, probed, signal) =>
      loop(gateway, probed, signal).catch((error: unknown) => {
        if (error instanceof BridgeError) return error;
        if (!signal.aborted) logger.error({ err: error }, "polling ended by a mistake of the bridge; please report this");
        return new BridgeError(signal.aborted ? "aborted" : "implausible", "polling was stopped", { cause: error });
      }),
  };
}
