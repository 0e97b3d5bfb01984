import { decodeProtectedHeader, exportJWK, importJWK, jwtVerify } from "jose";
import { afterEach, describe, expect, it } from "vitest";
import { type SimulatedCloud, startCloud } from "../../src/simulator/cloud.ts";
import type { CloudAccount } from "../../src/simulator/cloud-core.ts";
import { readClaims } from "../../src/simulator/token.ts";
import { request } from "./support.ts";

const SERIAL = "122000000116";
const HOME: CloudAccount = { email: "home@example.com", password: "right" };
const running: SimulatedCloud[] = [];
async function cloud(options: Partial<Parameters<typeof startCloud>[0]> = {}): Promise<SimulatedCloud> {
  const started = await startCloud({ accounts: [HOME], ...options });
  running.push(started);
  return started;
}
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

function login(at: SimulatedCloud, password = "right", email = HOME.email) {
  const body = new URLSearchParams({ "user[email]": email, "user[password]": password }).toString();
  return request(at.loginUrl, { method: "POST", body, ca: at.ca });
}
async function tokenFor(at: SimulatedCloud, serial = SERIAL) {
  const session = JSON.parse((await login(at)).body)["session_id"];
  return request(at.tokenUrl, {
    method: "POST",
    body: JSON.stringify({ session_id: session, serial_num: serial, username: HOME.email }),
    ca: at.ca,
  });
}

describe("the simulated Enlighten", () => {
  it("logs in over verified https and gives a signed token that lives a year", async () => {
    const at = await cloud();
    const { status, body } = await tokenFor(at);
    expect(status).toBe(200);
    const key = await importJWK(await exportJWK(at.key.publicKey), "ES256");
    const { payload } = await jwtVerify(body, key, { audience: SERIAL, algorithms: ["ES256"] });
    expect(payload).toMatchObject({ iss: "Entrez", enphaseUser: "owner", username: HOME.email });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(365 * 86_400);
    expect(decodeProtectedHeader(body)).toMatchObject({ typ: "JWT" });
    expect(at.logins).toBe(1);
    expect(at.requests).toMatchObject([
      { kind: "login", email: HOME.email, status: 200 },
      { kind: "token", email: HOME.email, serial: SERIAL, status: 200 },
    ]);
    expect(JSON.stringify(at.requests)).not.toContain("right");
  });

  it("gives an installer twelve hours, and what life is wished", async () => {
    const at = await cloud({ accounts: [{ ...HOME, role: "installer" }], plain: true });
    expect(at.url).toMatch(/^http:/);
    const life = async () => {
      const claims = readClaims((await tokenFor(at)).body);
      return (claims?.exp ?? 0) - (claims?.iat ?? 0);
    };
    expect(await life()).toBe(43_200);
    at.setTokenLifetime(60_000);
    expect(await life()).toBe(60);
  });

  it("F-35: refuses a wrong password and an unknown account with 401", async () => {
    const at = await cloud();
    expect((await login(at, "wrong")).status).toBe(401);
    expect((await login(at, "right", "nobody@example.com")).status).toBe(401);
    expect(at.logins).toBe(2);
    at.clearRequests();
    expect(at.logins).toBe(0);
    at.setAccounts([{ ...HOME, password: "new" }]);
    expect((await login(at, "new")).status).toBe(200);
  });

  it("F-38: answers without a session when a second factor is on, or the account is blocked", async () => {
    const at = await cloud({ accounts: [{ ...HOME, mfa: true }] });
    const { status, body, headers } = await login(at);
    expect([status, JSON.parse(body)]).toEqual([200, { success: true, isBlocked: false }]);
    expect(String(headers["set-cookie"])).toContain("login_otp_nonce");
    at.setAccounts([{ ...HOME, blocked: true }]);
    expect(JSON.parse((await login(at)).body)).toMatchObject({ isBlocked: true });
  });

  it("gives no token without a session or for a gateway that the account has no access to", async () => {
    const at = await cloud({ accounts: [{ ...HOME, serials: ["1"] }] });
    expect((await tokenFor(at)).status).toBe(403);
    expect((await tokenFor(at, "1")).status).toBe(200);
    expect((await request(at.tokenUrl, { method: "POST", body: "not json" })).status).toBe(401);
    expect((await request(at.tokenUrl, { method: "POST", body: "1" })).status).toBe(401);
    expect((await request(`${at.url}/elsewhere`)).status).toBe(404);
  });

  it.each(["other-serial", "expired", "not-a-token", "empty", "html", "huge"] as const)(
    "F-41, F-42: gives %s instead of a token",
    async (trouble) => {
      const at = await cloud();
      const end = at.spoilTokens(trouble);
      const { status, body } = await tokenFor(at);
      const claims = readClaims(body);
      expect(status).toBe(200);
      if (trouble === "other-serial") expect(claims?.aud).not.toBe(SERIAL);
      else if (trouble === "expired") expect((claims?.exp ?? 0) * 1000).toBeLessThan(Date.now());
      else expect(claims).toBeNull();
      end();
      expect(readClaims((await tokenFor(at)).body)?.aud).toBe(SERIAL);
    },
  );

  it("F-36: limits the rate with Retry-After; F-37: puts up an HTML wall with 200; F-40: fails with any status", async () => {
    const at = await cloud();
    const endLimit = at.limitRate(3600);
    expect(await login(at)).toMatchObject({ status: 429, headers: { "retry-after": "3600" } });
    endLimit();
    const endWall = at.wall();
    expect(await login(at)).toMatchObject({ status: 200, body: expect.stringContaining("<html>") });
    endWall();
    at.fault({ kind: "status", path: "/tokens", status: 503 });
    expect((await login(at)).status).toBe(200);
    expect((await tokenFor(at)).status).toBe(503);
    at.clearFaults();
    expect((await tokenFor(at)).status).toBe(200);
  });

  it("F-43: is not trusted by whoever does not know its authority; F-44: is away when told", async () => {
    const at = await cloud();
    const other = await cloud();
    await expect(request(at.loginUrl, { ca: other.ca })).rejects.toThrow(/self-signed|certificate/i);
    await at.offline();
    await expect(login(at)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await at.online();
    expect((await login(at)).status).toBe(200);
    const end = at.fault({ kind: "offline" });
    await expect(login(at)).rejects.toThrow();
    end();
    await expect
      .poll(() =>
        login(at).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it("issues tokens for tests", async () => {
    const at = await cloud();
    expect(readClaims(at.issueToken("7", { exp: 5000, iat: 1000, role: "installer", username: "me" }))).toMatchObject({
      aud: "7",
      exp: 5,
      iat: 1,
      enphaseUser: "installer",
      username: "me",
    });
  });
});
