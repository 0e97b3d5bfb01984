import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { daily } from "../../src/simulator/faults.ts";
import { type SimulatedGateway, startGateway } from "../../src/simulator/gateway.ts";
import { playRecording } from "../../src/simulator/recording.ts";
import { createScene } from "../../src/simulator/scene/scene.ts";
import { request } from "./support.ts";

const BODY = '{"wattsNow": 1234567890}';
const INFO = "<envoy_info><device><sn>1</sn><software>D5.0.62</software></device></envoy_info>";
const file = {
  name: "small",
  responses: {
    "GET /info": { status: 200, content_type: "text/xml", body: INFO },
    "GET /info.xml": { status: 200, content_type: "application/json", body: BODY },
  },
};

const running: SimulatedGateway[] = [];
async function gateway(options: Partial<Parameters<typeof startGateway>[0]> = {}): Promise<SimulatedGateway> {
  const started = await startGateway({ content: playRecording(file), ...options });
  running.push(started);
  return started;
}
afterEach(async () => {
  for (const each of running.splice(0)) await each.close();
});

// An open path that carries a body of its own.
const get = (gw: SimulatedGateway, path = "/info.xml", ms = 5000) => request(gw.url + path, { signal: AbortSignal.timeout(ms) });

describe("faults of a gateway", () => {
  it("F-10: refuses connections while it is offline, on the same port afterwards", async () => {
    const gw = await gateway();
    const before = gw.port;
    await gw.offline();
    await expect(get(gw)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await gw.online();
    expect(gw.port).toBe(before);
    expect((await get(gw)).body).toBe(BODY);
  });

  it("F-18: hangs, or stalls after its headers, until the asker gives up", async () => {
    const gw = await gateway();
    const end = gw.hang();
    await expect(get(gw, "/info.xml", 100)).rejects.toThrow();
    end();
    const endStall = gw.fault({ kind: "stall" });
    await expect(get(gw, "/info.xml", 100)).rejects.toThrow();
    endStall();
    expect((await get(gw)).status).toBe(200);
    expect(gw.requests.map(({ status }) => status)).toEqual([null, 200, 200]);
  });

  it("F-08: answers late", async () => {
    const gw = await gateway();
    const end = gw.slow(120);
    const since = performance.now();
    expect((await get(gw)).body).toBe(BODY);
    expect(performance.now() - since).toBeGreaterThanOrEqual(115);
    end();
    end();
  });

  it("F-18: drips a byte at a time", async () => {
    const gw = await gateway();
    gw.fault({ kind: "drip", everyMs: 4 });
    const chunks: number[] = [];
    const answer = await request(`${gw.url}/info.xml`, { onData: (chunk) => chunks.push(chunk.length) });
    expect(answer.body).toBe(BODY);
    expect(chunks.length).toBeGreaterThan(5);
  });

  it("F-15: cuts the body, by half or after so many bytes", async () => {
    const gw = await gateway();
    for (const [fault, length] of [
      [{ kind: "truncate" }, BODY.length >> 1],
      [{ kind: "truncate", after: 3 }, 3],
      [{ kind: "truncate", after: 0 }, 0],
    ] as const) {
      const end = gw.fault(fault);
      let received = 0;
      const cut = request(`${gw.url}/info.xml`, {
        onData: (chunk) => {
          received += chunk.length;
        },
      });
      await expect(cut).rejects.toThrow();
      expect(received).toBe(length);
      end();
    }
  });

  it("F-19: sends without end", async () => {
    const gw = await gateway();
    gw.fault({ kind: "endless" });
    let received = 0;
    const abort = new AbortController();
    const flood = request(`${gw.url}/info.xml`, {
      signal: abort.signal,
      onData: (chunk) => {
        received += chunk.length;
        if (received > 2_000_000) abort.abort();
      },
    });
    await expect(flood).rejects.toThrow();
    expect(received).toBeGreaterThan(2_000_000);
  });

  it("F-16: sends Content-Length and Transfer-Encoding in one reply", async () => {
    const gw = await gateway();
    gw.fault({ kind: "two-lengths" });
    await expect(get(gw)).rejects.toMatchObject({ code: "HPE_INVALID_TRANSFER_ENCODING" });
  });

  it("F-17: resets a connection, a request's or an idle one", async () => {
    const gw = await gateway();
    const end = gw.fault({ kind: "reset" });
    await expect(get(gw)).rejects.toMatchObject({ code: "ECONNRESET" });
    end();
    gw.hang();
    const waiting = get(gw);
    await expect.poll(() => gw.requests.length).toBe(2);
    gw.cutConnections();
    await expect(waiting).rejects.toThrow();
  });

  it("F-13, F-14: answers with another status and its page", async () => {
    const gw = await gateway();
    const end = gw.status("/info.xml", 503);
    expect(await get(gw)).toMatchObject({ status: 503, body: expect.stringContaining("retry after 30 seconds") });
    expect((await get(gw, "/info")).status).toBe(200);
    end();
    gw.status("/info.xml", 504, "<html>openresty</html>");
    expect(await get(gw)).toMatchObject({ status: 504, body: "<html>openresty</html>" });
    gw.clearFaults();
    gw.status("/info.xml", 418);
    expect((await get(gw)).body).toContain("418");
  });

  it("F-22, F-23: answers with any body", async () => {
    const gw = await gateway();
    for (const body of ["<html>", "NaN", "", "1e999", "{}{}"]) {
      const end = gw.body("/info.xml", body);
      expect(await get(gw)).toMatchObject({ status: 200, body });
      end();
    }
    gw.body("/info.xml", Uint8Array.of(0xff, 0xfe, 0x80));
    expect([...(await get(gw)).raw]).toEqual([0xff, 0xfe, 0x80]);
    gw.fault({ kind: "rewrite", rewrite: (body) => body.replace("1234567890", "1e999"), path: /^\/info/ });
    expect((await get(gw)).body).toBe('{"wattsNow": 1e999}');
    gw.clearFaults();
    gw.fault({ kind: "body", body: Uint8Array.of(1) });
    gw.fault({ kind: "rewrite", rewrite: () => "never", method: "POST" });
    expect([...(await get(gw)).raw]).toEqual([1]);
  });

  it("F-20: redirects", async () => {
    const gw = await gateway();
    gw.redirect("https://localhost/info");
    expect(await get(gw)).toMatchObject({ status: 301, headers: { location: "https://localhost/info" } });
  });

  it("F-12: is gone for a while after a request that crashes it", async () => {
    let now = 0;
    const gw = await gateway({ clock: { now: () => now } });
    gw.fault({ kind: "crash", ms: 60_000, path: "/info" });
    await expect(get(gw, "/info")).rejects.toThrow();
    await expect.poll(() => get(gw).catch((error) => error.code)).toBe("ECONNREFUSED");
    now = 60_000;
    await expect
      .poll(() =>
        get(gw).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it("F-04: is gone for a while when it reboots", async () => {
    let now = 0;
    const gw = await gateway({ clock: { now: () => now } });
    gw.reboot(1000);
    await expect(get(gw)).rejects.toThrow();
    now = 1000;
    await expect
      .poll(() =>
        get(gw).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  });

  it("F-03: hits a share of the requests, drawn from its randomness, and ends after so many", async () => {
    const row = [0.1, 0.9, 0.2, 0.95, 0.3];
    const gw = await gateway({ random: () => row.shift() ?? 1 });
    gw.fault({ kind: "status", status: 401, share: 0.5, times: 3 });
    const statuses: number[] = [];
    for (let at = 0; at < 6; at += 1) statuses.push((await get(gw)).status);
    expect(statuses).toEqual([401, 200, 401, 200, 401, 200]);
    expect(gw.requests.map(({ authorised }) => authorised)).toEqual([false, true, false, true, false, true]);
  });

  it("F-11: takes only so many connections, and counts them and the requests under way", async () => {
    const gw = await gateway({ maxConnections: 1 });
    gw.slow(60);
    const first = get(gw);
    await expect.poll(() => gw.requests.length).toBe(1);
    await expect(get(gw)).rejects.toThrow();
    await first;
    expect(gw.mostInFlight).toBe(1);
    expect(gw.acceptedConnections).toBe(2);
    await expect.poll(() => gw.connections).toBe(0);
  });

  it("F-32: has a new certificate after its key changed", async () => {
    const gw = await gateway({ firmware: "8.3.1" });
    const before = gw.certificate;
    expect((await request(`${gw.url}/info`, { ca: before })).status).toBe(200);
    await gw.rotateKey();
    await expect(request(`${gw.url}/info`, { ca: before })).rejects.toThrow();
    expect((await request(`${gw.url}/info`, { ca: gw.certificate })).status).toBe(200);
  });

  it("F-09: hangs every night for a while", async () => {
    let now = Date.UTC(2026, 5, 1, 12);
    const gw = await gateway({ clock: { now: () => now } });
    gw.fault({ kind: "status", status: 504, when: daily(23 * 60 + 1, 85_000, 2 * 3_600_000) });
    const statusAt = async (time: number) => {
      now = time;
      return (await get(gw)).status;
    };
    expect(await statusAt(Date.UTC(2026, 5, 1, 21, 0, 59))).toBe(200);
    expect(await statusAt(Date.UTC(2026, 5, 1, 21, 1))).toBe(504);
    expect(await statusAt(Date.UTC(2026, 5, 9, 21, 2, 24))).toBe(504);
    expect(await statusAt(Date.UTC(2026, 5, 9, 21, 2, 25))).toBe(200);
    gw.fault({ kind: "offline", when: () => false });
    expect(await statusAt(now)).toBe(200);
  });

  it("F-48: has a clock that is wrong", async () => {
    const gw = await gateway({ content: createScene({ start: Date.now() }) });
    gw.setClockSkew(2 * 86_400_000);
    const time = Number(/<time>(\d+)/.exec((await request(`${gw.url}/info`)).body)?.[1]);
    expect(time - Date.now() / 1000).toBeGreaterThan(172_700);
  });

  it("F-31: is another gateway when its serial changes", async () => {
    const gw = await gateway();
    gw.setSerial("2");
    expect((await get(gw, "/info")).body).toContain("<sn>2</sn>");
    gw.setContent(playRecording({ ...file, responses: {} }));
    expect((await get(gw, "/info")).status).toBe(404);
  });

  it("ends its streams when the asker goes away", async () => {
    const gw = await gateway();
    gw.slow(5000);
    await expect(get(gw, "/info.xml", 50)).rejects.toThrow();
    gw.clearFaults();
    gw.fault({ kind: "drip", everyMs: 5000 });
    await expect(get(gw, "/info.xml", 50)).rejects.toThrow();
    gw.clearFaults();
    await wait(1);
    await expect.poll(() => gw.connections).toBe(0);
  });
});
