import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backOffMs, CLOUD_BACK_OFF, GATEWAY_BACK_OFF, LOGIN_HOLD, REFUSED_BACK_OFF } from "../../src/auth/backoff.ts";
import { createCredentials } from "../../src/auth/credentials.ts";
import type { State } from "../../src/auth/lifecycle.ts";
import { createLogin } from "../../src/auth/login.ts";
import type { SeenResponse } from "../../src/auth/ports.ts";
import { readToken } from "../../src/auth/token.ts";
import { createAlarm, waitMs } from "../../src/auth/waits.ts";
import { BridgeError } from "../../src/model/errors.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";
import { DAY, gateway, HOUR, SERIAL, tokenAt } from "./support.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const most = () => 1 - Number.EPSILON;

describe("back-off", () => {
  test("a gateway is tried again after 1, 2, 4 … 60 s at most, with jitter", () => {
    expect([1, 2, 3, 6, 7, 99].map((attempt) => backOffMs(GATEWAY_BACK_OFF, attempt, most))).toEqual([
      1000, 2000, 4000, 32_000, 60_000, 60_000,
    ]);
    expect(backOffMs(GATEWAY_BACK_OFF, 1, () => 0)).toBe(500);
  });

  test("it stays between half of the wait and its cap, and never shrinks with more attempts", () => {
    const kinds = fc.constantFrom(GATEWAY_BACK_OFF, REFUSED_BACK_OFF, CLOUD_BACK_OFF, LOGIN_HOLD);
    fc.assert(
      fc.property(kinds, fc.integer({ min: -5, max: 1e9 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (kind, attempt, random) => {
        const wait = backOffMs(kind, attempt, () => random);
        expect(wait).toBeGreaterThanOrEqual(kind.first / 2);
        expect(wait).toBeLessThanOrEqual(kind.cap);
        expect(backOffMs(kind, attempt + 1, () => random)).toBeGreaterThanOrEqual(wait);
      }),
    );
  });
});

describe("the wait of a state", () => {
  const memory = { serial: SERIAL, probed: null, failures: 3, strikes: 0, refusals: 2 };
  const refreshing = { name: "refreshing", memory, gateway: gateway(), failures: 0, away: false, retryAfterMs: 0 } as const;
  const rows: readonly (readonly [State, number])[] = [
    [{ name: "setup", memory }, 0],
    [{ name: "outage", memory, retryAfterMs: 0 }, 4_000],
    [{ name: "outage", memory, retryAfterMs: 30_000 }, 30_000],
    [{ name: "outage", memory, retryAfterMs: DAY }, 600_000],
    [{ name: "re-setup", memory: { ...memory, strikes: 1 } }, 0],
    [{ name: "re-setup", memory: { ...memory, strikes: 3 } }, 2_000],
    [{ name: "refused", memory, code: "login_refused" }, 600_000],
    [{ name: "refused", memory: { ...memory, refusals: 50 }, code: "login_refused" }, 6 * HOUR],
    [{ name: "refused", memory, code: "mfa" }, 6 * HOUR],
    [refreshing, 0],
    [{ ...refreshing, failures: 2 }, 1_200_000],
    [{ ...refreshing, failures: 2, away: true }, 60_000],
    [{ ...refreshing, failures: 2, retryAfterMs: DAY }, DAY],
  ];
  test.each(rows)("%o", (state, ms) => {
    expect(waitMs(state, most)).toBe(ms);
  });
});

describe("the alarm", () => {
  test("a ring ends the present wait, or else the next one, and only that", async () => {
    const clock = createVirtualClock();
    const alarm = createAlarm(clock);
    const stop = new AbortController();
    const waiting = alarm.wait(1000, stop.signal);
    alarm.ring();
    expect(await waiting).toBe("wake");
    alarm.ring();
    expect(await alarm.wait(1000, stop.signal)).toBe("wake");
    const last = alarm.wait(1000, stop.signal);
    await clock.advance(1000);
    expect(await last).toBe("timer");
    expect(clock.pending()).toBe(0);
  });

  test("a stop ends it with the signal's reason", async () => {
    const alarm = createAlarm(createVirtualClock());
    const stop = new AbortController();
    const waiting = alarm.wait(1000, stop.signal);
    stop.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    alarm.ring();
    await expect(alarm.wait(1000, stop.signal)).rejects.toThrow("stopped");
  });
});

describe("credentials", () => {
  const request = { method: "GET", uri: "/info" };
  const ok = (cookie: string | string[]): SeenResponse => ({ status: 200, headers: { "set-cookie": cookie } });
  function withToken() {
    const clock = createVirtualClock({ start: NOW });
    const credentials = createCredentials(clock, () => 0.5);
    credentials.useToken(readToken(tokenAt(NOW - HOUR, 2 * HOUR)));
    return { clock, credentials, headers: () => credentials.authorization.headersFor(request) };
  }

  test("before anything is known, nothing is sent", () => {
    const credentials = createCredentials(createVirtualClock(), () => 0.5);
    expect(() => credentials.authorization.headersFor(request)).toThrow("not logged in");
    expect(credentials.authorization.answered(request, ok("a=b"))).toBe(false);
    expect([credentials.token(), credentials.previous()]).toEqual([null, null]);
  });

  test("a token is not sent past its exp", async () => {
    const { clock, headers } = withToken();
    await clock.advance(HOUR - 1);
    expect(headers()).toHaveProperty("authorization");
    await clock.advance(1);
    expect(headers).toThrow(expect.objectContaining({ code: "token_expired" }));
  });

  test("cookies of good answers are kept, others and odd ones are not", () => {
    const { credentials, headers } = withToken();
    credentials.authorization.answered(request, { status: 401, headers: { "set-cookie": "sessionId=bad" } });
    credentials.authorization.answered(request, ok("no cookie at all"));
    credentials.authorization.answered(request, { status: 200, headers: {} });
    expect(headers()).not.toHaveProperty("cookie");
    credentials.authorization.answered(request, ok(["sessionId=abc; Path=/; HttpOnly", "x=1"]));
    credentials.authorization.answered(request, ok("sessionId=def"));
    expect(headers()["cookie"]).toBe("sessionId=def; x=1");
    credentials.authorization.answered(request, ok(Array.from({ length: 50 }, (_, index) => `c${index}=1`)));
    expect(headers()["cookie"]?.split("; ")).toHaveLength(8);
    credentials.dropCookie();
    expect(headers()).not.toHaveProperty("cookie");
  });

  test("another token drops the cookie and remembers the one before; the same one does not", () => {
    const { credentials, headers } = withToken();
    const first = credentials.token();
    credentials.authorization.answered(request, ok("sessionId=abc"));
    if (first !== null) credentials.useToken(first);
    expect(headers()).toHaveProperty("cookie");
    credentials.useToken(readToken(tokenAt(NOW)));
    expect(headers()).not.toHaveProperty("cookie");
    expect(credentials.previous()).toBe(first);
  });

  test("the same digest user goes on with its nonce, another one begins anew, and no token is sent any more", () => {
    const { credentials, headers } = withToken();
    const user = { username: "envoy", password: "034567" };
    credentials.useDigest(user);
    expect([headers(), credentials.token()]).toEqual([{}, null]);
    credentials.authorization.answered(request, {
      status: 401,
      headers: { "www-authenticate": 'Digest realm="r", qop="auth", nonce="n"' },
    });
    credentials.useDigest({ ...user });
    expect(headers()["authorization"]).toContain('nonce="n"');
    credentials.useDigest({ ...user, password: "other" });
    expect(headers()).toEqual({});
    credentials.useDigest({ username: "installer", password: "other" });
    expect(headers()).toEqual({});
  });
});

describe("the login is held off after a refusal", () => {
  const signal = new AbortController().signal;
  function refusing(code: "login_refused" | "mfa" | "cloud_unreachable") {
    const clock = createVirtualClock();
    let asked = 0;
    const obtainToken = async () => {
      asked += 1;
      throw new BridgeError(code, code);
    };
    return { clock, login: createLogin({ obtainToken }, clock), asked: () => asked };
  }

  test("for 1, 2, 4 … 24 hours, and the refusal is heard again meanwhile", async () => {
    const { clock, login, asked } = refusing("login_refused");
    const gaps: number[] = [];
    for (let last = 0, hour = 0; hour < 120; hour += 1) {
      await expect(login.obtain(SERIAL, signal)).rejects.toThrow("login_refused");
      if (asked() > gaps.length) {
        gaps.push(hour - last);
        last = hour;
      }
      await clock.advance(HOUR);
    }
    expect(gaps).toEqual([0, 1, 2, 4, 8, 16, 24, 24, 24]);
    login.release();
    await expect(login.obtain(SERIAL, signal)).rejects.toThrow();
    expect(asked()).toBe(10);
  });

  test("a second factor for 6 hours at least, a cloud that is down not at all", async () => {
    const factor = refusing("mfa");
    await expect(factor.login.obtain(SERIAL, signal)).rejects.toThrow();
    await factor.clock.advance(6 * HOUR - 1);
    await expect(factor.login.obtain(SERIAL, signal)).rejects.toThrow();
    expect(factor.asked()).toBe(1);
    const down = refusing("cloud_unreachable");
    await expect(down.login.obtain(SERIAL, signal)).rejects.toThrow();
    await expect(down.login.obtain(SERIAL, signal)).rejects.toThrow();
    expect(down.asked()).toBe(2);
  });

  test("a stop is no refusal", async () => {
    const { login, asked } = refusing("login_refused");
    await expect(login.obtain(SERIAL, AbortSignal.abort())).rejects.toThrow();
    await expect(login.obtain(SERIAL, signal)).rejects.toThrow();
    expect(asked()).toBe(2);
  });

  test("a fresh token that was refused counts, one that was accepted ends the count", async () => {
    const clock = createVirtualClock();
    const login = createLogin({ obtainToken: async () => "token" }, clock);
    login.freshTokenRefused(new BridgeError("token_refused", "refused"));
    await expect(login.obtain(SERIAL, signal)).rejects.toThrow("refused");
    await clock.advance(HOUR);
    expect(await login.obtain(SERIAL, signal)).toBe("token");
    login.freshTokenAccepted();
    login.freshTokenRefused(new BridgeError("token_refused", "refused"));
    await clock.advance(HOUR);
    expect(await login.obtain(SERIAL, signal)).toBe("token");
  });
});
