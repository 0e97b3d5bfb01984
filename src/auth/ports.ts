import type { Clock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import type { BridgeError } from "../model/errors.ts";
import type { GatewayInfo } from "../model/gateway.ts";
import type { LifecycleStatus } from "../model/lifecycle.ts";

/**
 * What a session has done for it at one gateway. Each throws a `BridgeError` and ends promptly when `signal` aborts.
 * All but `readInfo` are sent with the session's `authorization`.
 */
export interface SessionPorts {
  /** GET `/info`, https then http, without credentials. */
  readInfo(signal: AbortSignal): Promise<GatewayInfo>;
  /** GET `/auth/check_jwt`: resolves at 2xx, throws `unauthorized` at 401 and 403. Asked on firmware 7 and later only. */
  checkToken(signal: AbortSignal): Promise<void>;
  /** Any request that needs the digest credential, throws `unauthorized` where it is refused. Asked below firmware 7 only. */
  checkDigest(signal: AbortSignal): Promise<void>;
  /** Finds out what this gateway has; throws `no_production` where it gives none. */
  probe(gateway: GatewayInfo, signal: AbortSignal): Promise<void>;
  /** Reads until it cannot go on and gives (or throws) the reason: `unauthorized`, or anything else that a pause may cure. */
  poll(signal: AbortSignal): Promise<BridgeError>;
}

/** The cloud, for one account. */
export interface Cloud {
  /**
   * A fresh token for one gateway, checked locally. Throws `BridgeError`: `cloud_unreachable`, `login_refused`, `mfa`, `no_access`,
   * `login_budget`, or what is wrong with the token that it gave.
   */
  obtainToken(serial: string, signal: AbortSignal): Promise<string>;
}

/** Where tokens outlive the process. Never throws: what cannot be kept on disk is kept in memory. */
export interface TokenStore {
  load(serial: string): Promise<string | null>;
  save(serial: string, token: string): Promise<void>;
}

/** The local user of a gateway below firmware 7; an empty one means `installer` with its computed password. */
export interface LocalUser {
  readonly username: string;
  readonly password: string;
}

/** A change of state, or of what is told about it. */
export interface Transition {
  /** The state before; the same as `status.state` where only the renewal or the next attempt changed. */
  readonly from: LifecycleStatus["state"];
  readonly status: LifecycleStatus;
  /** The gateway, once it is known. */
  readonly gateway: GatewayInfo | null;
}

/** The request and the answer as an authorization sees them; the client of the gateway gives and takes them. */
export interface SentRequest {
  readonly method: string;
  /** Path with query. */
  readonly uri: string;
}

export interface SeenResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** The credential in use, as the client of the gateway asks for it. */
export interface SessionAuthorization {
  /** Throws `no_credentials` or `token_expired`: a token past its `exp` is never sent. */
  headersFor(request: SentRequest): Record<string, string>;
  /** True: the same request, sent once more, will be accepted. */
  answered(request: SentRequest, response: SeenResponse): boolean;
}

export interface SessionOptions {
  /** The configured serial; `null`: the first gateway that answers is the one. */
  readonly serial: string | null;
  /** The configured token as it is now (a file may change); `null` without one. */
  readonly token: () => string | null;
  /** `null`: no Enlighten account is configured. */
  readonly cloud: Cloud | null;
  /** For gateways below firmware 7. */
  readonly localUser: LocalUser;
  readonly store: TokenStore;
  readonly ports: SessionPorts;
  readonly clock: Clock;
  /** 0 ≤ x < 1, for the jitter of waits and the nonces of digest. */
  readonly random: () => number;
  readonly logger: Logger;
}

export interface Session {
  /** Keeps the session until `signal` aborts; then resolves. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  status(): LifecycleStatus;
  /** Told at every transition, in order; a listener that throws changes nothing. Gives the function that takes the listener off. */
  onTransition(listener: (transition: Transition) => void): () => void;
  readonly authorization: SessionAuthorization;
  /** Something changed or a person asks: leave `refused` and every wait at once, and look for a newer token. */
  wake(): void;
}
