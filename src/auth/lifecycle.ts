import type { ErrorCode } from "../model/errors.ts";
import type { GatewayInfo } from "../model/gateway.ts";
import { HELD_MS } from "./backoff.ts";

/** What outlives a state: who the gateway is, and what went wrong since the link last held. */
export interface Memory {
  /** The only serial that this session accepts: configured, or that of the first gateway found. */
  readonly serial: string | null;
  /** Firmware at the last finished probe; another one means that capabilities are asked again. */
  readonly probed: string | null;
  /** Times in a row that the gateway could not be used. */
  readonly failures: number;
  /** Times in a row that the gateway refused requests although it had accepted the credential. */
  readonly strikes: number;
  /** Times in a row that a person was needed. */
  readonly refusals: number;
}

interface Common {
  readonly memory: Memory;
}

interface WithGateway extends Common {
  readonly gateway: GatewayInfo;
}

export type State =
  | ({ readonly name: "setup" } & Common)
  /** `refreshed`: the token came from the cloud a moment ago, so a refusal does not send us there again. */
  | ({ readonly name: "authenticating"; readonly refreshed: boolean } & WithGateway)
  | ({ readonly name: "probing" } & WithGateway)
  | ({ readonly name: "authenticated" } & WithGateway)
  | ({ readonly name: "expired" } & WithGateway)
  /** `failures`: tries of the cloud so far; `away`: the last one did not even connect; `retryAfterMs`: what the cloud asked for. */
  | ({ readonly name: "refreshing"; readonly failures: number; readonly away: boolean; readonly retryAfterMs: number } & WithGateway)
  | ({ readonly name: "outage"; readonly retryAfterMs: number } & Common)
  | ({ readonly name: "re-setup" } & Common)
  | ({ readonly name: "re-probing" } & WithGateway)
  | ({ readonly name: "refused"; readonly code: ErrorCode } & Common);

export type StateName = State["name"];

/** What ended the work of a state. `heldMs`: for how long the gateway had been usable, ms. Messages are plain words without secrets. */
export type Event =
  | { readonly type: "found"; readonly gateway: GatewayInfo }
  | { readonly type: "unreachable"; readonly message: string; readonly heldMs: number; readonly retryAfterMs: number }
  | { readonly type: "accepted" }
  /** No token is left to try. `code`: what was wrong with the last one. */
  | { readonly type: "token-refused"; readonly code: ErrorCode; readonly message: string; readonly canRefresh: boolean }
  | { readonly type: "probed" }
  | { readonly type: "unauthorized"; readonly message: string; readonly heldMs: number }
  | { readonly type: "expired"; readonly message: string }
  /** The gateway says something else of itself at `/info` than before. */
  | { readonly type: "changed"; readonly message: string }
  | { readonly type: "refreshed" }
  | { readonly type: "cloud-down"; readonly message: string; readonly away: boolean; readonly retryAfterMs: number }
  | { readonly type: "needs-person"; readonly code: ErrorCode; readonly message: string }
  /** The wait of `outage`, `refused` or `expired` is over. */
  | { readonly type: "timer" }
  /** Configuration or a token file changed, or a person asks. */
  | { readonly type: "wake" };

/** So many refusals of data in a row, by a gateway that accepts the token, need a person. */
export const MAX_STRIKES = 10;

/** Where a session begins; `serial` is the configured one, if any. */
export function start(serial: string | null): State {
  return { name: "setup", memory: { serial, probed: null, failures: 0, strikes: 0, refusals: 0 } };
}

/** The state after `event`. A pair that means nothing gives `state` itself. */
export function next(state: State, event: Event): State {
  if (event.type === "needs-person") return onNeedsPerson(state, event.code);
  switch (state.name) {
    case "setup":
    case "re-setup":
      return fromSetup(state, event);
    case "authenticating":
      return fromAuthenticating(state, event);
    case "probing":
    case "re-probing":
    case "authenticated":
      return fromSession(state, event);
    case "expired":
      return event.type === "timer" ? refreshing(state, 0, false, 0) : state;
    case "refreshing":
      return fromRefreshing(state, event);
    case "outage":
    case "refused":
      return fromWaiting(state, event);
  }
}

function fromSetup(state: Extract<State, { name: "setup" | "re-setup" }>, event: Event): State {
  if (event.type === "unreachable") return outage(state, event);
  if (event.type !== "found") return state;
  const { gateway } = event;
  if (state.memory.serial !== null && state.memory.serial !== gateway.serial) return refused(state.memory, "wrong_gateway");
  return { name: "authenticating", memory: { ...state.memory, serial: gateway.serial }, gateway, refreshed: false };
}

function fromAuthenticating(state: Extract<State, { name: "authenticating" }>, event: Event): State {
  if (event.type === "unreachable") return outage(state, event);
  if (event.type === "token-refused") {
    return event.canRefresh && !state.refreshed ? refreshing(state, 0, false, 0) : refused(state.memory, event.code);
  }
  const { memory, gateway } = state;
  if (event.type === "changed") return { name: "re-setup", memory };
  if (event.type !== "accepted") return state;
  if (memory.probed === gateway.firmware.text) return { name: "authenticated", memory, gateway };
  return { name: memory.probed === null ? "probing" : "re-probing", memory, gateway };
}

function fromSession(state: Extract<State, { name: "probing" | "re-probing" | "authenticated" }>, event: Event): State {
  const { gateway } = state;
  switch (event.type) {
    case "probed":
      if (state.name === "authenticated") return state;
      return { name: "authenticated", memory: { ...state.memory, probed: gateway.firmware.text }, gateway };
    case "unreachable":
      return outage(state, event);
    case "expired":
      return { name: "expired", memory: state.memory, gateway };
    case "unauthorized":
      return onUnauthorized(state.memory, event.heldMs);
    case "changed":
      return { name: "re-setup", memory: state.memory };
    default:
      return state;
  }
}

function onUnauthorized(before: Memory, heldMs: number): State {
  const memory = settled(before, heldMs);
  const strikes = memory.strikes + 1;
  if (strikes > MAX_STRIKES) return refused({ ...memory, strikes: 0 }, "unauthorized");
  return { name: "re-setup", memory: { ...memory, strikes } };
}

function fromRefreshing(state: Extract<State, { name: "refreshing" }>, event: Event): State {
  const { memory, gateway } = state;
  if (event.type === "refreshed") return { name: "authenticating", memory, gateway, refreshed: true };
  if (event.type === "cloud-down") return refreshing(state, state.failures + 1, event.away, event.retryAfterMs);
  return state;
}

function fromWaiting(state: Extract<State, { name: "outage" | "refused" }>, event: Event): State {
  if (event.type === "timer") return { name: "re-setup", memory: state.memory };
  if (event.type === "wake") return { name: "re-setup", memory: { ...state.memory, failures: 0, strikes: 0, refusals: 0 } };
  return state;
}

/** Whoever waits already is not refused a second time. */
function onNeedsPerson(state: State, code: ErrorCode): State {
  return state.name === "refused" || state.name === "outage" ? state : refused(state.memory, code);
}

function refreshing(state: WithGateway, failures: number, away: boolean, retryAfterMs: number): State {
  return { name: "refreshing", memory: state.memory, gateway: state.gateway, failures, away, retryAfterMs };
}

function refused(memory: Memory, code: ErrorCode): State {
  return { name: "refused", memory: { ...memory, refusals: memory.refusals + 1 }, code };
}

function outage(state: Common, event: Extract<Event, { type: "unreachable" }>): State {
  const memory = settled(state.memory, event.heldMs);
  return { name: "outage", memory: { ...memory, failures: memory.failures + 1 }, retryAfterMs: event.retryAfterMs };
}

/** A link that held long enough makes what went wrong before it count no more. */
function settled(memory: Memory, heldMs: number): Memory {
  return heldMs >= HELD_MS ? { ...memory, failures: 0, strikes: 0, refusals: 0 } : memory;
}
