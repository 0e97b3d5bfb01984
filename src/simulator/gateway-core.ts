import type { KeyObject } from "node:crypto";
import { type Firmware, isAtLeast, parseFirmware } from "../model/firmware.ts";
import { bearerOf, createBearerGuard, type RefusedTokens } from "./bearer.ts";
import { machineClock, type SimulatorClock } from "./clock.ts";
import type { GatewayContent } from "./content.ts";
import { createDigestGuard } from "./digest.ts";
import { createFaults, type End, type Fault, replacesAnswer, spoil, UNAUTHORIZED_PAGE } from "./faults.ts";
import { reply, type SimulatedReply, type SimulatedRequest } from "./message.ts";
import { createClaimsReader } from "./token.ts";

export interface GatewayCoreOptions {
  readonly content: GatewayContent;
  /** Another firmware than the content's, such as `8.3.5433`. */
  readonly firmware?: string;
  readonly serial?: string;
  readonly clock?: SimulatorClock;
  /** 0 to 1, for faults that hit a share of the requests and for session ids. */
  readonly random?: () => number;
  /** Users below firmware 7, besides `envoy` and `installer`. */
  readonly users?: Readonly<Record<string, string>>;
  /** Public key of the cloud whose tokens it takes; any signature where not given. */
  readonly trustedKey?: KeyObject;
  /** How long a digest nonce is good: 10 minutes where not given. */
  readonly nonceLifetimeMs?: number;
  /** How many requests the log holds at least; twice as many at most. 50 000 where not given. */
  readonly logLimit?: number;
  /** Told when something changed that decides whether connections are taken. */
  readonly changed?: () => void;
}

/** One request as the gateway saw it. Holds no secret. */
export interface LoggedRequest {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly scheme: "https" | "http";
  readonly method: string;
  readonly path: string;
  /** What it came with. */
  readonly credential: "none" | "bearer" | "digest";
  readonly cookie: boolean;
  /** Of the bearer token, as far as readable: its gateway and its end (epoch milliseconds). */
  readonly token: { readonly audience: string | null; readonly expiresAt: number | null } | null;
  /** The gateway accepted the credential, or wanted none. */
  readonly authorised: boolean;
  /** What was answered; `null` where nothing was. */
  readonly status: number | null;
  /** Body of a write. */
  readonly body: string;
}

/** A simulated gateway without sockets: requests in, replies out. */
export interface GatewayCore {
  /** `null`: the connection is refused. */
  handle(request: SimulatedRequest): SimulatedReply | null;
  /** Whether connections of this scheme are taken now: https from firmware 7, http until 8.3.5286. */
  accepts(scheme: "https" | "http"): boolean;
  readonly serial: string;
  readonly firmware: Firmware;
  /** The newest requests, in order. */
  readonly requests: readonly LoggedRequest[];
  clearRequests(): void;
  setContent(content: GatewayContent): void;
  /** Also forgets sessions and nonces: the gateway has rebooted. */
  setFirmware(firmware: string): void;
  setSerial(serial: string): void;
  /** The gateway's own clock is so many ms ahead of the real one. */
  setClockSkew(ms: number): void;
  fault(fault: Fault): End;
  clearFaults(): void;
  loseSessions(): void;
  /** Refuses tokens that it saw or that were issued before now (`issued`), or every token (`all`). */
  refuseTokens(which?: RefusedTokens): End;
  /** Refuses connections for so long, then is back without sessions. */
  reboot(ms: number): void;
}

const OPEN_PATHS = new Set(["/info", "/info.xml"]);
/** Port 80 is closed from here on. */
const HTTPS_ONLY = "8.3.5286";

export function createGatewayCore(options: GatewayCoreOptions): GatewayCore {
  const clock = options.clock ?? machineClock;
  const random = options.random ?? Math.random;
  const changed = options.changed ?? (() => {});
  const faults = createFaults(random, changed);
  const digest = createDigestGuard({ users: options.users ?? {}, nonceLifetimeMs: options.nonceLifetimeMs ?? 600_000 });
  const bearer = createBearerGuard({ trustedKey: options.trustedKey, sessionLimit: 8, random });
  let content = options.content;
  let serial = options.serial ?? content.serial;
  let firmware = parseFirmware(options.firmware ?? content.firmware);
  const readClaims = createClaimsReader();
  const logLimit = options.logLimit ?? 50_000;
  let skew = 0;
  let requests: LoggedRequest[] = [];

  const forgetSessions = () => {
    digest.forget();
    bearer.loseSessions();
  };

  const authorise = (request: SimulatedRequest, now: number): { readonly refusal: SimulatedReply | null; readonly role: string | null } => {
    if (OPEN_PATHS.has(request.path)) return { refusal: null, role: null };
    if (firmware.major < 7) return { refusal: digest.check(request, serial, now), role: null };
    const { pass, role } = bearer.check(request, serial, now);
    return { refusal: pass ? null : reply(401, UNAUTHORIZED_PAGE, "text/html"), role };
  };

  const answer = (request: SimulatedRequest, now: number): SimulatedReply => {
    if (firmware.major >= 7 && request.scheme === "http")
      return reply(301, "", "text/html", { location: `https://localhost${request.path}` });
    if (firmware.major >= 7 && request.path.startsWith("/auth/check_jwt")) return bearer.checkJwt(request, serial, now);
    const { refusal, role } = authorise(request, now);
    if (refusal !== null) return refusal;
    const found = content.answer(request, { now: now + skew, serial, firmware, role });
    return found === null ? reply(404, '{ "error" : "404 - Not Found" }\n') : reply(found.status, found.body, found.contentType);
  };

  const log = (request: SimulatedRequest, at: number, authorised: boolean, answered: SimulatedReply | null) => {
    const token = bearerOf(request);
    const claims = token === null ? null : readClaims(token);
    const header = request.headers["authorization"] ?? "";
    if (requests.length >= 2 * logLimit) requests = requests.slice(-logLimit);
    requests.push({
      at,
      scheme: request.scheme,
      method: request.method,
      path: request.path,
      credential: token !== null ? "bearer" : /^digest /i.test(header) ? "digest" : "none",
      cookie: request.headers["cookie"] !== undefined,
      token: token === null ? null : { audience: claims?.aud ?? null, expiresAt: claims?.exp === undefined ? null : claims.exp * 1000 },
      authorised,
      status: answered === null || ["hang", "reset"].includes(answered.delivery.how) ? null : answered.status,
      body: request.body,
    });
  };

  return {
    handle(request) {
      const now = clock.now();
      if (faults.offline(now)) return null;
      const fault = faults.take(request.method, request.path, now);
      if (fault?.kind === "crash") faults.downUntil(now + fault.ms);
      const own = fault !== null && replacesAnswer(fault) ? null : answer(request, now);
      const answered = fault === null ? own : spoil(own ?? reply(200, ""), fault);
      log(request, now, own !== null && own.status !== 401, answered);
      return answered;
    },
    accepts(scheme) {
      if (faults.offline(clock.now())) return false;
      return scheme === "https" ? firmware.major >= 7 : !isAtLeast(firmware, HTTPS_ONLY);
    },
    get serial() {
      return serial;
    },
    get firmware() {
      return firmware;
    },
    get requests() {
      return requests;
    },
    clearRequests() {
      requests = [];
    },
    setContent(next) {
      content = next;
    },
    setFirmware(next) {
      firmware = parseFirmware(next);
      forgetSessions();
      changed();
    },
    setSerial(next) {
      serial = next;
    },
    setClockSkew(ms) {
      skew = ms;
    },
    fault: faults.add,
    clearFaults: faults.clear,
    loseSessions: forgetSessions,
    refuseTokens(which = "issued") {
      return bearer.refuse(which, clock.now());
    },
    reboot(ms) {
      forgetSessions();
      faults.downUntil(clock.now() + ms);
    },
  };
}
