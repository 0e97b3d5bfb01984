import { afterEach, describe, expect, test } from "vitest";
import { BridgeError } from "../../src/model/errors.ts";
import { type BenchOptions, createBench } from "./bench.ts";
import { DAY, gateway, HOUR, SERIAL, tokenAt } from "./support.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const MINUTE = 60_000;
const away = () => new BridgeError("unreachable", "https://envoy.local: no connection (ECONNREFUSED)");

let stop: () => Promise<void> = async () => {};
function bench(options: BenchOptions = {}) {
  const made = createBench(options);
  stop = made.stop;
  return made;
}
afterEach(() => stop());

describe("starting", () => {
  test("a fresh start logs in to the cloud once, keeps the token and reads", async () => {
    const b = bench();
    await b.until("authenticated");
    expect(b.path()).toEqual(["setup", "authenticating", "refreshing", "authenticating", "probing", "authenticated"]);
    expect(b.loginTimes).toHaveLength(1);
    expect(b.files.contents.get(`/state/token-${SERIAL}.jwt`)?.trim()).toBe(b.bearers()[0]?.replace("Bearer ", ""));
    expect(b.session.status()).toMatchObject({ tokenExpires: NOW + 365 * DAY, role: "owner", renewal: "ok", nextAttempt: null });
  });

  test("F-44 F-53: a stored token is used without asking the cloud", async () => {
    const stored = tokenAt(NOW - DAY);
    const b = bench({ stored });
    b.world.mood = "away";
    await b.until("authenticated");
    expect(b.loginTimes).toHaveLength(0);
    expect(b.bearers()).toEqual([`Bearer ${stored}`]);
    expect(b.clock.now()).toBe(NOW);
  });

  test("the session cookie of check_jwt goes with every later request, beside the token", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    await b.until("authenticated");
    await b.clock.advance(MINUTE);
    const data = b.sent.filter(({ path }) => path === "/production.json");
    expect(data.length).toBeGreaterThan(1);
    for (const { headers } of data)
      expect(headers).toMatchObject({ cookie: "sessionId=1", authorization: expect.stringContaining("Bearer ") });
    expect(b.sent[0]?.headers).not.toHaveProperty("cookie");
  });

  test("a newer configured token goes before the stored one, an older one after it", async () => {
    const older = tokenAt(NOW - 30 * DAY);
    const newer = tokenAt(NOW - DAY);
    const first = bench({ stored: older, token: newer });
    await first.until("authenticated");
    expect(first.bearers()).toEqual([`Bearer ${newer}`]);
    await first.stop();
    const second = bench({ stored: newer, token: older });
    await second.until("authenticated");
    expect(second.bearers()).toEqual([`Bearer ${newer}`]);
  });

  test("a token that the gateway refuses is followed by the next one at hand before the cloud is asked", async () => {
    const stored = tokenAt(NOW - 2 * DAY);
    const b = bench({ stored, token: tokenAt(NOW - DAY) });
    b.world.accepts = (token) => token === stored;
    await b.until("authenticated");
    expect(b.loginTimes).toHaveLength(0);
  });

  test("an expired stored token is never sent; the cloud is asked", async () => {
    const stored = tokenAt(NOW - 2 * DAY, DAY);
    const b = bench({ stored });
    await b.until("authenticated");
    expect(b.bearers()).not.toContain(`Bearer ${stored}`);
    expect(b.transitions.find(({ status }) => status.state === "refreshing")?.status.reason).toContain("expired at 2026-05-31");
  });

  test("F-42: a token for another gateway is refused by name and never sent", async () => {
    const b = bench({ token: tokenAt(NOW - DAY, 365 * DAY, "122000000099"), account: false });
    await b.until("refused");
    expect(b.session.status().reason).toContain("122000000099");
    expect(b.session.status().reason).toContain(`make one for ${SERIAL}`);
    expect(b.sent).toEqual([]);
  });

  test("without token and account a person is told what to do, and a pasted token is taken at once", async () => {
    const b = bench({ account: false });
    await b.until("refused");
    expect(b.session.status().reason).toMatch(/make a token for 122000000001 at https:\/\/entrez.enphaseenergy.com and configure it$/);
    expect(b.session.status().nextAttempt).toBeGreaterThan(NOW);
    b.world.configured = `${tokenAt(NOW - DAY)}\n`;
    b.session.wake();
    await b.until("authenticated", 0);
    expect(b.clock.now()).toBe(NOW);
  });

  test("F-46: with a clock at 1970 a stored token is used, and after the jump nothing is renewed needlessly", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY), start: 1_000_000 });
    await b.until("authenticated");
    b.clock.jump(NOW - 1_000_000);
    await b.clock.advance(2 * HOUR);
    expect(b.session.status().state).toBe("authenticated");
    expect(b.loginTimes).toHaveLength(0);
  });
});

describe("firmware below 7", () => {
  test("digest is used, no cloud and no token", async () => {
    const b = bench();
    b.world.info = gateway({ firmware: "D5.0.62" });
    await b.until("authenticated");
    expect(b.path()).toEqual(["setup", "authenticating", "probing", "authenticated"]);
    expect(b.loginTimes).toHaveLength(0);
    expect(b.session.status()).toMatchObject({ tokenExpires: null, role: null, renewal: "ok" });
    await b.clock.advance(3 * HOUR);
    expect(b.session.status().state).toBe("authenticated");
  });

  test("a refused user is named", async () => {
    const b = bench({ localUser: { username: "anna", password: "wrong-one" } });
    b.world.info = gateway({ firmware: "3.9.36" });
    b.world.digestRefused = true;
    await b.until("refused");
    expect(b.session.status().reason).toMatch(/refuses the user anna: put its user name and password right/);
    expect(b.session.status().reason).not.toContain("wrong-one");
  });

  test("a gateway that goes away while the user is checked is an outage", async () => {
    const b = bench();
    b.world.info = gateway({ firmware: "3.9.36" });
    const original = b.world.info;
    Object.defineProperty(b.world, "info", {
      get: () => {
        b.world.gone = away();
        return original;
      },
    });
    await b.until("outage");
    expect(b.session.status().reason).toContain("no connection");
  });

  test("firmware 5 becomes 7 while running: from digest to token", async () => {
    const b = bench();
    b.world.info = gateway({ firmware: "5.0.62" });
    await b.until("authenticated");
    const from = b.transitions.length;
    b.world.gone = away();
    await b.until("outage");
    await b.clock.advance(10 * MINUTE);
    b.world.gone = null;
    b.world.info = gateway({ firmware: "7.0.88" });
    await b.until("authenticated");
    expect(b.path(from).slice(-5)).toEqual(["authenticating", "refreshing", "authenticating", "re-probing", "authenticated"]);
    expect(b.loginTimes).toHaveLength(1);
  });
});

describe("while reading", () => {
  test("F-02 F-04: a lost session cookie costs a check at the gateway and no cloud login", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    await b.until("authenticated");
    const from = b.transitions.length;
    b.world.dataRefusals = 1;
    await b.clock.advance(MINUTE);
    expect(b.path(from)).toEqual(["re-setup", "authenticating", "authenticated"]);
    expect(b.loginTimes).toHaveLength(0);
    expect(b.sent.findLast(({ path }) => path === "/auth/check_jwt")?.headers).not.toHaveProperty("cookie");
  });

  test("F-01: after a firmware update that refuses the token there is one login, then a new probe", async () => {
    const old = tokenAt(NOW - DAY);
    const b = bench({ stored: old });
    b.world.info = gateway({ firmware: "7.6.175" });
    await b.until("authenticated");
    const from = b.transitions.length;
    b.world.info = gateway({ firmware: "8.3.5289" });
    b.world.accepts = (token) => token !== old;
    await b.clock.advance(MINUTE);
    expect(b.path(from)).toEqual(["re-setup", "authenticating", "refreshing", "authenticating", "re-probing", "authenticated"]);
    expect(b.loginTimes).toHaveLength(1);
  });

  test("a firmware that changes without an outage is probed anew, with the same token", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    b.world.info = gateway({ firmware: "7.6.175" });
    await b.until("authenticated");
    const from = b.transitions.length;
    b.world.info = gateway({ firmware: "8.3.5289" });
    b.world.changed = true;
    await b.clock.advance(MINUTE);
    expect(b.path(from)).toEqual(["re-setup", "authenticating", "re-probing", "authenticated"]);
    expect(b.transitions[from]?.status.reason).toBe("firmware 8.3.5289 now");
    expect(b.loginTimes).toHaveLength(0);
  });

  test("F-05: with every token refused the cloud is asked at most 12 times in 7 days", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    b.world.accepts = () => false;
    await b.clock.advance(7 * DAY);
    expect(b.loginTimes.length).toBeGreaterThan(2);
    expect(b.loginTimes.length).toBeLessThanOrEqual(12);
    b.world.accepts = () => true;
    b.session.wake();
    await b.until("authenticated", 0);
  });

  test("a gateway that accepts the token but refuses data is asked ever less, and never costs a login", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    b.world.dataRefusals = Number.POSITIVE_INFINITY;
    await b.until("refused");
    expect(b.session.status().reason).toContain("accepts the credential but refuses its data");
    expect(b.loginTimes).toHaveLength(0);
    expect(b.clock.now() - NOW).toBeGreaterThan(MINUTE);
  });

  test("an hour's outage is backed off to 60 s, told once, and over within a minute", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    await b.until("authenticated");
    await b.clock.advance(2 * MINUTE);
    b.world.gone = away();
    await b.until("outage");
    expect((b.session.status().nextAttempt ?? 0) - b.clock.now()).toBe(750);
    await b.clock.advance(HOUR);
    expect(b.transitions.filter(({ status }) => status.state === "outage").length).toBeLessThan(100);
    expect(b.logger.texts("warn")).toHaveLength(1);
    b.world.gone = null;
    const back = b.clock.now();
    await b.until("authenticated");
    expect(b.clock.now() - back).toBeLessThanOrEqual(MINUTE);
    expect(b.loginTimes).toHaveLength(0);
  });

  test("F-13: a gateway that asks for a pause gets it, and the token is kept", async () => {
    const stored = tokenAt(NOW - DAY);
    const b = bench({ stored });
    b.world.gone = new BridgeError("http", "HTTP 503: busy", { status: 503, retryAfterMs: 30_000 });
    await b.until("outage");
    expect(b.session.status().nextAttempt).toBe(NOW + 30_000);
    b.world.gone = null;
    await b.until("authenticated");
    expect(b.bearers()).toEqual([`Bearer ${stored}`]);
  });

  test("a token that reaches its end is not sent any more: expired, a new one, reading again", async () => {
    const b = bench({ stored: tokenAt(NOW - 12 * HOUR, 13 * HOUR, SERIAL, "installer") });
    b.world.mood = "down";
    await b.until("authenticated");
    const first = b.bearers()[0];
    await b.clock.advance(HOUR - 1);
    expect(b.session.status().state).toBe("authenticated");
    await b.until("refreshing");
    expect(b.path()).toContain("expired");
    b.world.mood = "good";
    await b.until("authenticated", 26 * HOUR);
    const late = b.sent.filter(({ headers, at }) => headers["authorization"] === first && at >= NOW + HOUR);
    expect(late).toEqual([]);
  });

  test("a certificate that is not the accepted one needs a person", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    b.world.gone = new BridgeError("certificate", "the certificate changed: accept it");
    await b.until("refused");
    expect(b.session.status().reason).toBe("the certificate changed: accept it");
    expect(b.sent).toEqual([]);
  });

  test("a gateway without production data is said to have none, and is asked again", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    b.world.probeFails = new BridgeError("no_production", "no production data: is it commissioned?");
    await b.until("outage");
    expect(b.session.status().reason).toContain("no production data");
    b.world.probeFails = null;
    await b.until("authenticated");
  });

  test("F-31: another gateway at the same address is refused by name, for as long as it is there", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    await b.until("authenticated");
    b.world.gone = away();
    await b.until("outage");
    b.world.gone = null;
    b.world.info = gateway({ serial: "122000000099" });
    await b.until("refused");
    expect(b.session.status().reason).toMatch(/122000000099 in place of 122000000001/);
    const count = b.sent.length;
    await b.clock.advance(DAY);
    expect(b.sent).toHaveLength(count);
    b.world.info = gateway();
    await b.until("authenticated", 7 * HOUR);
  });

  test("another serial than the configured one is refused before anything is sent", async () => {
    const b = bench({ serial: "122000000042" });
    await b.until("refused");
    expect(b.session.status().reason).toContain("122000000042");
    expect([b.sent, b.loginTimes]).toEqual([[], []]);
  });
});

describe("renewing", () => {
  test("F-40 F-45: an owner's token is renewed a month early, once, while reading goes on", async () => {
    const b = bench({ pollMs: DAY });
    await b.until("authenticated");
    const from = b.transitions.length;
    await b.clock.advance(300 * DAY);
    expect(b.loginTimes).toHaveLength(1);
    await b.clock.advance(60 * DAY);
    expect(b.loginTimes).toHaveLength(2);
    expect((b.loginTimes[1] ?? 0) - NOW).toBeGreaterThanOrEqual(335 * DAY);
    expect(b.path(from)).toEqual(["authenticated"]);
    expect(b.session.status().tokenExpires).toBe(Math.floor((b.loginTimes[1] ?? 0) / 1000) * 1000 + 365 * DAY);
  });

  test("a failed renewal keeps the token, says so, tries again with patience, and recovers", async () => {
    const b = bench({ stored: tokenAt(NOW - 364 * DAY) });
    b.world.mood = "down";
    await b.until("authenticated");
    await b.clock.settle();
    expect(b.session.status()).toMatchObject({ state: "authenticated", renewal: "failing" });
    expect(b.session.status().reason).toContain("HTTP 503");
    await b.clock.advance(6 * HOUR);
    expect(b.loginTimes.length).toBeLessThanOrEqual(7);
    b.world.mood = "good";
    await b.clock.advance(3 * HOUR);
    expect(b.session.status()).toMatchObject({ state: "authenticated", renewal: "ok", reason: "reading the gateway" });
    expect(b.path().slice(-1)).toEqual(["authenticated"]);
  });

  test("a link that flaps while the renewal fails does not ask the cloud each time", async () => {
    const b = bench({ stored: tokenAt(NOW - 364 * DAY) });
    b.world.mood = "down";
    await b.until("authenticated");
    for (let round = 0; round < 10; round += 1) {
      b.world.gone = away();
      await b.until("outage");
      b.world.gone = null;
      await b.until("authenticated");
    }
    expect(b.session.status().renewal).toBe("failing");
    expect(b.loginTimes.length).toBeLessThanOrEqual(2);
  });

  test("without an account a due renewal is impossible, and a pasted token is taken without a pause", async () => {
    const b = bench({ token: tokenAt(NOW - 350 * DAY), account: false });
    await b.until("authenticated");
    await b.clock.settle();
    expect(b.session.status()).toMatchObject({ state: "authenticated", renewal: "impossible" });
    expect(b.session.status().reason).toMatch(/expires at 2026-06-16.*configure it$/);
    b.world.configured = tokenAt(NOW - 1000);
    b.session.wake();
    await b.clock.settle();
    expect(b.session.status()).toMatchObject({ state: "authenticated", renewal: "ok", tokenExpires: NOW - 1000 + 365 * DAY });
    expect(b.path().filter((state) => state === "authenticated")).toHaveLength(1);
  });

  test("a renewed token that the gateway refuses does not cost the good one", async () => {
    const stored = tokenAt(NOW - 364 * DAY);
    const b = bench({ stored });
    b.world.accepts = (token) => token === stored;
    await b.clock.advance(5 * MINUTE);
    expect(b.path().slice(-3)).toEqual(["re-setup", "authenticating", "authenticated"]);
    expect(b.sent.at(-1)?.headers["authorization"]).toBe(`Bearer ${stored}`);
    expect(b.loginTimes.length).toBeLessThanOrEqual(3);
  });

  test("F-49: with a full disk the token is kept in memory, said once, and written when there is room", async () => {
    const b = bench();
    b.files.failing.write = "ENOSPC";
    await b.until("authenticated");
    await b.clock.advance(3 * HOUR);
    expect(b.logger.texts("warn").filter((text) => text.includes("ENOSPC") && text.includes("token"))).toHaveLength(1);
    b.files.failing = {};
    await b.clock.advance(HOUR);
    expect(b.files.contents.get(`/state/token-${SERIAL}.jwt`)).toBeDefined();
  });
});

describe("cloud trouble with nothing to fall back on", () => {
  test("a cloud that is down is asked with patience, within the budget, until it answers", async () => {
    const b = bench();
    b.world.mood = "down";
    await b.clock.advance(MINUTE);
    expect(b.session.status()).toMatchObject({ state: "refreshing", reason: expect.stringContaining("HTTP 503") });
    await b.clock.advance(DAY - MINUTE);
    expect(b.session.status().state).toBe("refreshing");
    expect(b.session.status().nextAttempt).toBeGreaterThan(b.clock.now());
    expect(b.loginTimes.length).toBeLessThanOrEqual(12);
    b.world.mood = "good";
    await b.until("authenticated", DAY);
  });

  test("F-01: firmware that changed while a token was waited for is set up and probed as what it is now", async () => {
    const b = bench();
    b.world.mood = "down";
    await b.clock.advance(HOUR);
    const asked = b.loginTimes.length;
    b.world.info = gateway({ firmware: "8.3.5433" });
    b.world.mood = "good";
    await b.until("authenticated", DAY);
    expect(b.path().slice(-5)).toEqual(["authenticating", "re-setup", "authenticating", "probing", "authenticated"]);
    expect(b.transitions.at(-1)?.gateway?.firmware.text).toBe("8.3.5433");
    expect(b.loginTimes).toHaveLength(asked + 1);
  });

  test("a cloud that cannot be connected to costs no budget and is back within 15 minutes", async () => {
    const b = bench();
    b.world.mood = "away";
    await b.clock.advance(5 * HOUR);
    expect(b.session.status().state).toBe("refreshing");
    b.world.mood = "good";
    const back = b.clock.now();
    await b.until("authenticated");
    expect(b.clock.now() - back).toBeLessThanOrEqual(15 * MINUTE);
  });

  test("while the cloud is down a token that the gateway takes again after all is used", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    b.world.mood = "down";
    b.world.accepts = () => false;
    await b.clock.advance(MINUTE);
    expect(b.session.status().state).toBe("refreshing");
    b.world.accepts = () => true;
    await b.until("authenticated");
    expect(b.loginTimes).toHaveLength(1);
  });

  test("a token pasted while the cloud is down is taken at once", async () => {
    const b = bench();
    b.world.mood = "down";
    await b.clock.advance(MINUTE);
    b.world.configured = tokenAt(NOW - 1000);
    b.session.wake();
    await b.until("authenticated", 0);
  });

  test.each([
    ["wrong-password", "refuses the user name or password", 5 * MINUTE],
    ["mfa", "switch MFA off", 6 * HOUR],
    ["no-access", "no access to the gateway 122000000001", 5 * MINUTE],
    ["other-serial", "token for another gateway", 5 * MINUTE],
    ["expired", "check the date and time", 5 * MINUTE],
  ] as const)("F-35 F-38: %s needs a person, who is told what to do", async (mood, words, wait) => {
    const b = bench();
    b.world.mood = mood;
    await b.until("refused");
    const { reason, nextAttempt } = b.session.status();
    expect(reason).toContain(words);
    expect(nextAttempt).toBeLessThanOrEqual(NOW + wait);
    expect(nextAttempt).toBeGreaterThanOrEqual(NOW + wait / 2);
    await b.clock.advance(DAY);
    expect(b.loginTimes.length).toBeLessThanOrEqual(7);
    expect(b.logger.texts("warn").filter((text) => text.includes(words))).toHaveLength(1);
    b.world.mood = "good";
    b.session.wake();
    await b.until("authenticated", 0);
  });

  test("F-35: a wrong password for 30 days is tried at most 40 times", async () => {
    const b = bench();
    b.world.mood = "wrong-password";
    await b.clock.advance(30 * DAY);
    expect(b.loginTimes.length).toBeGreaterThan(20);
    expect(b.loginTimes.length).toBeLessThanOrEqual(40);
  });

  test("F-37: a login wall is left alone for a day", async () => {
    const b = bench();
    b.world.mood = "wall";
    await b.clock.advance(23 * HOUR);
    expect(b.loginTimes).toHaveLength(1);
    expect(b.session.status().reason).toContain("web page in place of a login");
    expect(b.session.status().nextAttempt).toBe(NOW + 24 * HOUR);
  });

  test("F-41: a body that is no token is not kept and not sent", async () => {
    const b = bench();
    b.world.mood = "not-a-token";
    await b.clock.advance(HOUR);
    expect(b.files.contents.has(`/state/token-${SERIAL}.jwt`)).toBe(false);
    expect(b.sent).toEqual([]);
    expect(b.session.status().state).toBe("refreshing");
  });
});

describe("the loop itself", () => {
  test("F-52: it ends promptly on abort, also where a port does not heed it, and tells nothing after", async () => {
    const b = bench({ cloud: { obtainToken: () => new Promise(() => {}) } });
    await b.until("refreshing");
    const count = b.transitions.length;
    const stopped = b.stop();
    await b.clock.advance(2_000);
    await stopped;
    expect(b.transitions).toHaveLength(count);
    expect(b.clock.pending()).toBe(0);
  });

  test("nothing sleeps on after the end", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    await b.until("authenticated");
    await b.stop();
    await b.clock.settle();
    expect(b.clock.pending()).toBe(0);
  });

  test("a session that is told to stop before it starts does nothing", async () => {
    const b = bench({ account: false });
    await b.stop();
    expect(b.sent).toEqual([]);
  });

  test("an unexpected error in a port is an outage that quotes nothing", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    b.world.probeFails = new TypeError("s3cret") as unknown as BridgeError;
    await b.until("outage");
    expect(b.session.status().reason).toBe("an unexpected TypeError in envoy2mqtt: please report it; trying again");
    b.world.probeFails = "thrown text" as unknown as BridgeError;
    await b.clock.advance(MINUTE);
    expect(b.logger.texts().join("\n")).not.toContain("s3cret");
    expect(b.logger.texts().join("\n")).toContain("an unexpected string");
  });

  test("a login asked for by /info itself is waited out", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    b.world.gone = new BridgeError("unauthorized", "/info: HTTP 401");
    await b.until("outage");
    b.world.gone = null;
    await b.until("authenticated");
  });

  test("a listener that throws changes nothing, and one that was taken off hears nothing", async () => {
    const b = bench({ stored: tokenAt(NOW - DAY) });
    const heard: string[] = [];
    const off = b.session.onTransition(({ status }) => heard.push(status.state));
    b.session.onTransition(() => {
      throw new Error("mine");
    });
    off();
    await b.until("authenticated");
    expect(heard).toEqual([]);
    expect(b.path()).toEqual(["setup", "authenticating", "probing", "authenticated"]);
    expect(b.logger.texts("error").length).toBeGreaterThan(0);
  });

  test("a wake that comes before the wait is not lost", async () => {
    const b = bench({ account: false });
    b.session.wake();
    await b.clock.settle();
    expect(b.path().filter((state) => state === "refused")).toHaveLength(2);
    expect(b.clock.now()).toBe(NOW);
  });

  test("every transition carries since, reason and the state before; no secret is in any of it", async () => {
    const b = bench();
    b.world.mood = "wrong-password";
    await b.until("refused");
    b.world.mood = "good";
    b.session.wake();
    await b.until("authenticated");
    await b.clock.advance(HOUR);
    const told = JSON.stringify([b.transitions, b.logger.lines]);
    for (const secret of ["s3cret-password", "s3cret-session", b.bearers().at(-1)?.replace("Bearer ", "") ?? "none"]) {
      expect(told).not.toContain(secret);
    }
    for (const [index, { from, status }] of b.transitions.entries()) {
      expect(status.reason).not.toBe("");
      expect(from).toBe(b.transitions[Math.max(0, index - 1)]?.status.state);
    }
  });
});
