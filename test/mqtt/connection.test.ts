import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { Clock } from "../../src/lib/clock.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { Connection, type ConnectionOptions } from "../../src/mqtt/connection.ts";
import { startEmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { DEFAULT_TIMES, type Ending, type Link } from "../../src/mqtt/link-types.ts";
import { address, remember, until } from "../support/bridge-link.ts";
import { freePort } from "../support/broker-process.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

/** Waits in no time, and remembers how long it should have been. */
function hasty(): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    ...systemClock,
    waits,
    sleep: (ms, signal) => {
      waits.push(ms);
      return systemClock.sleep(5, signal);
    },
  };
}

/** Something that listens, does `act` with each connection, and counts them. */
async function listen(act: (socket: Socket, count: number) => void): Promise<{ url: string; count(): number }> {
  let count = 0;
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    act(socket, ++count);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`, count: () => count };
}

function run(url: string, more: Partial<ConnectionOptions> = {}) {
  const log = remember();
  const clock = hasty();
  const links: Link[] = [];
  const endings: Ending[] = [];
  const connection = new Connection(
    {
      broker: address(url),
      protocol: "auto",
      times: { ...DEFAULT_TIMES, connectMs: 300, acknowledgeMs: 300 },
      willTopic: "envoy2mqtt/bridge/state",
      clock,
      random: () => 0,
      logger: log,
      ...more,
    },
    { onLink: (link) => void links.push(link), onEnd: (ending) => void endings.push(ending), onMessage: () => {} },
  );
  const stop = new AbortController();
  const ended = connection.run(stop.signal);
  cleanUp.push(async () => {
    stop.abort();
    links.at(-1)?.destroy("test ends");
    await ended;
  });
  return { connection, log, clock, links, endings };
}

/** CONNACK of version 3.1.1. */
const connack = (code: number) => Buffer.from([0x20, 2, 0, code]);
/** CONNACK of version 5, without properties. */
const connack5 = (code: number) => Buffer.from([0x20, 3, 0, code, 0]);
const reply = (bytes: Buffer) => (socket: Socket) => void socket.once("data", () => socket.end(bytes));

describe("waiting", () => {
  test("a broker that is absent at the start is found when it comes; the trouble is told once", async () => {
    const port = await freePort();
    const { links, log, clock, connection } = run(`mqtt://127.0.0.1:${port}`, { protocol: "3.1.1" });
    await until("some tries", () => clock.waits.length >= 9);
    expect(clock.waits.slice(0, 8)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
    expect(connection.status).toMatchObject({ connected: false, protocol: null, reconnects: 0 });
    expect(log.said(/nothing listens there/, "warn")).toHaveLength(1);
    const broker = await startEmbeddedBroker(port);
    cleanUp.push(() => broker.close());
    await until("connected", () => links.length === 1);
    expect(connection.status).toMatchObject({ connected: true, protocol: 4, problem: null });
  });

  test("jitter takes off up to a quarter", async () => {
    const { clock } = run(`mqtt://127.0.0.1:${await freePort()}`, { random: () => 0.999 });
    await until("tries", () => clock.waits.length >= 2);
    expect(clock.waits[0]).toBeCloseTo(750, -1);
  });

  test("F-64: a broker that refuses us goes on being asked, each in one clear line", async () => {
    const answers = [connack5(134), connack5(136), connack5(137)];
    const { url, count } = await listen((socket, nth) => reply(answers[Math.min(nth, 3) - 1]!)(socket));
    const { log } = run(url);
    await until("several tries", () => count() >= 5);
    expect(
      log.said(/refused us: it refused the user name or password: check mqtt.username and mqtt.password \(code 134\)/, "warn"),
    ).toHaveLength(1);
    expect(log.said(/not ready yet \(code 136\)/, "warn")).toHaveLength(1);
    expect(log.said(/too busy/, "warn")).toHaveLength(1);
  });

  test("F-64: a 3.1.1 refusal, later accepted", async () => {
    let open = false;
    const { url } = await listen((socket) => void socket.on("data", () => (open ? socket.write(connack(0)) : socket.end(connack(5)))));
    const { log, links } = run(url, { protocol: "3.1.1" });
    await until("refused", () => log.said(/does not let this user in/).length > 0);
    open = true;
    await until("in", () => links.length === 1);
  });

  test("F-65: a broker that takes the connection but never answers", async () => {
    const { url, count } = await listen(() => {});
    const { log } = run(url);
    await until("second try", () => count() >= 2);
    expect(log.said(/does not answer/, "warn")).toHaveLength(1);
  });

  test("what listens there is no broker", async () => {
    const { url } = await listen((socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
    const { log } = run(url);
    await until("told", () => log.said(/cannot be reached/, "warn").length > 0);
  });

  test("a name that does not exist", async () => {
    const { log } = run("mqtt://no-such-host.invalid");
    await until("told", () => log.said(/cannot be reached: (there is no such host|its name cannot)/, "warn").length === 1);
  });
});

describe("version", () => {
  test.each([
    ["code 1 of 3.1.1", connack(1)],
    ["code 132", connack5(132)],
    ["hanging up", Buffer.alloc(0)],
  ])("after a refusal of MQTT 5 by %s, 3.1.1 is used and stays", async (_, answer) => {
    const versions: number[] = [];
    const { url } = await listen((socket) =>
      socket.once("data", (bytes: Buffer) => {
        versions.push(bytes[8]!);
        if (bytes[8] === 5) socket.end(answer);
        else socket.write(connack(0));
      }),
    );
    const { log, links } = run(url);
    await until("linked", () => links.length === 1);
    links[0]!.destroy("test");
    await until("linked again", () => links.length === 2);
    expect(versions.at(-1)).toBe(4);
    expect(versions.slice(-2)).toEqual([4, 4]);
    expect(log.said(/refuses MQTT 5: using 3.1.1/, "info")).toHaveLength(1);
  });

  test("a broker without MQTT 5: the embedded one", async () => {
    const broker = await startEmbeddedBroker(0);
    cleanUp.push(() => broker.close());
    const { links } = run(broker.url);
    await until("linked", () => links.length === 1);
    expect(links[0]!.protocol).toBe(4);
    expect(links[0]!.maximumPacketSize).toBeNull();
  });

  test("one that was asked for is not changed", async () => {
    const { url, count } = await listen(reply(connack5(132)));
    const { log } = run(url, { protocol: "5" });
    await until("tries", () => count() >= 3);
    expect(log.said(/does not speak this version of MQTT/, "warn")).toHaveLength(1);
    expect(log.said(/using 3.1.1/)).toHaveLength(0);
  });
});

describe("losing it", () => {
  const serve = (after: (socket: Socket) => void) => (socket: Socket) => {
    socket.once("data", () => {
      socket.write(connack5(0));
      after(socket);
    });
  };

  test("F-62: taken over by another program with our client id: one hint, then a minute's wait", async () => {
    const { url } = await listen(serve((socket) => void setTimeout(() => socket.end(Buffer.from([0xe0, 1, 142])), 20)));
    const { log, clock } = run(url);
    await until("waits", () => clock.waits.length >= 1);
    expect(log.said(/another program connected with the same client id/, "warn")).toHaveLength(1);
    expect(clock.waits[0]).toBe(60_000);
  });

  test("F-62: the same on a broker that says nothing is known by its pattern", async () => {
    const { url } = await listen(serve((socket) => void setTimeout(() => socket.destroy(), 20)));
    const { log, clock } = run(url);
    await until("pattern", () => log.said(/several times in a row/, "warn").length === 1 && clock.waits.length >= 3);
    expect(clock.waits.slice(0, 3)).toEqual([1_000, 2_000, 60_000]);
  });
  test("F-62: a broker that goes and comes is no other program with our client id", async () => {
    const healthy = serve((socket) => void setTimeout(() => socket.destroy(), 20));
    const { url, count } = await listen((socket, at) => (at % 2 === 1 ? healthy(socket) : void socket.destroy()));
    const { log } = run(url);
    await until("many times", () => count() >= 12);
    expect(log.said(/several times in a row/, "warn")).toEqual([]);
  });

  test("reasons are told in plain words", async () => {
    const { url } = await listen(serve((socket) => void setTimeout(() => socket.end(Buffer.from([0xe0, 1, 139])), 20)));
    const { log, endings } = run(url);
    await until("ended", () => endings.length > 0);
    expect(endings[0]).toMatchObject({ code: 139, hungUp: true });
    expect(log.said(/ended the connection: it is shutting down \(code 139\)/).length).toBeGreaterThan(0);
  });

  test("F-63: a link on which nothing is answered any more ends within one and a half keepalives", async () => {
    const { url } = await listen(serve(() => {}));
    const { endings } = run(url, { times: { ...DEFAULT_TIMES, keepaliveSeconds: 1 } });
    await until("noticed", () => endings.length > 0, 5_000);
    expect(endings[0]).toMatchObject({ reason: "the broker no longer answers", hungUp: false });
  });

  test("a publish that is never acknowledged is given up in time", async () => {
    const { url } = await listen(serve(() => {}));
    const { links } = run(url);
    await until("linked", () => links.length === 1);
    const message = { topic: "a", payload: "b", retain: false, qos: 1 as const, expiry: null, json: false };
    await expect(links[0]!.publish(message)).rejects.toMatchObject({ kind: "silent" });
    const lost = links[0]!.publish(message);
    links[0]!.destroy("enough");
    await expect(lost).rejects.toMatchObject({ kind: "lost" });
    await expect(links[0]!.publish(message)).rejects.toMatchObject({ kind: "lost" });
  });

  test("an end that the broker does not answer is forced in time", async () => {
    const { url } = await listen(serve((socket) => void socket.pause()));
    const { links, endings } = run(url, { times: { ...DEFAULT_TIMES, endMs: 100 } });
    await until("linked", () => links.length === 1);
    const message = { topic: "a", payload: "b", retain: false, qos: 1 as const, expiry: null, json: false };
    links[0]!.publish(message).catch(() => {});
    await links[0]!.end();
    await until("told", () => endings.length === 1);
    expect(endings[0]!.reason).toBe("we ended it");
  });
});

test("a certificate file that cannot be read is named, and read again at the next try", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tls-"));
  cleanUp.push(() => rmSync(folder, { recursive: true }));
  const broker = await startEmbeddedBroker(0);
  cleanUp.push(() => broker.close());
  const ca = join(folder, "ca.pem");
  const { log, links } = run(broker.url, { broker: address(broker.url, { tls: { ca, cert: null, key: null } }), protocol: "3.1.1" });
  await until("told", () => log.said(/mqtt\.tls\.ca: the file .*ca\.pem cannot be read/, "warn").length === 1);
  writeFileSync(ca, "");
  await until("linked", () => links.length === 1);
});

test("stopped while it connects", async () => {
  const { url, count } = await listen(() => {});
  const stop = new AbortController();
  const log = remember();
  const connection = new Connection(
    { broker: address(url), protocol: "auto", times: DEFAULT_TIMES, willTopic: "t", clock: systemClock, random: () => 0, logger: log },
    { onLink() {}, onEnd() {}, onMessage() {} },
  );
  const ended = connection.run(stop.signal);
  await until("connecting", () => count() === 1);
  stop.abort();
  await ended;
  expect(log.lines).toEqual([]);
});

test("the embedded broker's port is taken: one line says what to set", async () => {
  const broker = await startEmbeddedBroker(0);
  cleanUp.push(() => broker.close());
  await expect(startEmbeddedBroker(broker.port)).rejects.toThrow(/cannot listen on 127\.0\.0\.1:\d+: set mqtt\.url/);
});
