import { describe, expect, it } from "vitest";
import { createCloudCore } from "../../src/simulator/cloud-core.ts";
import type { Fault } from "../../src/simulator/faults.ts";
import { createGatewayCore } from "../../src/simulator/gateway-core.ts";
import { createInProcessHttp } from "../../src/simulator/in-process-http.ts";
import { createScene } from "../../src/simulator/scene/scene.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

const INFO = { method: "GET", path: "/info", headers: {}, body: null };
const ignore = () => {};

function start() {
  const clock = createVirtualClock();
  const content = createScene({ start: clock.now() });
  const server = createGatewayCore({ content, clock, random: () => 0.5 });
  const http = createInProcessHttp({ server, clock, scheme: "https", readMs: 1000, replyBytes: 5000 });
  return { clock, server, http, ask: (signal = new AbortController().signal) => http.exchange(INFO, signal) };
}

describe("requests in virtual time", () => {
  it("reach a gateway and its cloud without sockets", async () => {
    const clock = createVirtualClock();
    const cloud = createCloudCore({ accounts: [{ email: "a@example.com", password: "b" }], clock });
    const content = createScene({ start: clock.now(), inverters: 1 });
    const server = createGatewayCore({ content, clock, random: () => 0.5, trustedKey: cloud.key.publicKey });
    const gateway = createInProcessHttp({ server, clock, scheme: "https" });
    const enlighten = createInProcessHttp({ server: cloud, clock, scheme: "https" });
    const post = async (path: string, body: string) => {
      const reply = await enlighten.exchange({ method: "POST", path, headers: {}, body }, new AbortController().signal);
      return Buffer.from(reply.body).toString();
    };
    const form = new URLSearchParams({ "user[email]": "a@example.com", "user[password]": "b" }).toString();
    const session = JSON.parse(await post("/login/login.json", form))["session_id"];
    const token = await post("/tokens", JSON.stringify({ session_id: session, serial_num: server.serial }));
    const get = (path: string, headers: Record<string, string> = {}) =>
      gateway.exchange({ method: "GET", path, headers, body: null }, new AbortController().signal);
    expect((await get("/api/v1/production")).status).toBe(401);
    expect((await get("/api/v1/production", { Authorization: `Bearer ${token}` })).status).toBe(200);
    await clock.advance(366 * 86_400_000);
    expect((await get("/api/v1/production", { Authorization: `Bearer ${token}` })).status).toBe(401);
    await gateway.close();
  });

  it.each<[Fault, string, number]>([
    [{ kind: "offline" }, "ECONNREFUSED", 0],
    [{ kind: "reset" }, "ECONNRESET", 0],
    [{ kind: "crash", ms: 10 }, "ECONNRESET", 0],
    [{ kind: "truncate" }, "UND_ERR_SOCKET", 0],
    [{ kind: "endless" }, "UND_ERR_RES_EXCEEDED_MAX_SIZE", 0],
    [{ kind: "two-lengths" }, "HPE_INVALID_TRANSFER_ENCODING", 0],
    [{ kind: "body", body: "x".repeat(5001) }, "UND_ERR_RES_EXCEEDED_MAX_SIZE", 0],
    [{ kind: "hang" }, "UND_ERR_HEADERS_TIMEOUT", 1000],
    [{ kind: "slow", ms: 1001 }, "UND_ERR_HEADERS_TIMEOUT", 1000],
    [{ kind: "stall" }, "UND_ERR_BODY_TIMEOUT", 1000],
  ])("fail like real ones: %j", async (fault, code, ms) => {
    const { clock, server, ask } = start();
    server.fault(fault);
    const since = clock.now();
    const failed = ask().catch((error) => [error.code, clock.now() - since]);
    await clock.advance(2000);
    expect(await failed).toEqual([code, ms]);
  });

  it("take the time that they take", async () => {
    const { clock, server, ask } = start();
    server.fault({ kind: "slow", ms: 900, times: 1 });
    const since = clock.now();
    let took = -1;
    const note = () => {
      took = clock.now() - since;
    };
    ask().then(note, ignore);
    await clock.advance(899);
    expect(took).toBe(-1);
    await clock.advance(1);
    expect(took).toBe(900);
    server.fault({ kind: "drip", everyMs: 10 });
    const abort = new AbortController();
    const dripping = ask(abort.signal).catch((error) => error.name);
    await clock.advance(2000);
    abort.abort();
    expect(await dripping).toBe("AbortError");
    await expect(ask(abort.signal)).rejects.toThrow();
    expect(clock.pending()).toBe(0);
  });

  it("are cut where the server is gone between connection and request", async () => {
    const clock = createVirtualClock();
    const http = createInProcessHttp({ server: { accepts: () => true, handle: () => null }, clock, scheme: "http" });
    await expect(http.exchange(INFO, new AbortController().signal)).rejects.toMatchObject({ code: "ECONNRESET" });
  });
});
