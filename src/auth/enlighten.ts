import type { Clock } from "../lib/clock.ts";
import { BridgeError } from "../model/errors.ts";
import { neverConnected, post as postOverHttps, type Reply } from "./https-post.ts";
import type { LoginBudget } from "./login-budget.ts";
import type { Cloud } from "./ports.ts";
import { checkToken } from "./token.ts";

export const LOGIN_URL = "https://enlighten.enphaseenergy.com/login/login.json?";
export const TOKENS_URL = "https://entrez.enphaseenergy.com/tokens";

export interface EnlightenOptions {
  /** The Enlighten account: e-mail address and password. */
  readonly username: string;
  readonly password: string;
  readonly budget: LoginBudget;
  readonly clock: Clock;
  /** Other addresses, for a simulated cloud. Plain http is taken on loopback only. */
  readonly loginUrl?: string;
  readonly tokensUrl?: string;
  /** PEM of a further authority to trust, for a simulated cloud. */
  readonly ca?: string | null;
  /** How a request is sent; a simulation without sockets brings its own. */
  readonly post?: typeof postOverHttps;
}

/** A login wall in HTML means that Enlighten takes this machine for a robot: insisting makes it longer. */
const BLOCKED_MS = 24 * 3_600_000;
const PASTE = "or make a token at https://entrez.enphaseenergy.com and configure it";

/**
 * Enlighten and Entrez: logs in and gets a token for one gateway. One exchange at a time, each counted by `budget` before it is sent. No
 * error holds the password, the session id or any text of the cloud's.
 */
export function createEnlighten(options: EnlightenOptions): Cloud {
  const loginUrl = checkedUrl(options.loginUrl ?? LOGIN_URL);
  const tokensUrl = checkedUrl(options.tokensUrl ?? TOKENS_URL);
  const { username, password, budget, clock } = options;
  const ca = options.ca ?? null;
  const post = options.post ?? postOverHttps;
  let queue: Promise<unknown> = Promise.resolve();

  async function logIn(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    const giveBack = await budget.take();
    const body = new URLSearchParams({ "user[email]": username, "user[password]": password }).toString();
    try {
      return sessionIdOf(await post({ url: loginUrl, contentType: "application/x-www-form-urlencoded", body, clock, signal, ca }));
    } catch (error) {
      if (error instanceof BridgeError && neverConnected(error)) await giveBack();
      throw error;
    }
  }

  async function obtain(serial: string, signal: AbortSignal): Promise<string> {
    const session_id = await logIn(signal);
    const body = JSON.stringify({ session_id, serial_num: serial, username });
    return tokenOf(await post({ url: tokensUrl, contentType: "application/json", body, clock, signal, ca }), serial, clock.now());
  }

  return {
    obtainToken(serial, signal) {
      const token = queue.then(() => obtain(serial, signal));
      queue = token.catch(() => {});
      return token;
    },
  };
}

function checkedUrl(url: string): string {
  const { protocol, hostname } = new URL(url);
  const loopback = hostname === "127.0.0.1" || hostname === "[::1]" || hostname === "localhost";
  if (protocol === "https:" || (protocol === "http:" && loopback)) return url;
  throw new BridgeError("config", `the cloud's address must begin with https:// (${hostname}): passwords are sent there`);
}

function sessionIdOf(reply: Reply): string {
  if (reply.status === 401) throw loginRefused("refuses the user name or password");
  assertOk(reply, "Enlighten");
  const answer = objectOf(reply.body);
  if (answer === null) throw wall(reply);
  const sessionId = answer["session_id"];
  if (answer["isBlocked"] === true) throw loginRefused("has blocked this account");
  if (answer["success"] === false) throw loginRefused("refuses the user name or password");
  if (typeof sessionId === "string" && sessionId !== "") return sessionId;
  const message = `Enlighten asks for a second factor (MFA), which a bridge cannot give: switch MFA off for this account, ${PASTE}`;
  throw new BridgeError("mfa", message);
}

function loginRefused(what: string): BridgeError {
  return new BridgeError(
    "login_refused",
    `Enlighten ${what}: try them in the Enphase app and put them right in the configuration, ${PASTE}`,
  );
}

function tokenOf(reply: Reply, serial: string, now: number): string {
  if (reply.status === 401 || reply.status === 403) {
    const message = `This Enlighten account has no access to the gateway ${serial}: log in with the account that owns the system, ${PASTE}`;
    throw new BridgeError("no_access", message, { status: reply.status });
  }
  assertOk(reply, "Entrez");
  try {
    return checkToken(reply.body, serial, now).text;
  } catch (error) {
    throw fromCloud(error, serial);
  }
}

/** The same error, told from where it came. */
function fromCloud(error: unknown, serial: string): BridgeError {
  const code = error instanceof BridgeError ? error.code : "cloud_unreachable";
  if (code === "token_wrong_gateway") {
    return new BridgeError(code, `Entrez gave a token for another gateway than ${serial}: check the serial and the account`, {
      cause: error,
    });
  }
  if (code === "token_expired") {
    return new BridgeError(code, "Entrez gave a token that has expired already: check the date and time of this machine", { cause: error });
  }
  return new BridgeError("cloud_unreachable", "Entrez answered, but not with a token: trying again later", { cause: error });
}

/** Anything but 2xx is the cloud's trouble, not ours; redirects are not followed. */
function assertOk({ status, retryAfterMs }: Reply, who: string): void {
  if (status >= 200 && status < 300) return;
  const what = status === 429 ? "asks for fewer logins (HTTP 429)" : `answered HTTP ${status}`;
  throw new BridgeError("cloud_unreachable", `${who} ${what}: trying again later`, { status, retryAfterMs });
}

function wall({ status, retryAfterMs }: Reply): BridgeError {
  const message = `Enlighten answered with a web page in place of a login: it seems to block this machine for a while; waiting, ${PASTE}`;
  return new BridgeError("cloud_unreachable", message, { status, retryAfterMs: Math.max(BLOCKED_MS, retryAfterMs) });
}

/** The JSON object in `text`; `null` for anything else. The parser's error quotes the text, so it goes no further. */
function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
