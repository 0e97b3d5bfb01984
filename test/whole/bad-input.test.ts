import { createServer } from "node:net";
import { describe, expect, test } from "vitest";
import { diskFiles, type Files } from "../../src/lib/files.ts";
import { startWorld, type World, type WorldOptions } from "../support/world.ts";

async function story(options: WorldOptions, tell: (world: World) => Promise<void>): Promise<void> {
  const world = await startWorld({ factor: 10, ...options });
  try {
    await tell(world);
  } finally {
    await world.end();
  }
}

const online = (world: World) => world.watch.until("online", () => world.watch.last(world.topic("availability")) === "online");
const logged = (world: World, line: RegExp) =>
  world.watch.until(String(line), () => world.log.find(({ message, level }) => level !== "debug" && line.test(message)), 12_000);
const isOneLine = (text: string) => !text.includes("\n") && text.length < 600;

describe.concurrent("what others send wrongly", () => {
  test("a host that refuses, and one that is not an Envoy: one line each, and the bridge stays up", async () => {
    const other = createServer((socket) => socket.on("error", () => {}).end("SSH-2.0-OpenSSH_9.6\r\n", () => socket.destroy()));
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    await story({ env: { HOST: "127.0.0.1:1" } }, async (world) => {
      const line = await logged(world, /^outage: .*127\.0\.0\.1:1.*is this the gateway's address and port\?/);
      expect(isOneLine(line.message)).toBe(true);
      expect(world.bridge.status().gateways[0]?.lifecycle.state).toMatch(/outage|re-setup/);
    });
    await story({ env: { HOST: `127.0.0.1:${port}` } }, async (world) => {
      const line = await logged(world, new RegExp(`^outage: .*127\\.0\\.0\\.1:${port}`));
      expect(isOneLine(line.message)).toBe(true);
    });
    other.close();
  });

  test.each([
    ["HTML at /info", { kind: "body", path: "/info", body: "<html><body>router</body></html>" }],
    ["another site's page", { kind: "status", path: "/info", status: 404 }],
  ] as const)("%s is no Envoy", async (_, fault) => {
    await story({ start: false }, async (world) => {
      world.gateway.fault(fault);
      await world.start();
      const line = await logged(world, /^(outage|refused): .*\/info/);
      expect(isOneLine(line.message)).toBe(true);
      expect(world.cloud.logins).toBe(0);
      world.gateway.clearFaults();
      world.bridge.wake();
      await online(world);
    });
  });

  test.each([
    ["HTML", { kind: "body", body: "<html></html>" }, /HTML instead of JSON/],
    ["a truncated body", { kind: "truncate" }, /broke off|no connection|proper HTTP/],
    ["an endless body", { kind: "endless" }, /larger than|no whole answer/],
    ["text that is not UTF-8", { kind: "body", body: Uint8Array.from([0x7b, 0xff, 0xfe, 0x7d]) }, /not UTF-8/],
    ["NaN", { kind: "body", body: '[{"serialNumber": "1", "lastReportWatts": NaN}]' }, /instead of JSON/],
  ] as const)("%s from one endpoint costs its values only", async (_, fault, wanted) => {
    await story({ gateway: { firmware: "7.6.175" } }, async (world) => {
      await online(world);
      world.gateway.fault({ ...fault, path: /^\/api\/v1\/production\/inverters/ });
      world.clock.pace(60);
      const line = await logged(world, wanted);
      expect(line.message).toMatch(/inverters/);
      expect(isOneLine(line.message)).toBe(true);
      await online(world);
    });
  });

  test("a huge number, an unknown word and the same inverter twice: those fields only, each told once", async () => {
    const rewrite = (body: string) => {
      const list = JSON.parse(body);
      return JSON.stringify([...list, { ...list[0], lastReportWatts: 1e300 }]).replace(/"devType": ?1/, '"devType":"quantum"');
    };
    await story({ gateway: { firmware: "7.6.175" }, start: false }, async (world) => {
      world.gateway.fault({ kind: "rewrite", path: "/api/v1/production/inverters", rewrite });
      await world.start();
      await online(world);
      const devices = [...world.watch.topics().keys()].filter((name) => /\/inverter\/[^/]+$/.test(name));
      expect(devices).toHaveLength(12);
      for (const name of devices) expect(Number(world.watch.json(name)?.["power"] ?? 0)).toBeLessThan(1e6);
    });
  });

  test("a token that is not a JWT", async () => {
    await story({ account: false, env: { TOKEN: "not-a-token" } }, async (world) => {
      const line = await logged(world, /^refused: .*token/);
      expect(isOneLine(line.message)).toBe(true);
      expect(line.message).not.toContain("not-a-token");
      expect(world.gateway.requests.filter(({ credential }) => credential !== "none")).toEqual([]);
    });
  });

  test.each(["EROFS", "ENOSPC"])("a state folder that cannot be written (%s): told, and the bridge works on", async (code) => {
    const files: Files = { ...diskFiles, write: () => Promise.reject(Object.assign(new Error(code), { code })) };
    await story({ files }, async (world) => {
      const line = await logged(world, /cannot be written|cannot be kept|cannot be saved/);
      expect(isOneLine(line.message)).toBe(true);
      await online(world);
      expect(world.cloud.logins).toBe(1);
    });
  });

  test("a broker that is away at the start, said in one line", async () => {
    await story({ env: { MQTT_URL: "mqtt://127.0.0.1:1" } }, async (world) => {
      const line = await logged(world, /127\.0\.0\.1:1/);
      expect(isOneLine(line.message)).toBe(true);
      await world.watch.until("reading goes on", () => world.bridge.status().gateways[0]?.lifecycle.state === "authenticated");
      expect(world.bridge.trouble()).toBeNull();
    });
  });
});

test("a broker that denies the user says so in one line, and reading goes on", async () => {
  const denying = createServer((socket) => socket.on("error", () => {}).once("data", () => socket.end(Uint8Array.from([0x20, 2, 0, 5]))));
  await new Promise<void>((resolve) => denying.listen(0, "127.0.0.1", resolve));
  const address = denying.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  await story({ env: { MQTT_URL: `mqtt://127.0.0.1:${port}` } }, async (world) => {
    const line = await logged(world, new RegExp(`127\\.0\\.0\\.1:${port}.*(user|password|authori)`));
    expect(isOneLine(line.message)).toBe(true);
    await world.watch.until("reading goes on", () => world.bridge.status().gateways[0]?.lifecycle.state === "authenticated");
  });
  denying.close();
});
