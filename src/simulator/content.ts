import type { Firmware } from "../model/firmware.ts";

/** What a gateway answers to one request, before authorization and faults. */
export interface Answer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** What a gateway is at the moment of a request. */
export interface GatewayFacts {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly serial: string;
  readonly firmware: Firmware;
  /** `enphaseUser` of the token that came along; `null` without one (below firmware 7). */
  readonly role: string | null;
}

/** Where a simulated gateway's answers come from: a scene, or a recording. */
export interface GatewayContent {
  /** The serial and firmware that its `/info` names. */
  readonly serial: string;
  readonly firmware: string;
  /** `null`: this gateway has no such endpoint (404). */
  answer(request: { readonly method: string; readonly path: string; readonly body: string }, gateway: GatewayFacts): Answer | null;
}

/** A JSON document with status 200. */
export function json(document: unknown): Answer {
  return { status: 200, contentType: "application/json", body: `${JSON.stringify(document, null, 2)}\n` };
}
