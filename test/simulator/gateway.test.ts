import { afterEach, describe, expect, it } from "vitest";
import { installerPassword } from "../../src/simulator/digest.ts";
import { type SimulatedGateway, startGateway } from "../../src/simulator/gateway.ts";
import { createGatewayCore } from "../../src/simulator/gateway-core.ts";
import { playRecording } from "../../src/simulator/recording.ts";
import { createTokenKey, signToken } from "../../src/simulator/token.ts";
import { digestHeader, request } from "./support.ts";

const SERIAL = "122000000116";
const info = (software: string) =>
  `<?xml version='1.0'?><envoy_info><device><sn>${SERIAL}</sn><software>${software}</software></device></envoy_info>`;
const recording = (software: string) =>
  playRecording({
    name: "small",
    responses: {
      "GET /info": { status: 200, content_type: "text/xml", body: info(software) },
      "GET /api/v1/production": { status: 200, content_type: "application/json", body: '{"wattsNow": 1}' },
      "GET /production.json?details=1": { status: 200, content_type: "application/json", body: '{"production": []}' },
    },
  });

const running: SimulatedGateway[] = [];
async function gateway(software = "D8.3.5169", options: Partial<Parameters<typeof startGateway>[0]> = {}): Promise<SimulatedGateway> {
  const started = await startGateway({ content: recording(software), ...options });
  running.push(started);
  return started;
}
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

const seconds = (now = Date.now()) => Math.floor(now / 1000);
const token = (claims: object = {}) =>
  signToken({ aud: SERIAL, enphaseUser: "owner", iat: seconds() - 10, exp: seconds() + 1000, ...claims }, createTokenKey());
const bearer = (value: string) => ({ headers: { authorization: `Bearer ${value}` } });

describe("a gateway of firmware 7 or later", () => {
  it("tells /info to anybody over https, and nothing over http but a redirect to another host", async () => {
    const gw = await gateway();
    expect(gw).toMatchObject({ serial: SERIAL, firmware: { text: "8.3.5169" }, url: `https://127.0.0.1:${gw.port}` });
    expect(await request(`${gw.url}/info`)).toMatchObject({ status: 200, body: info("D8.3.5169") });
    const plain = await request(`http://${gw.host}/info`);
    expect(plain).toMatchObject({ status: 301, headers: { location: "https://localhost/info" } });
  });

  it("closes plain http from firmware 8.3.5286 on", async () => {
    const gw = await gateway();
    gw.setFirmware("8.3.5286");
    await expect(request(`http://${gw.host}/info`)).rejects.toThrow();
    expect((await request(`${gw.url}/info`)).body).toBe(info("D8.3.5286"));
  });

  it("cuts its connections when its firmware changes, as a reboot does", async () => {
    const gw = await gateway();
    gw.hang();
    const waiting = request(`${gw.url}/info`);
    await expect.poll(() => gw.requests.length).toBe(1);
    gw.setFirmware("8.3.5433");
    await expect(waiting).rejects.toThrow();
    gw.clearFaults();
    expect((await request(`${gw.url}/info`)).body).toBe(info("D8.3.5433"));
  });

  it("answers protected paths only with a token for it that has not ended", async () => {
    const gw = await gateway();
    const path = `${gw.url}/api/v1/production`;
    expect(await request(path)).toMatchObject({ status: 401, body: expect.stringContaining("window.location") });
    for (const bad of ["nonsense", "a.b.c", token({ aud: "1" }), token({ exp: seconds() - 1 })]) {
      expect((await request(path, bearer(bad))).status).toBe(401);
    }
    expect(await request(path, bearer(token()))).toMatchObject({ status: 200, body: '{"wattsNow": 1}' });
    expect((await request(`${gw.url}/unknown`, bearer(token()))).status).toBe(404);
  });

  it("takes only tokens of the cloud that it trusts", async () => {
    const key = createTokenKey();
    const gw = await gateway("D8.3.1", { trustedKey: key.publicKey });
    const own = signToken({ aud: SERIAL, exp: seconds() + 100 }, key);
    expect((await request(`${gw.url}/auth/check_jwt`, bearer(own))).status).toBe(200);
    expect((await request(`${gw.url}/auth/check_jwt`, bearer(token()))).status).toBe(401);
  });

  it("gives a session cookie at /auth/check_jwt that is good for ten idle minutes", async () => {
    let now = Date.now();
    const gw = await gateway("D8.2.4264", { clock: { now: () => now } });
    const checked = await request(`${gw.url}/auth/check_jwt`, bearer(token()));
    expect(checked).toMatchObject({ status: 200, body: expect.stringContaining("Valid token") });
    const headers = { cookie: String(checked.headers["set-cookie"]).split(";")[0] ?? "" };
    const status = async () => (await request(`${gw.url}/api/v1/production`, { headers })).status;
    expect(await status()).toBe(200);
    now += 9 * 60_000;
    expect(await status()).toBe(200);
    now += 11 * 60_000;
    expect(await status()).toBe(401);
  });

  it("F-02: wants a new check of the same token when it lost its sessions", async () => {
    const gw = await gateway();
    const jwt = token();
    gw.loseSessions();
    expect((await request(`${gw.url}/api/v1/production`, bearer(jwt))).status).toBe(401);
    expect((await request(`${gw.url}/auth/check_jwt`, bearer(jwt))).status).toBe(200);
    expect((await request(`${gw.url}/api/v1/production`, bearer(jwt))).status).toBe(200);
  });

  it("F-01: refuses the tokens of before an update, F-05: or every token", async () => {
    const gw = await gateway();
    const [old, fresh] = [token(), token({ iat: seconds() + 1 })];
    const status = async (jwt: string) => (await request(`${gw.url}/auth/check_jwt`, bearer(jwt))).status;
    expect(await status(old)).toBe(200);
    const end = gw.refuseTokens();
    expect([await status(old), await status(fresh)]).toEqual([401, 200]);
    const endAll = gw.refuseTokens("all");
    expect(await status(fresh)).toBe(401);
    endAll();
    end();
    expect(await status(old)).toBe(200);
  });

  it("logs requests without their secrets", async () => {
    const gw = await gateway();
    const jwt = token({ exp: 4_000_000_000 });
    await request(`${gw.url}/api/v1/production`, bearer(jwt));
    expect(gw.requests).toMatchObject([
      { method: "GET", path: "/api/v1/production", credential: "bearer", cookie: false, authorised: true, status: 200, scheme: "https" },
    ]);
    expect(gw.requests[0]?.token).toEqual({ audience: SERIAL, expiresAt: 4_000_000_000_000 });
    expect(JSON.stringify(gw.requests)).not.toContain(jwt);
    gw.clearRequests();
    expect(gw.requests).toEqual([]);
  });
});

describe("what a gateway keeps", () => {
  it("is bounded: the newest requests, and few nonces", () => {
    const core = createGatewayCore({ content: recording("D5.0.62"), logLimit: 5, random: () => 0 });
    const ask = (path: string, authorization?: string) =>
      core.handle({ scheme: "http", method: "GET", path, headers: { authorization }, body: "" });
    const challenge = ask("/first")?.headers["www-authenticate"] ?? "";
    const answer = (count: number) =>
      ask("/first", digestHeader(challenge, { method: "GET", uri: "/first", user: "envoy", password: SERIAL.slice(-6), count }))?.status;
    expect(answer(1)).toBe(404);
    for (let at = 0; at < 150; at += 1) ask(`/${at}`);
    expect(core.requests.length).toBeLessThanOrEqual(10);
    expect(core.requests.at(-1)?.path).toBe("/149");
    expect(answer(2)).toBe(401);
  });
});

describe("a gateway below firmware 7", () => {
  it("speaks only http and wants digest credentials", async () => {
    const gw = await gateway("D5.0.62");
    expect(gw.url).toBe(`http://127.0.0.1:${gw.port}`);
    await expect(request(`https://${gw.host}/info`)).rejects.toThrow();
    expect((await request(`${gw.url}/info`)).status).toBe(200);
    expect((await request(`${gw.url}/auth/check_jwt`, bearer(token()))).status).toBe(401);
  });

  it.each([
    ["envoy", SERIAL.slice(-6), 200],
    ["envoy", "wrong", 401],
    ["installer", "e44hae5g", 200],
    ["home", "secret", 200],
    ["stranger", "", 401],
  ])("user %s with password %s gets %i", async (user, password, status) => {
    const gw = await gateway("D5.0.62", { users: { home: "secret" } });
    const path = "/production.json?details=1";
    const refused = await request(gw.url + path);
    const header = digestHeader(String(refused.headers["www-authenticate"]), { method: "GET", uri: path, user, password, count: 1 });
    expect((await request(gw.url + path, { headers: { authorization: header } })).status).toBe(status);
  });

  it("refuses a nonce that is used twice or too old, and says that it is stale", async () => {
    let now = 0;
    const gw = await gateway("R3.9.36", { clock: { now: () => now }, nonceLifetimeMs: 1000 });
    const uri = "/api/v1/production";
    const challenge = String((await request(gw.url + uri)).headers["www-authenticate"]);
    const send = (count: number) => {
      const authorization = digestHeader(challenge, { method: "GET", uri, user: "envoy", password: SERIAL.slice(-6), count });
      return request(gw.url + uri, { headers: { authorization } });
    };
    expect((await send(1)).status).toBe(200);
    expect((await send(2)).status).toBe(200);
    expect(await send(2)).toMatchObject({ status: 401, headers: { "www-authenticate": expect.stringContaining("stale=true") } });
    now = 1001;
    expect(await send(3)).toMatchObject({ status: 401, headers: { "www-authenticate": expect.stringContaining("stale=true") } });
  });

  it.each([
    ["121426016034", "B285db82"],
    ["122238082763", "9f7b836e"],
    ["122000000031", "kc2483jh"],
    ["121938119871", "be84Abe8"],
  ])("computes the installer's password of %s", (serial, password) => {
    expect(installerPassword(serial)).toBe(password);
  });

  it("can have a port for each scheme; what it does not speak refuses the connection", async () => {
    const gw = await gateway("D5.0.62", { ports: { https: 0, http: 0 } });
    const before = gw.url;
    gw.setFirmware("8.3.5433");
    expect(gw.url).not.toBe(before);
    await expect
      .poll(() =>
        request(`${gw.url}/info`).then(
          (answer) => answer.status,
          () => 0,
        ),
      )
      .toBe(200);
    await expect(request(`${before}/info`)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });
});
