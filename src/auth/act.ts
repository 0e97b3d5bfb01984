import { BridgeError, isBridgeError } from "../model/errors.ts";
import type { GatewayInfo } from "../model/gateway.ts";
import { findCandidates } from "./candidates.ts";
import type { Credentials } from "./credentials.ts";
import { asBridgeError, cloudEventOf, eventOf } from "./events.ts";
import { neverConnected } from "./https-post.ts";
import type { Event, State } from "./lifecycle.ts";
import { localCredential } from "./local-user.ts";
import { type Login, noAccount } from "./login.ts";
import type { SessionOptions } from "./ports.ts";
import { keepRenewed, noRetry, type RenewalOptions } from "./renewal.ts";
import { checkToken, type Token } from "./token.ts";
import type { Alarm } from "./waits.ts";

export interface ActOptions extends SessionOptions {
  readonly credentials: Credentials;
  readonly login: Login;
  readonly alarm: Alarm;
  readonly onRenewal: RenewalOptions["onChange"];
}

/** What `/info` said is true for so long without asking again, ms. */
const INFO_LASTS_MS = 60_000;

type Act = (state: State, waitMs: number, signal: AbortSignal) => Promise<Event>;

/** Does what a state asks for, after `waitMs`, and gives the event that ends it. Rejects only when `signal` aborts. */
export function createAct(options: ActOptions): Act {
  const { ports, credentials, login, alarm, clock, store } = options;
  /** Tokens that the gateway refused at its last `/auth/check_jwt`. */
  let refusedTexts: readonly string[] = [];
  const retry = noRetry();
  /** When `/info` was read last, monotonic ms. */
  let infoAt = Number.NEGATIVE_INFINITY;

  async function readInfo(signal: AbortSignal): Promise<GatewayInfo> {
    const info = await ports.readInfo(signal);
    infoAt = clock.monotonic();
    return info;
  }

  async function setUp(signal: AbortSignal): Promise<Event> {
    try {
      return { type: "found", gateway: await readInfo(signal) };
    } catch (error) {
      const failure = asBridgeError(error);
      // `/info` needs no login: whoever asks for one there is not ready yet, or no gateway.
      if (failure.code !== "unauthorized") throw failure;
      return { type: "unreachable", message: failure.message, heldMs: 0, retryAfterMs: 0 };
    }
  }

  /** A token may have been waited for so long that the gateway is not what it was at its set-up: its firmware decides what is read. */
  async function authenticate(gateway: GatewayInfo, refreshed: boolean, signal: AbortSignal): Promise<Event> {
    const event = await authenticateAs(gateway, refreshed, signal);
    if (event.type !== "accepted" || clock.monotonic() - infoAt < INFO_LASTS_MS) return event;
    const { serial, firmware } = await readInfo(signal);
    if (serial === gateway.serial && firmware.text === gateway.firmware.text) return event;
    return { type: "changed", message: `/info says ${serial} with firmware ${firmware.text} now; it is set up again` };
  }

  async function authenticateAs(gateway: GatewayInfo, refreshed: boolean, signal: AbortSignal): Promise<Event> {
    if (gateway.firmware.major < 7) return authenticateByDigest(gateway, signal);
    const { usable, problem } = await candidates(gateway.serial);
    refusedTexts = [];
    for (const token of usable) {
      if (await gatewayAccepts(token, signal)) return onAccepted(gateway.serial, token, refreshed);
      refusedTexts = [...refusedTexts, token.text];
    }
    const error = usable.length > 0 ? gatewayRefuses(refreshed) : (problem ?? noToken(gateway.serial));
    if (refreshed) login.freshTokenRefused(error);
    const message = login.possible ? error.message : `${error.message}; ${noAccount(gateway.serial)}`;
    return { type: "token-refused", code: error.code, message, canRefresh: login.possible };
  }

  async function authenticateByDigest(gateway: GatewayInfo, signal: AbortSignal): Promise<Event> {
    const user = localCredential(options.localUser, gateway.serial);
    credentials.useDigest(user);
    try {
      await ports.checkDigest(signal);
      return { type: "accepted" };
    } catch (error) {
      if (!isBridgeError(error, "unauthorized")) throw error;
      return { type: "needs-person", code: "unauthorized", message: digestRefused(user.username, gateway) };
    }
  }

  const candidates = (serial: string) =>
    findCandidates({
      serial,
      now: clock.now(),
      known: [credentials.token(), credentials.previous()],
      store,
      configured: options.token,
    });

  async function gatewayAccepts(token: Token, signal: AbortSignal): Promise<boolean> {
    credentials.useToken(token);
    credentials.dropCookie();
    try {
      await ports.checkToken(signal);
      return true;
    } catch (error) {
      if (isBridgeError(error, "unauthorized")) return false;
      throw error;
    }
  }

  async function onAccepted(serial: string, token: Token, refreshed: boolean): Promise<Event> {
    if (refreshed) login.freshTokenAccepted();
    await store.save(serial, token.text);
    return { type: "accepted" };
  }

  /** `again`: the cloud gave none before, so the tokens at hand are shown to the gateway once more, which may have been starting up. */
  async function refresh({ serial }: GatewayInfo, again: boolean, signal: AbortSignal): Promise<Event> {
    try {
      for (const token of (await candidates(serial)).usable) {
        if (!refusedTexts.includes(token.text)) return { type: "refreshed" };
        if (again && (await gatewayAccepts(token, signal).catch(() => false))) return { type: "refreshed" };
      }
      const token = checkToken(await login.obtain(serial, signal), serial, clock.now());
      credentials.useToken(token);
      await store.save(serial, token.text);
      return { type: "refreshed" };
    } catch (error) {
      const failure = asBridgeError(error);
      return cloudEventOf(failure, neverConnected(failure));
    }
  }

  /** Polls, and looks after the token meanwhile; whichever ends first ends the other, and nothing of either goes on. */
  async function read(serial: string, signal: AbortSignal): Promise<Event> {
    const began = clock.monotonic();
    const done = new AbortController();
    const both = AbortSignal.any([signal, done.signal]);
    const polling = ports.poll(both).then((error): Event => eventOf(error, clock.monotonic() - began));
    const renewing = keepRenewed({ ...options, configured: options.token, retry, onChange: options.onRenewal }, serial, both);
    try {
      return await Promise.race([polling, renewing]);
    } catch (error) {
      return eventOf(asBridgeError(error), clock.monotonic() - began);
    } finally {
      done.abort();
      await Promise.allSettled([polling, renewing]);
    }
  }

  async function work(state: State, signal: AbortSignal): Promise<Event> {
    switch (state.name) {
      case "setup":
      case "re-setup":
        return setUp(signal);
      case "authenticating":
        return authenticate(state.gateway, state.refreshed, signal);
      case "probing":
      case "re-probing":
        await ports.probe(state.gateway, signal);
        return { type: "probed" };
      case "authenticated":
        return read(state.gateway.serial, signal);
      case "refreshing":
        return refresh(state.gateway, state.failures > 0, signal);
      case "expired":
      case "outage":
      case "refused":
        return { type: "timer" };
    }
  }

  return async (state, waitMs, signal) => {
    try {
      const woken = waitMs > 0 && (await alarm.wait(waitMs, signal)) === "wake";
      if (woken) login.release();
      if (woken && (state.name === "outage" || state.name === "refused")) return { type: "wake" };
      const event = await work(state, signal);
      signal.throwIfAborted();
      return event;
    } catch (error) {
      signal.throwIfAborted();
      return eventOf(asBridgeError(error), 0);
    }
  };
}

function gatewayRefuses(fresh: boolean): BridgeError {
  const what = fresh ? "refuses even a token fresh from Enlighten" : "refuses the token";
  return new BridgeError("token_refused", `the gateway ${what}: make sure that the account owns this system, and restart the gateway`);
}

function noToken(serial: string): BridgeError {
  return new BridgeError("no_credentials", `firmware 7 and later needs a token, and there is none for ${serial} yet`);
}

function digestRefused(username: string, { firmware }: GatewayInfo): string {
  return `the gateway (firmware ${firmware.text}) refuses the user ${username}: put its user name and password right in the configuration`;
}
