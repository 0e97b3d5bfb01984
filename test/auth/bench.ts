import { createEnlighten } from "../../src/auth/enlighten.ts";
import type { Reply } from "../../src/auth/https-post.ts";
import { createLoginBudget } from "../../src/auth/login-budget.ts";
import type { Cloud, SessionOptions, Transition } from "../../src/auth/ports.ts";
import { createSession } from "../../src/auth/session.ts";
import { createTokenStore } from "../../src/auth/token-store.ts";
import { BridgeError } from "../../src/model/errors.ts";
import type { GatewayInfo } from "../../src/model/gateway.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { gateway, memoryFiles, recordingLogger, SERIAL } from "./support.ts";

/** What the scripted cloud does at its next login. */
export type CloudMood =
  | "good"
  | "away"
  | "down"
  | "wrong-password"
  | "mfa"
  | "no-access"
  | "other-serial"
  | "expired"
  | "not-a-token"
  | "wall";

export interface BenchOptions {
  readonly serial?: string | null;
  readonly token?: string | null;
  readonly stored?: string | null;
  readonly account?: boolean;
  readonly localUser?: { username: string; password: string };
  readonly start?: number;
  readonly cloud?: Cloud;
  readonly pollMs?: number;
}

/** A whole session against a gateway and a cloud that a test scripts, in virtual time; the cloud is asked through the real Enlighten and budget. */
export function createBench(options: BenchOptions = {}) {
  const clock = createVirtualClock(options.start === undefined ? {} : { start: options.start });
  const files = memoryFiles();
  const logger = recordingLogger();
  const store = createTokenStore({ directory: "/state", files, logger });
  const sent: { readonly path: string; readonly headers: Record<string, string>; readonly at: number }[] = [];
  const transitions: (Transition & { readonly at: number })[] = [];
  const loginTimes: number[] = [];
  const world = {
    info: gateway() as GatewayInfo,
    /** What any request to the gateway fails with; `null` while it answers. */
    gone: null as BridgeError | null,
    accepts: (_token: string | null) => true,
    /** So many 401 for data although check_jwt says 200. */
    dataRefusals: 0,
    /** The poller finds another firmware at `/info`. */
    changed: false,
    digestRefused: false,
    probeFails: null as BridgeError | null,
    mood: "good" as CloudMood,
    life: 365 * 86_400_000,
    configured: options.token ?? null,
  };
  if (options.stored) files.contents.set(`/state/token-${SERIAL}.jwt`, `${options.stored}\n`);

  const stop = new AbortController();

  function request(path: string): string | null {
    const headers = session.authorization.headersFor({ method: "GET", uri: path });
    sent.push({ path, headers, at: clock.now() });
    return headers["authorization"]?.replace("Bearer ", "") ?? null;
  }

  const answer = (path: string, status: number, headers: Record<string, string | string[]> = {}) =>
    session.authorization.answered({ method: "GET", uri: path }, { status, headers });

  const unauthorized = (path: string) => new BridgeError("unauthorized", `${path}: HTTP 401`, { status: 401 });

  const ports: SessionOptions["ports"] = {
    async readInfo() {
      if (world.gone) throw world.gone;
      return world.info;
    },
    async checkToken() {
      if (world.gone) throw world.gone;
      const token = request("/auth/check_jwt");
      if (!world.accepts(token)) throw unauthorized("/auth/check_jwt");
      answer("/auth/check_jwt", 200, { "set-cookie": [`sessionId=${sent.length}; Path=/; Secure`] });
    },
    async checkDigest() {
      if (world.gone) throw world.gone;
      request("/api/v1/production");
      if (world.digestRefused) throw unauthorized("/api/v1/production");
    },
    async probe() {
      if (world.gone) throw world.gone;
      if (world.probeFails) throw world.probeFails;
      request("/ivp/meters");
      world.changed = false;
    },
    async poll(signal) {
      while (true) {
        if (world.gone) return world.gone;
        if (world.changed) return new BridgeError("firmware_changed", `firmware ${world.info.firmware.text} now`);
        const token = request("/production.json");
        if (world.dataRefusals-- > 0 || !world.accepts(token)) return unauthorized("/production.json");
        answer("/production.json", 200);
        await clock.sleep(options.pollMs ?? 30_000, signal);
      }
    },
  };

  async function post({ url, body }: { url: string; body: string }): Promise<Reply> {
    const ok = (text: string): Reply => ({ status: 200, body: text, retryAfterMs: 0 });
    const login = url.includes("login.json");
    if (world.mood === "away") {
      const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
      throw new BridgeError("cloud_unreachable", "enlighten: no answer (ECONNREFUSED)", { cause });
    }
    if (login) loginTimes.push(clock.now());
    if (world.mood === "down") return { status: 503, body: "", retryAfterMs: 0 };
    if (login)
      return ok(loginAnswer(world.mood)).body === "401" ? { status: 401, body: "{}", retryAfterMs: 0 } : ok(loginAnswer(world.mood));
    const serial = (JSON.parse(body) as { serial_num: string }).serial_num;
    if (world.mood === "no-access") return { status: 403, body: "{}", retryAfterMs: 0 };
    if (world.mood === "not-a-token") return ok("Error in generating Token");
    return ok(cloudToken(world.mood === "other-serial" ? "999" : serial, world.mood === "expired"));
  }

  let given = 0;
  function cloudToken(serial: string, old: boolean): string {
    given += 1;
    const issued = clock.now() - (old ? world.life + 1000 : 0);
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const claims = {
      aud: serial,
      iat: Math.floor(issued / 1000),
      exp: Math.floor((issued + world.life) / 1000),
      enphaseUser: "owner",
      jti: given,
    };
    return `${part({ alg: "ES256" })}.${part(claims)}.cloud`;
  }

  const budget = createLoginBudget({ directory: "/state", files, clock, logger });
  const enlighten = createEnlighten({ username: "home@example.com", password: "s3cret-password", budget, clock, post });
  const session = createSession({
    serial: options.serial ?? null,
    token: () => world.configured,
    cloud: options.account === false ? null : (options.cloud ?? enlighten),
    localUser: options.localUser ?? { username: "", password: "" },
    store,
    ports,
    clock,
    random: () => 0.5,
    logger,
  });
  session.onTransition((transition) => transitions.push({ ...transition, at: clock.now() }));

  // A test sets the world up first.
  const running = Promise.resolve().then(() => session.run(stop.signal));
  return {
    clock,
    files,
    logger,
    world,
    session,
    sent,
    transitions,
    loginTimes,
    /** Names of the states since the `from`-th transition, each change once. */
    path: (from = 0) =>
      transitions.slice(from).flatMap(({ status }, index, all) => (status.state === all[index - 1]?.status.state ? [] : [status.state])),
    until: (state: string, limitMs?: number) => clock.advanceUntil(() => session.status().state === state, limitMs),
    bearers: () => [...new Set(sent.map(({ headers }) => headers["authorization"]))],
    async stop() {
      stop.abort(new Error("told to stop"));
      await running;
    },
  };
}

function loginAnswer(mood: CloudMood): string {
  if (mood === "wrong-password") return "401";
  if (mood === "mfa") return JSON.stringify({ success: true, isBlocked: false });
  if (mood === "wall") return "<!DOCTYPE html><html>Log in</html>";
  return JSON.stringify({ success: true, session_id: "s3cret-session", is_consumer: true });
}
