import type { GatewayInfo } from "../model/gateway.ts";
import type { LifecycleStatus, Renewal } from "../model/lifecycle.ts";
import { createAct } from "./act.ts";
import { createCredentials } from "./credentials.ts";
import { type Event, next, type State, start } from "./lifecycle.ts";
import { createLogin } from "./login.ts";
import type { Session, SessionOptions, Transition } from "./ports.ts";
import { reasonOf } from "./reasons.ts";
import { createAlarm, waitMs } from "./waits.ts";

type Listener = (transition: Transition) => void;

/** What is told about a state, apart from the credential. */
interface Told {
  readonly since: number;
  readonly reason: string;
  readonly nextAttempt: number | null;
}

/** The pause after work that changed nothing, ms: no mistake may turn the loop into a busy one. */
const NOTHING_NEW_MS = 1_000;
/** Work that does not heed the end is waited for so long, ms. */
const STOPPING_MS = 2_000;

/** Keeps one gateway's session alive: performs what each state asks for and turns the outcome into the next event. */
export function createSession(options: SessionOptions): Session {
  const { clock, random, logger } = options;
  const credentials = createCredentials(clock, random);
  const alarm = createAlarm(clock);
  const login = createLogin(options.cloud, clock);
  const act = createAct({ ...options, credentials, login, alarm, onRenewal });
  const listeners = new Set<Listener>();
  /** What was logged since the session last worked: the same trouble is told once. */
  const logged = new Set<string>();
  let state = start(options.serial);
  let told: Told = { since: clock.now(), reason: "starting", nextAttempt: null };
  let renewal: Renewal = "ok";
  let lastTold = "";
  let gateway: GatewayInfo | null = null;

  function status(): LifecycleStatus {
    const token = credentials.token();
    return { state: state.name, ...told, tokenExpires: token?.expires ?? null, role: token?.role ?? null, renewal };
  }

  function tell(from: State["name"]): void {
    const transition: Transition = { from, status: status(), gateway };
    lastTold = JSON.stringify(transition.status);
    log(transition);
    for (const listener of [...listeners]) {
      try {
        listener(transition);
      } catch (error) {
        logger.error({ kind: error instanceof Error ? error.name : typeof error }, "a listener to the lifecycle failed: please report it");
      }
    }
  }

  function log({ from, status: now }: Transition): void {
    const text = `${now.state}: ${now.reason}`;
    const fields = { serial: state.memory.serial, state: now.state, from, nextAttempt: now.nextAttempt };
    if (logged.has(text)) logger.debug(fields, text);
    else if (isTrouble(now)) logger.warn(fields, text);
    else logger.info(fields, text);
    logged.add(text);
  }

  function enter(after: State, event: Event): number {
    const from = state.name;
    const wait = waitMs(after, random);
    if ("gateway" in after) gateway = after.gateway;
    if (event.type === "unauthorized") credentials.dropCookie();
    if (after.name === "authenticated") logged.clear();
    const since = from === after.name ? told.since : clock.now();
    state = after;
    told = { since, reason: reasonOf(after, event), nextAttempt: wait > 0 ? clock.now() + wait : null };
    tell(from);
    return wait;
  }

  function onRenewal(standing: Renewal, reason: string): void {
    renewal = standing;
    told = { ...told, reason };
    if (JSON.stringify(status()) !== lastTold) tell(state.name);
  }

  async function loop(signal: AbortSignal): Promise<void> {
    let wait = 0;
    tell(state.name);
    while (!signal.aborted) {
      const event = await act(state, wait, signal);
      const after = next(state, event);
      wait = after === state ? NOTHING_NEW_MS : enter(after, event);
    }
  }

  return {
    status,
    authorization: credentials.authorization,
    wake: alarm.ring,
    onTransition(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async run(signal) {
      const ended = new AbortController();
      const work = loop(signal).then(
        () => ended.abort(),
        () => ended.abort(),
      );
      await Promise.race([work, untilAborted(signal).then(() => clock.sleep(STOPPING_MS, ended.signal).catch(() => {}))]);
    },
  };
}

function isTrouble({ state, renewal, nextAttempt }: LifecycleStatus): boolean {
  return state === "refused" || state === "outage" || renewal !== "ok" || (state === "refreshing" && nextAttempt !== null);
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
