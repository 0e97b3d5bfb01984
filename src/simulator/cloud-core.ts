import { randomUUID } from "node:crypto";
import { machineClock, type SimulatorClock } from "./clock.ts";
import { createFaults, type End, type Fault, replacesAnswer, spoil } from "./faults.ts";
import { reply, type SimulatedReply, type SimulatedRequest } from "./message.ts";
import { createTokenKey, signToken, type TokenKey } from "./token.ts";

/** An account at the simulated Enlighten. */
export interface CloudAccount {
  readonly email: string;
  readonly password: string;
  /** Serials that it may have tokens for; every serial where not given. */
  readonly serials?: readonly string[];
  /** Second factor on: the login succeeds without a session. */
  readonly mfa?: boolean;
  /** Locked out. */
  readonly blocked?: boolean;
  /** `owner` (a year) where not given; `installer` gets 12 hours. */
  readonly role?: "owner" | "installer";
}

export interface CloudCoreOptions {
  readonly accounts: readonly CloudAccount[];
  readonly clock?: SimulatorClock;
  readonly random?: () => number;
  readonly key?: TokenKey;
  /** Life of the tokens that it gives, ms; by role where not given. */
  readonly tokenLifetimeMs?: number;
  readonly changed?: () => void;
}

/** One login or token request as the cloud saw it. Holds no secret. */
export interface CloudRequest {
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** A login (`/login/login.json`) or a token (`/tokens`), `null` for another path. */
  readonly kind: "login" | "token" | null;
  readonly email: string | null;
  readonly serial: string | null;
  readonly status: number | null;
}

/** What the cloud does instead of giving a good token. */
export type TokenTrouble = "other-serial" | "expired" | "not-a-token" | "empty" | "html" | "huge";

export interface IssueOptions {
  /** Epoch milliseconds; by role from now where not given. */
  readonly exp?: number;
  readonly iat?: number;
  readonly role?: string;
  readonly username?: string;
}

/** A simulated Enlighten and Entrez without sockets. */
export interface CloudCore {
  /** `null`: the connection is refused. */
  handle(request: SimulatedRequest): SimulatedReply | null;
  accepts(): boolean;
  /** What gateways trust. */
  readonly key: TokenKey;
  /** The newest requests, in order. */
  readonly requests: readonly CloudRequest[];
  /** How many logins were tried, good or not. */
  readonly logins: number;
  clearRequests(): void;
  setAccounts(accounts: readonly CloudAccount[]): void;
  setTokenLifetime(ms: number): void;
  /** A token as the cloud would give it. */
  issueToken(serial: string, options?: IssueOptions): string;
  /** Faults hit both services; a `path` (`/login/login.json`, `/tokens`) narrows them. */
  fault(fault: Fault): End;
  clearFaults(): void;
  /** Gives tokens that are of no use. */
  spoilTokens(trouble: TokenTrouble): End;
  /** Answers 429 with `Retry-After` in seconds. */
  limitRate(retryAfterSeconds: number): End;
  /** Answers 200 with an HTML login page. */
  wall(): End;
}

/** The log holds so many requests at least, and twice as many at most. */
const LOG_LIMIT = 10_000;
const LOGIN = "/login/login.json";
const TOKENS = "/tokens";
const LIFETIME_MS = { owner: 365 * 86_400_000, installer: 12 * 3_600_000 };
const WALL = "<!DOCTYPE html><html><head><title>Enlighten</title></head><body><form id='login'></form></body></html>\n";

export function createCloudCore(options: CloudCoreOptions): CloudCore {
  const clock = options.clock ?? machineClock;
  const key = options.key ?? createTokenKey();
  const faults = createFaults(options.random ?? Math.random, options.changed);
  const sessions = new Map<string, string>();
  let accounts = options.accounts;
  let lifetime = options.tokenLifetimeMs ?? null;
  let troubles: readonly { readonly trouble: TokenTrouble }[] = [];
  let requests: CloudRequest[] = [];
  let logins = 0;

  const issueToken = (serial: string, issue: IssueOptions = {}) => {
    const now = clock.now();
    const role = issue.role ?? "owner";
    const end = issue.exp ?? now + (lifetime ?? (role === "installer" ? LIFETIME_MS.installer : LIFETIME_MS.owner));
    const claims = { aud: serial, iss: "Entrez", enphaseUser: role, username: issue.username ?? "home@example.com", jti: randomUUID() };
    return signToken({ ...claims, iat: Math.floor((issue.iat ?? now) / 1000), exp: Math.floor(end / 1000) }, key);
  };

  const login = (form: URLSearchParams): SimulatedReply => {
    const account = accounts.find(({ email }) => email === form.get("user[email]"));
    if (account === undefined || account.password !== form.get("user[password]")) {
      return reply(401, JSON.stringify({ message: "Invalid email or password", success: false }));
    }
    if (account.blocked === true) return reply(200, JSON.stringify({ message: "blocked", success: false, isBlocked: true }));
    if (account.mfa === true) {
      const headers = { "set-cookie": "login_otp_nonce=simulated; Path=/" };
      return reply(200, JSON.stringify({ success: true, isBlocked: false }), "application/json", headers);
    }
    const session = randomUUID().replaceAll("-", "");
    sessions.set(session, account.email);
    const body = { message: "success", session_id: session, manager_token: "simulated", is_consumer: true, system_id: 1, success: true };
    return reply(200, JSON.stringify(body));
  };

  const token = (wish: Readonly<Record<string, unknown>>): SimulatedReply => {
    const email = sessions.get(String(wish["session_id"]));
    const account = accounts.find((each) => each.email === email);
    if (account === undefined) return reply(401, JSON.stringify({ message: "Invalid session" }));
    const serial = String(wish["serial_num"]);
    if (account.serials !== undefined && !account.serials.includes(serial)) {
      return reply(403, JSON.stringify({ message: "You do not have access to this gateway" }));
    }
    return spoiltToken(troubles[0]?.trouble, serial, { role: account.role ?? "owner", username: account.email });
  };

  const spoiltToken = (trouble: TokenTrouble | undefined, serial: string, issue: IssueOptions): SimulatedReply => {
    const bodies: Readonly<Record<TokenTrouble | "none", () => string>> = {
      none: () => issueToken(serial, issue),
      "other-serial": () => issueToken(serial === "999999999999" ? "999999999998" : "999999999999", issue),
      expired: () => issueToken(serial, { ...issue, iat: clock.now() - 7_200_000, exp: clock.now() - 3_600_000 }),
      "not-a-token": () => "Error in generating Token",
      empty: () => "",
      html: () => WALL,
      huge: () => "a".repeat(2_000_000),
    };
    return reply(200, bodies[trouble ?? "none"](), "text/plain");
  };

  const answer = (request: SimulatedRequest, kind: CloudRequest["kind"], wish: Readonly<Record<string, unknown>>): SimulatedReply => {
    if (request.method !== "POST" || kind === null) return reply(404, WALL, "text/html");
    return kind === "login" ? login(new URLSearchParams(request.body)) : token(wish);
  };
  const log = (
    request: SimulatedRequest,
    kind: CloudRequest["kind"],
    wish: Readonly<Record<string, unknown>>,
    answered: SimulatedReply,
    at: number,
  ) => {
    const path = request.path.split("?")[0] ?? "";
    const email = kind === "login" ? new URLSearchParams(request.body).get("user[email]") : sessions.get(String(wish["session_id"]));
    const serial = typeof wish["serial_num"] === "string" ? wish["serial_num"] : null;
    const silent = answered.delivery.how === "hang" || answered.delivery.how === "reset";
    if (kind === "login") logins += 1;
    if (requests.length >= 2 * LOG_LIMIT) requests = requests.slice(-LOG_LIMIT);
    requests.push({ at, method: request.method, path, kind, email: email ?? null, serial, status: silent ? null : answered.status });
  };
  const until = <T>(entry: T, list: () => readonly T[], set: (next: readonly T[]) => void): End => {
    set([entry, ...list()]);
    return () => set(list().filter((other) => other !== entry));
  };

  return {
    handle(request) {
      const now = clock.now();
      if (faults.offline(now)) return null;
      const path = request.path.split("?")[0] ?? "";
      const kind = path === LOGIN ? "login" : path === TOKENS ? "token" : null;
      const wish = kind === "token" ? readWish(request.body) : {};
      const fault = faults.take(request.method, request.path, now);
      const own = fault !== null && replacesAnswer(fault) ? reply(200, "") : answer(request, kind, wish);
      const answered = fault === null ? own : spoil(own, fault);
      log(request, kind, wish, answered, now);
      return answered;
    },
    accepts: () => !faults.offline(clock.now()),
    key,
    get requests() {
      return requests;
    },
    get logins() {
      return logins;
    },
    clearRequests() {
      requests = [];
      logins = 0;
    },
    setAccounts(next) {
      accounts = next;
    },
    setTokenLifetime(ms) {
      lifetime = ms;
    },
    issueToken,
    fault: faults.add,
    clearFaults: faults.clear,
    spoilTokens: (trouble) =>
      until(
        { trouble },
        () => troubles,
        (next) => {
          troubles = next;
        },
      ),
    limitRate: (seconds) => faults.add({ kind: "status", status: 429, body: "{}", headers: { "retry-after": String(seconds) } }),
    wall: () => faults.add({ kind: "body", body: WALL, contentType: "text/html" }),
  };
}

function readWish(body: string): Readonly<Record<string, unknown>> {
  try {
    const wish: unknown = JSON.parse(body);
    return typeof wish === "object" && wish !== null ? { ...wish } : {};
  } catch {
    return {};
  }
}
