import type { Delivery, SimulatedReply } from "./message.ts";
import { reply } from "./message.ts";

/** What goes wrong. Rows of the failure table name these. */
export type FaultKind =
  /** Connections are refused. */
  | { readonly kind: "offline" }
  /** Accepts, then never answers. */
  | { readonly kind: "hang" }
  /** Headers, then silence. */
  | { readonly kind: "stall" }
  /** Answers after so many ms. */
  | { readonly kind: "slow"; readonly ms: number }
  /** One byte of the body every so many ms (1000 where not given). */
  | { readonly kind: "drip"; readonly everyMs?: number }
  /** Cuts the connection instead of answering. */
  | { readonly kind: "reset" }
  /** Cuts the body after so many bytes (half of it where not given). */
  | { readonly kind: "truncate"; readonly after?: number }
  | { readonly kind: "endless" }
  | { readonly kind: "two-lengths" }
  /** Answers with this status instead, with or without credentials; 401 and 503 carry the pages that gateways send. */
  | { readonly kind: "status"; readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> }
  /** Answers 200 with this body instead of its own. */
  | { readonly kind: "body"; readonly body: string | Uint8Array; readonly contentType?: string }
  /** Changes the body of its own answer. */
  | { readonly kind: "rewrite"; readonly rewrite: (body: string) => string }
  | { readonly kind: "redirect"; readonly to: string; readonly status?: number }
  /** The request crashes the gateway: it refuses connections for so many ms. */
  | { readonly kind: "crash"; readonly ms: number };

/** A fault and what it hits. */
export type Fault = FaultKind & {
  /** Path without query, or a pattern over path and query; everything where not given. */
  readonly path?: string | RegExp;
  readonly method?: string;
  /** Ends by itself after so many requests. */
  readonly times?: number;
  /** Hits only while this holds; gets epoch milliseconds. */
  readonly when?: (now: number) => boolean;
  /** Hits only this share of the requests (0 to 1), drawn from the injected randomness. */
  readonly share?: number;
};

/** Ends what was begun; a second call does nothing. */
export type End = () => void;

/** The faults that are on. */
export interface FaultList {
  /** Switches a fault on and returns what ends it. The newest fault wins. */
  add(fault: Fault): End;
  /** Takes the fault for one request; counts it. */
  take(method: string, path: string, now: number): Fault | null;
  /** True while connections are refused. */
  offline(now: number): boolean;
  /** Refuses connections until then (epoch milliseconds). */
  downUntil(time: number): void;
  /** Ends all. */
  clear(): void;
}

/** `changed` is called after the list changes, so that a listener can close or open. */
export function createFaults(random: () => number, changed: () => void = () => {}): FaultList {
  let active: { readonly fault: Fault; left: number }[] = [];
  let down = Number.NEGATIVE_INFINITY;
  const remove = (entry: (typeof active)[number]) => {
    active = active.filter((other) => other !== entry);
    changed();
  };
  return {
    add(fault) {
      const entry = { fault, left: fault.times ?? Number.POSITIVE_INFINITY };
      active = [entry, ...active];
      changed();
      return () => remove(entry);
    },
    take(method, path, now) {
      for (const entry of active) {
        if (!hits(entry.fault, method, path, now)) continue;
        if (entry.fault.share !== undefined && random() >= entry.fault.share) continue;
        entry.left -= 1;
        if (entry.left <= 0) remove(entry);
        return entry.fault;
      }
      return null;
    },
    offline: (now) => now < down || active.some(({ fault }) => fault.kind === "offline" && fault.when?.(now) !== false),
    downUntil(time) {
      down = time;
      changed();
    },
    clear() {
      active = [];
      down = Number.NEGATIVE_INFINITY;
      changed();
    },
  };
}

/** For a fault that comes every day: begins so many minutes after midnight of a zone that is `offsetMs` ahead of UTC, and lasts `ms`. */
export function daily(minutes: number, ms: number, offsetMs = 0): (now: number) => boolean {
  return (now) => {
    const sinceBegin = (((now + offsetMs - minutes * 60_000) % 86_400_000) + 86_400_000) % 86_400_000;
    return sinceBegin < ms;
  };
}

function hits(fault: Fault, method: string, path: string, now: number): boolean {
  if (fault.when !== undefined && !fault.when(now)) return false;
  if (fault.method !== undefined && fault.method !== method) return false;
  if (fault.path === undefined) return true;
  if (typeof fault.path === "string") return fault.path === path || fault.path === path.split("?")[0];
  return fault.path.test(path);
}

/** The page that a gateway sends with 401: HTML with a redirect in JavaScript. */
export const UNAUTHORIZED_PAGE =
  '<html><head><title>401 Authorization Required</title><script>window.location="/login";</script></head><body>401</body></html>\n';
const BUSY_PAGE = "Resource busy, please retry after 30 seconds\n";

/** True where the fault answers by itself, whatever the request and its credentials. */
export function replacesAnswer(fault: Fault): boolean {
  return fault.kind === "status" || fault.kind === "redirect" || fault.kind === "reset" || fault.kind === "hang" || fault.kind === "crash";
}

/** The reply as the fault leaves it. */
export function spoil(answer: SimulatedReply, fault: Fault): SimulatedReply {
  switch (fault.kind) {
    case "slow":
      return { ...answer, delayMs: answer.delayMs + fault.ms };
    case "status":
      return statusReply(fault.status, fault.body, fault.headers);
    case "body":
      return reply(200, fault.body, fault.contentType ?? "application/json");
    case "rewrite":
      return typeof answer.body === "string" ? { ...answer, body: fault.rewrite(answer.body) } : answer;
    case "redirect":
      return reply(fault.status ?? 301, "", "text/html", { location: fault.to });
    default:
      return { ...answer, delivery: delivery(fault) };
  }
}

function statusReply(status: number, body: string | undefined, headers: Readonly<Record<string, string>> = {}): SimulatedReply {
  const page = status === 401 ? UNAUTHORIZED_PAGE : status === 503 ? BUSY_PAGE : `<html><body>${status}</body></html>\n`;
  return reply(status, body ?? page, "text/html", headers);
}

function delivery(fault: Fault): Delivery {
  switch (fault.kind) {
    case "drip":
      return { how: "drip", everyMs: fault.everyMs ?? 1000 };
    case "truncate":
      return { how: "truncate", after: fault.after ?? null };
    case "hang":
    case "stall":
    case "endless":
    case "two-lengths":
      return { how: fault.kind };
    default:
      return { how: "reset" };
  }
}
