import pRetry from "p-retry";
import { type Clock, systemClock } from "../lib/clock.ts";
import type { Logger } from "../lib/logger.ts";
import { isBridgeError } from "../model/errors.ts";
import type { Json } from "../model/json.ts";
import { originOf, parseAddress, type Scheme, schemesOf } from "./address.ts";
import type { Authorization } from "./authorization.ts";
import { decodeJson, decodeText, isBroken, statusError, toBridgeError } from "./failure.ts";
import { createLenientTransport, isTooStrict } from "./lenient.ts";
import { createTrust, type PinStore, type TlsMode } from "./pin.ts";
import { createTransport, type Limits, type OpenTransport, type OutgoingExchange, type RawReply, type Transport } from "./transport.ts";
import { createTurns } from "./turns.ts";

export interface ClientOptions {
  /** A name, an address, or a URL with its own port. */
  readonly host: string;
  /** For every request that brings none of its own. */
  readonly authorization: Authorization;
  readonly tls: TlsMode;
  readonly pin: PinStore;
  readonly clock: Clock;
  /** 0 ≤ x < 1, for the jitter between tries. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly limits?: Partial<Limits>;
  /** False: a new connection for each request. */
  readonly keepAlive?: boolean;
  /** Ends the line that reports a changed certificate. */
  readonly howToAccept?: string;
  /** How requests travel; a simulation without sockets brings its own. */
  readonly transport?: OpenTransport;
}

export interface RequestOptions {
  readonly signal: AbortSignal;
  readonly authorization?: Authorization;
  /** Instead of the one that the client speaks. */
  readonly scheme?: Scheme;
  /** How often a request is sent where no connection comes about; 3 by default. */
  readonly tries?: number;
}

/**
 * One gateway over HTTP: one request at a time on one connection; redirects are not followed. Errors are `BridgeError`s: `unreachable`,
 * `timeout`, `certificate`, `unauthorized`, `http`, `not_json`, `not_an_envoy`, `too_large`, `aborted`, and what the authorization throws.
 */
export interface Client {
  get(path: string, options: RequestOptions): Promise<unknown>;
  getText(path: string, options: RequestOptions): Promise<string>;
  /** A write: sent once, never again. Gives the answer's JSON. */
  send(method: "POST" | "PUT" | "DELETE", path: string, body: Json, options: RequestOptions): Promise<unknown>;
  /** The schemes that the configured host allows, in the order in which they are tried. */
  readonly schemes: readonly Scheme[];
  /** The host as a person would name it. */
  readonly name: string;
  /** From now on requests go over this one. */
  speak(scheme: Scheme): void;
  /** It is the right gateway: its key is accepted, where none was accepted yet. */
  trust(): void;
  /** TLS was spoken with it before: nothing is sent in the clear any more. */
  isSecured(): boolean;
  close(): Promise<void>;
}

const LIMITS: Limits = { connect: 10_000, read: 45_000, total: 60_000, replyBytes: 16 * 1024 * 1024 };
const HOW_TO_ACCEPT = "If the gateway was replaced or renewed its certificate, remove the accepted one from the state folder.";
const TRIES = 3;
/** Ends the wait for a deadline; an error made for each request would cost more than the request. */
const DONE = "done";
/** The longest wait before the second try, ms; doubles with each. */
const FIRST_WAIT = 2000;
const LONGEST_WAIT = 5000;

export function createClient(options: ClientOptions): Client {
  const { clock, random, logger } = options;
  const address = parseAddress(options.host);
  const limits: Limits = { ...LIMITS, ...options.limits };
  const keepAlive = options.keepAlive ?? true;
  const open = options.transport ?? createTransport;
  // Sockets have no other time than the machine's.
  const time = options.transport === undefined ? systemClock : clock;
  const howToAccept = options.howToAccept ?? HOW_TO_ACCEPT;
  const trust = createTrust({ mode: options.tls, pin: options.pin, howToAccept, connectTimeout: limits.connect });
  const transports = new Map<Scheme, Transport>();
  const turns = createTurns();
  const schemes = schemesOf(address);
  let scheme: Scheme = schemes[0] ?? "https";

  function transportFor(wanted: Scheme): Transport {
    const present = transports.get(wanted) ?? open(originOf(address, wanted), trust, limits, keepAlive);
    transports.set(wanted, present);
    return present;
  }

  async function exchange(request: OutgoingExchange, over: Scheme, signal: AbortSignal): Promise<RawReply> {
    // One signal of its own: `AbortSignal.any` and a controller for each cause would cost more than the request.
    const stop = new AbortController();
    const done = new AbortController();
    const leave = () => stop.abort(signal.reason);
    const late = () => stop.abort(new DOMException("no whole answer in time", "TimeoutError"));
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave, { once: true });
    time.sleep(limits.total, done.signal).then(late, () => {});
    try {
      return await exchangeWithin(request, over, signal, stop.signal);
    } finally {
      signal.removeEventListener("abort", leave);
      done.abort(DONE);
    }
  }

  /** `stop` aborts with `signal`, and when the answer takes too long. */
  async function exchangeWithin(request: OutgoingExchange, over: Scheme, signal: AbortSignal, stop: AbortSignal): Promise<RawReply> {
    const where = `${originOf(address, over)}${request.path}`;
    try {
      return await transportFor(over).exchange(request, stop);
    } catch (error) {
      if (over === "https" || !isTooStrict(error)) throw toBridgeError(error, where, signal, stop);
      logger.info({ where }, "the gateway's HTTP is not proper; it is read leniently from now on");
      await transportFor(over).close();
      transports.set(over, createLenientTransport(address, limits));
    }
    return transportFor(over)
      .exchange(request, stop)
      .catch((error: unknown) => {
        throw toBridgeError(error, where, signal, stop);
      });
  }

  /** Asks for the credentials only now: another request may have renewed them while this one waited for its turn. */
  async function authorized(request: OutgoingExchange, over: Scheme, authorization: Authorization, signal: AbortSignal): Promise<RawReply> {
    const outgoing = { method: request.method, uri: request.path };
    const ask = () => {
      const credentials = authorization.headersFor(outgoing);
      if (Object.keys(credentials).length > 0) trust.accept();
      return exchange({ ...request, headers: { ...request.headers, ...credentials } }, over, signal);
    };
    const reply = await ask();
    if (!authorization.answered(outgoing, reply)) return reply;
    const again = await ask();
    authorization.answered(outgoing, again);
    return again;
  }

  async function perform(request: OutgoingExchange, given: RequestOptions, tries: number): Promise<{ reply: RawReply; where: string }> {
    const { signal, authorization = options.authorization } = given;
    const over = given.scheme ?? scheme;
    const where = `${originOf(address, over)}${request.path}`;
    let opened = 0;
    const attempt = () =>
      turns.take(() => {
        opened = trust.opened();
        return authorized(request, over, authorization, signal);
      }, signal);
    const reply = await pRetry(attempt, {
      retries: tries - 1,
      minTimeout: 0,
      maxTimeout: 0,
      signal,
      shouldRetry: ({ error }) => isBridgeError(error, "unreachable"),
      onFailedAttempt: async ({ error, attemptNumber, retriesLeft }) => {
        if (retriesLeft === 0 || !isBridgeError(error, "unreachable")) return;
        // A connection that broke while it was idle says nothing of the gateway: the first try on a new one is at once.
        if (attemptNumber === 1 && trust.opened() === opened && isBroken(error)) return;
        const longest = Math.min(FIRST_WAIT * 2 ** (attemptNumber - 1), LONGEST_WAIT);
        await clock.sleep(random() * longest, signal);
      },
    }).catch((error: unknown) => {
      throw signal.aborted ? toBridgeError(error, where, signal, signal) : error;
    });
    const failure = statusError(reply, where);
    if (failure !== null) throw failure;
    return { reply, where };
  }

  const read = (path: string, given: RequestOptions) => perform({ ...GET, path }, given, given.tries ?? TRIES);

  return {
    schemes,
    name: options.host,
    async get(path, given) {
      const { reply, where } = await read(path, given);
      return decodeJson(reply.body, where);
    },
    async getText(path, given) {
      const { reply, where } = await read(path, given);
      return decodeText(reply.body, where);
    },
    async send(method, path, body, given) {
      const { reply, where } = await perform({ method, path, headers: WRITE_HEADERS, body: JSON.stringify(body) }, given, 1);
      return decodeJson(reply.body, where);
    },
    speak(wanted) {
      if (schemes.includes(wanted)) scheme = wanted;
    },
    trust: () => trust.accept(),
    isSecured: () => trust.isSecured(),
    async close() {
      await Promise.all([...transports.values()].map((transport) => transport.close()));
      transports.clear();
    },
  };
}

const GET = { method: "GET", headers: { Accept: "application/json" }, body: null } as const;
/** Gateways take JSON under this type only. */
const WRITE_HEADERS = { Accept: "application/json", "Content-Type": "application/octet-stream" };
