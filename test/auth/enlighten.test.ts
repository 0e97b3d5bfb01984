import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createEnlighten, type EnlightenOptions } from "../../src/auth/enlighten.ts";
import { type post, retryAfter } from "../../src/auth/https-post.ts";
import { createLoginBudget } from "../../src/auth/login-budget.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { BridgeError } from "../../src/model/errors.ts";
import { type SimulatedCloud, startCloud } from "../../src/simulator/cloud.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { DAY, memoryFiles, recordingLogger, SERIAL } from "./support.ts";

const EMAIL = "home+envoy@example.com";
const PASSWORD = "s3cret & päss=word";
const signal = () => AbortSignal.timeout(20_000);

let cloud: SimulatedCloud;
beforeEach(async () => {
  cloud = await startCloud({ accounts: [{ email: EMAIL, password: PASSWORD, serials: [SERIAL] }] });
});
afterEach(() => cloud.close());

function budgetOf(clock = systemClock) {
  const files = memoryFiles();
  return { files, budget: createLoginBudget({ directory: "/state", files, clock, logger: recordingLogger() }) };
}

function account(options: Partial<EnlightenOptions> = {}) {
  const { budget } = budgetOf();
  const urls = { loginUrl: cloud.loginUrl, tokensUrl: cloud.tokenUrl, ca: cloud.ca };
  return createEnlighten({ username: EMAIL, password: PASSWORD, budget, clock: systemClock, ...urls, ...options });
}

async function failure(work: Promise<unknown>): Promise<BridgeError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BridgeError);
  const told = everythingIn(error as BridgeError);
  for (const secret of [PASSWORD, encodeURIComponent(PASSWORD), "session_id"]) expect(told).not.toContain(secret);
  return error as BridgeError;
}

function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = Object.getOwnPropertyNames(error).filter((name) => name !== "cause");
  return own.map((name) => String((error as unknown as Record<string, unknown>)[name])).join("\n") + everythingIn(error.cause);
}

test("a login and a token request give a token for this gateway", async () => {
  const token = await account().obtainToken(SERIAL, signal());
  expect(token.split(".")).toHaveLength(3);
  expect(
    cloud.requests.map(({ method, path, email, serial, status }) => ({ method, path: path.split("?")[0], email, serial, status })),
  ).toEqual([
    { method: "POST", path: "/login/login.json", email: EMAIL, serial: null, status: 200 },
    { method: "POST", path: "/tokens", email: EMAIL, serial: SERIAL, status: 200 },
  ]);
});

describe("each wrong answer has its own code and plain words", () => {
  test("F-35: a wrong password", async () => {
    const error = await failure(account({ password: "wrong" }).obtainToken(SERIAL, signal()));
    expect([error.code, error.message]).toEqual(["login_refused", expect.stringContaining("refuses the user name or password")]);
  });

  test("a blocked account, and one that is refused with 200", async () => {
    cloud.setAccounts([{ email: EMAIL, password: PASSWORD, blocked: true }]);
    expect((await failure(account().obtainToken(SERIAL, signal()))).message).toContain("has blocked this account");
    cloud.fault({ kind: "body", body: '{"success":false}' });
    expect((await failure(account().obtainToken(SERIAL, signal()))).code).toBe("login_refused");
  });

  test("F-38: a second factor", async () => {
    cloud.setAccounts([{ email: EMAIL, password: PASSWORD, mfa: true }]);
    const error = await failure(account().obtainToken(SERIAL, signal()));
    expect([error.code, error.message]).toEqual(["mfa", expect.stringMatching(/switch MFA off.*https:\/\/entrez.enphaseenergy.com/)]);
    cloud.fault({ kind: "body", body: '{"success":true,"session_id":""}' });
    expect((await failure(account().obtainToken(SERIAL, signal()))).code).toBe("mfa");
  });

  test("F-39: other keys may be missing", async () => {
    cloud.fault({
      kind: "rewrite",
      path: "/login/login.json",
      rewrite: (body) => JSON.stringify({ session_id: JSON.parse(body).session_id }),
    });
    await expect(account().obtainToken(SERIAL, signal())).resolves.toContain(".");
  });

  test("no access to this gateway", async () => {
    const error = await failure(account().obtainToken("122000000099", signal()));
    expect([error.code, error.message]).toEqual(["no_access", expect.stringContaining("no access to the gateway 122000000099")]);
  });

  test.each([500, 503, 400, 403, 404, 406])("F-40: HTTP %i is the cloud's trouble", async (status) => {
    cloud.fault({ kind: "status", status, body: PASSWORD, path: "/login/login.json" });
    const error = await failure(account().obtainToken(SERIAL, signal()));
    expect([error.code, error.status]).toEqual(["cloud_unreachable", status]);
  });

  test("F-40: Entrez in trouble is the cloud's trouble", async () => {
    cloud.fault({ kind: "status", status: 502, path: "/tokens" });
    expect(await failure(account().obtainToken(SERIAL, signal()))).toMatchObject({ code: "cloud_unreachable", status: 502 });
  });

  test("F-36: 429 says how long to wait", async () => {
    cloud.limitRate(3600);
    const error = await failure(account().obtainToken(SERIAL, signal()));
    expect(error).toMatchObject({ code: "cloud_unreachable", status: 429, retryAfterMs: 3_600_000 });
    expect(error.message).toContain("fewer logins");
  });

  test("F-37: a login wall in HTML is left alone for a day", async () => {
    cloud.wall();
    expect(await failure(account().obtainToken(SERIAL, signal()))).toMatchObject({ code: "cloud_unreachable", retryAfterMs: DAY });
    cloud.fault({ kind: "body", body: "[]" });
    expect(await failure(account().obtainToken(SERIAL, signal()))).toMatchObject({ code: "cloud_unreachable" });
  });

  test.each([
    ["not-a-token", "cloud_unreachable"],
    ["empty", "cloud_unreachable"],
    ["html", "cloud_unreachable"],
    ["huge", "cloud_unreachable"],
    ["other-serial", "token_wrong_gateway"],
    ["expired", "token_expired"],
  ] as const)("F-41 F-42: a token that is %s is %s", async (trouble, code) => {
    cloud.spoilTokens(trouble);
    expect((await failure(account().obtainToken(SERIAL, signal()))).code).toBe(code);
  });

  test.each(["reset", "truncate"] as const)("F-15: a connection that ends by %s", async (kind) => {
    cloud.fault({ kind });
    expect((await failure(account().obtainToken(SERIAL, signal()))).code).toBe("cloud_unreachable");
  });

  test("F-19: an endless body is cut off", async () => {
    cloud.fault({ kind: "endless" });
    expect((await failure(account().obtainToken(SERIAL, signal()))).message).toContain("UND_ERR");
  });
});

test("F-20: redirects are not followed: whoever they name sees nothing", async () => {
  const trap = await listen((_headers, _body, end) => end(200, "{}"));
  cloud.fault({ kind: "redirect", to: `${trap.url}/login/login.json`, path: "/login/login.json" });
  expect(await failure(account().obtainToken(SERIAL, signal()))).toMatchObject({ code: "cloud_unreachable", status: 301 });
  expect(trap.seen).toEqual([]);
  trap.server.close();
});

test("F-43: a cloud whose certificate nobody vouches for gets no credentials", async () => {
  const error = await failure(account({ ca: null }).obtainToken(SERIAL, signal()));
  expect(error.code).toBe("cloud_unreachable");
  expect(error.message).toMatch(/SELF_SIGNED|UNABLE_TO_VERIFY/);
  expect(cloud.requests).toEqual([]);
});

test("plain http is taken on loopback only", () => {
  for (const url of ["http://127.0.0.1:1/", "http://localhost/", "http://[::1]/"]) expect(() => account({ loginUrl: url })).not.toThrow();
  expect(() => account({ loginUrl: "http://enlighten.enphaseenergy.com/" })).toThrow("must begin with https://");
  expect(() => account({ tokensUrl: "ftp://127.0.0.1/" })).toThrow(BridgeError);
});

test("without other addresses it is Enphase's own", async () => {
  const urls: string[] = [];
  const stub: typeof post = async ({ url }) => {
    urls.push(url);
    return { status: 200, body: JSON.stringify({ session_id: "x" }), retryAfterMs: 0 };
  };
  const { budget } = budgetOf();
  await failure(
    createEnlighten({ username: EMAIL, password: PASSWORD, budget, clock: systemClock, post: stub }).obtainToken(SERIAL, signal()),
  );
  expect(urls).toEqual(["https://enlighten.enphaseenergy.com/login/login.json?", "https://entrez.enphaseenergy.com/tokens"]);
});

describe("logins are counted", () => {
  test("one exchange at a time, and no more than the budget", async () => {
    const it = account();
    const results = await Promise.allSettled(Array.from({ length: 5 }, () => it.obtainToken(SERIAL, signal())));
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "fulfilled", "rejected", "rejected"]);
    expect(cloud.requests.map(({ kind }) => kind)).toEqual(["login", "token", "login", "token", "login", "token"]);
    expect((await failure(it.obtainToken(SERIAL, signal()))).code).toBe("login_budget");
  });

  test("one that could not connect is not counted, one that was cut off is", async () => {
    const { budget } = budgetOf();
    const it = account({ budget });
    await cloud.offline();
    for (let round = 0; round < 5; round += 1) expect((await failure(it.obtainToken(SERIAL, signal()))).code).toBe("cloud_unreachable");
    await cloud.online();
    cloud.fault({ kind: "reset" });
    for (let round = 0; round < 3; round += 1) await failure(it.obtainToken(SERIAL, signal()));
    expect((await failure(it.obtainToken(SERIAL, signal()))).code).toBe("login_budget");
  });

  test("told to stop before its turn it does not log in", async () => {
    const error = account().obtainToken(SERIAL, AbortSignal.abort(new Error("stopped")));
    await expect(error).rejects.toThrow("stopped");
    expect(cloud.logins).toBe(0);
  });
});

describe("time", () => {
  test.each(["hang", "stall", "drip"] as const)("F-18: a cloud that answers by %s is left after 10 s", async (kind) => {
    let arrived = false;
    const server = createServer((_request, response) => {
      arrived = true;
      if (kind !== "hang") response.writeHead(200, { "content-type": "application/json" }).flushHeaders();
      if (kind === "drip") response.write("{");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const clock = createVirtualClock();
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const { budget } = budgetOf(clock);
    const work = failure(account({ clock, budget, loginUrl: url }).obtainToken(SERIAL, signal()));
    while (!arrived) await clock.settle();
    await clock.advance(9_999);
    expect(clock.pending()).toBe(1);
    await clock.advance(1);
    expect(await work).toMatchObject({ code: "cloud_unreachable", message: expect.stringContaining("no whole answer within 10 s") });
    server.closeAllConnections();
    server.close();
  });

  test("F-52: told to stop in the middle it ends at once", async () => {
    cloud.fault({ kind: "hang" });
    const stop = new AbortController();
    const work = failure(account().obtainToken(SERIAL, stop.signal));
    while (cloud.logins === 0) await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect((await work).code).toBe("aborted");
  });

  test("a server that speaks no TLS is a cloud that cannot be reached", async () => {
    const server = createTcpServer((socket) => socket.end("220 hello\r\n"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    expect((await failure(account({ loginUrl: url }).obtainToken(SERIAL, signal()))).code).toBe("cloud_unreachable");
    server.close();
  });
});

test("Retry-After is read as seconds or as a date, up to a day", () => {
  const now = Date.UTC(2026, 5, 1, 12);
  expect(retryAfter("120", now)).toBe(120_000);
  expect(retryAfter("999999999", now)).toBe(DAY);
  expect(retryAfter("Mon, 01 Jun 2026 12:05:00 GMT", now)).toBe(300_000);
  expect(retryAfter("Mon, 01 Jun 2020 12:05:00 GMT", now)).toBe(0);
  expect([retryAfter("soon", now), retryAfter(undefined, now), retryAfter(["1", "2"], now)]).toEqual([0, 0, 0]);
});

test("the login is sent as a form, the token request as JSON", async () => {
  const server = await listen((headers, body, end) => end(200, JSON.stringify({ session_id: "s", seen: [headers["content-type"], body] })));
  await failure(account({ loginUrl: `${server.url}/login/login.json?`, tokensUrl: `${server.url}/tokens` }).obtainToken(SERIAL, signal()));
  const [login, tokens] = server.seen;
  expect(login?.headers["content-type"]).toBe("application/x-www-form-urlencoded");
  expect(Object.fromEntries(new URLSearchParams(login?.body))).toEqual({ "user[email]": EMAIL, "user[password]": PASSWORD });
  expect(tokens?.headers["content-type"]).toBe("application/json");
  expect(JSON.parse(tokens?.body ?? "")).toEqual({ session_id: "s", serial_num: SERIAL, username: EMAIL });
  server.server.close();
});

interface Seen {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function listen(answer: (headers: IncomingHttpHeaders, body: string, end: (status: number, body: string) => void) => void) {
  const seen: Seen[] = [];
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    seen.push({ headers: request.headers, body });
    answer(request.headers, body, (status, text) => void response.writeHead(status).end(text));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, seen, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
