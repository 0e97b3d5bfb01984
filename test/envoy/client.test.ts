import { afterEach, describe, expect, test } from "vitest";
import type { Authorization } from "../../src/envoy/authorization.ts";
import type { Client, ClientOptions } from "../../src/envoy/client.ts";
import { createCertificate } from "../../src/simulator/certificate.ts";
import { type Answer, clientOf, http, memoryPin, type RawGateway, startRaw } from "./raw-gateway.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const never = new AbortController().signal;

async function gatewayOf(answer: Answer, options: Partial<ClientOptions> = {}): Promise<{ gateway: RawGateway; client: Client }> {
  const gateway = await startRaw(answer);
  const client = clientOf(`http://127.0.0.1:${gateway.port}`, options);
  open.push(client, gateway);
  return { gateway, client };
}

const get = (client: Client, path = "/x", signal = never) => client.get(path, { signal });

test("an answer is read as JSON, asked for as JSON, on one connection", async () => {
  const { gateway, client } = await gatewayOf((socket) => socket.write(http('{"a":1}')));
  expect(await get(client, "/a?b=1")).toEqual({ a: 1 });
  expect(await get(client)).toEqual({ a: 1 });
  expect(gateway.requests[0]).toMatch(/^GET \/a\?b=1 HTTP\/1\.1/);
  expect(gateway.requests[0]?.toLowerCase()).toContain("accept: application/json");
  expect(gateway.connections).toBe(1);
});

test("without keep-alive each request has its own connection", async () => {
  const { gateway, client } = await gatewayOf((socket) => socket.write(http("1")), { keepAlive: false });
  await get(client);
  await get(client);
  expect(gateway.connections).toBe(2);
});

test("F-11: requests take turns, and credentials are asked for when the turn has come", async () => {
  let underWay = 0;
  let most = 0;
  let generation = 0;
  const authorization: Authorization = { headersFor: () => ({ "x-generation": String(++generation) }), answered: () => false };
  const { gateway, client } = await gatewayOf(
    (socket) => {
      most = Math.max(most, ++underWay);
      setTimeout(() => {
        underWay -= 1;
        socket.write(http("1"));
      }, 20);
    },
    { authorization },
  );
  const first = get(client);
  await new Promise((resolve) => setTimeout(resolve, 5));
  const rest = [get(client), get(client)];
  generation = 10;
  await Promise.all([first, ...rest]);
  expect(most).toBe(1);
  expect(gateway.requests.map((head) => /x-generation: (\d+)/.exec(head)?.[1])).toEqual(["1", "11", "12"]);
});

test("a request whose signal aborts while it waits for its turn is never sent", async () => {
  const { gateway, client } = await gatewayOf((socket) => setTimeout(() => socket.write(http("1")), 30));
  const stop = new AbortController();
  const first = get(client);
  const second = get(client, "/second", stop.signal);
  stop.abort();
  await expect(second).rejects.toMatchObject({ code: "aborted" });
  await first;
  await get(client, "/third");
  expect(gateway.requests).toHaveLength(2);
  await expect(get(client, "/x", stop.signal)).rejects.toMatchObject({ code: "aborted" });
});

test("a request under way ends at once when its signal aborts", async () => {
  const stop = new AbortController();
  const { client } = await gatewayOf(() => stop.abort());
  await expect(get(client, "/x", stop.signal)).rejects.toMatchObject({ code: "aborted" });
});

test("the same request is sent once more when the authorization says so, and never a third time", async () => {
  const seen: number[] = [];
  const authorization: Authorization = {
    headersFor: () => ({ authorization: "secret" }),
    answered: (_, { status }) => {
      seen.push(status);
      return true;
    },
  };
  const { gateway, client } = await gatewayOf((socket, _, count) => socket.write(http("{}", count === 1 ? 401 : 200)), { authorization });
  expect(await get(client)).toEqual({});
  expect(seen).toEqual([401, 200]);
  expect(gateway.requests).toHaveLength(2);
});

test.each([
  [401, "unauthorized"],
  [403, "unauthorized"],
  [404, "http"],
  [301, "http"],
  [503, "http"],
  [504, "http"],
])("F-14: status %d is %s, and is not tried again", async (status, code) => {
  const { gateway, client } = await gatewayOf((socket) => socket.write(http("<html>", status, "Location: http://127.0.0.1:1/\r\n")));
  await expect(get(client)).rejects.toMatchObject({ code, status });
  expect(gateway.requests).toHaveLength(1);
});

test("F-13: a busy gateway says when to come back, in its body or its headers", async () => {
  const { client } = await gatewayOf((socket, _, count) =>
    socket.write(count === 1 ? http("Resource busy, please retry after 30 seconds", 503) : http("", 503, "Retry-After: 99999\r\n")),
  );
  await expect(get(client)).rejects.toMatchObject({ retryAfterMs: 30_000 });
  await expect(get(client)).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
});

test.each([
  ["<html></html>", /HTML instead of JSON/],
  ["", /empty instead of JSON/],
  ['{"a":', /broken or other text/],
  ['{"a":NaN}', /broken/],
  ["{} {}", /broken/],
  [Buffer.from([0x22, 0xff, 0x22]), /not UTF-8/],
])("F-22, F-23: %j is not JSON", async (body, message) => {
  const { client } = await gatewayOf((socket) => socket.write(http(body)));
  await expect(get(client)).rejects.toMatchObject({ code: "not_json", message: expect.stringMatching(message) });
});

test("F-18: a drip of a byte now and then ends at the total deadline", async () => {
  const { client } = await gatewayOf(
    (socket) => {
      socket.write("HTTP/1.1 200 X\r\nContent-Length: 1000\r\n\r\n");
      const drip = setInterval(() => socket.write(" "), 20);
      socket.on("close", () => clearInterval(drip));
    },
    { limits: { connect: 1000, read: 1000, total: 150, replyBytes: 5000 } },
  );
  await expect(get(client)).rejects.toMatchObject({ code: "timeout" });
});

test("F-19: a body beyond the cap is refused", async () => {
  const { client } = await gatewayOf((socket) => socket.write(http("x".repeat(3000))), {
    limits: { connect: 1000, read: 1000, total: 1000, replyBytes: 2000 },
  });
  await expect(get(client)).rejects.toMatchObject({ code: "too_large" });
});

test("F-15: a truncated body is never an answer; it is tried again a bounded number of times", async () => {
  const { gateway, client } = await gatewayOf((socket) => socket.end("HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\n{}"));
  await expect(get(client)).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("broke off") });
  expect(gateway.requests).toHaveLength(3);
});

test("F-17: an idle connection that the gateway cut is replaced", async () => {
  const { gateway, client } = await gatewayOf((socket, _, count) => (count === 2 ? socket.destroy() : socket.write(http("1"))));
  await get(client);
  expect(await get(client)).toBe(1);
  expect(gateway.requests).toHaveLength(3);
});

test("where nothing listens, tries are bounded and the line says where", async () => {
  const { gateway, client } = await gatewayOf(() => {});
  await gateway.close();
  await expect(get(client)).rejects.toMatchObject({
    code: "unreachable",
    message: expect.stringMatching(/127\.0\.0\.1:\d+\/x: .*refused/),
  });
});

test("a write is sent once, whole, and never again", async () => {
  const { gateway, client } = await gatewayOf((socket, _, count) => (count === 1 ? socket.write(http('{"ok":true}')) : socket.destroy()));
  expect(await client.send("PUT", "/w", { a: 1 }, { signal: never })).toEqual({ ok: true });
  expect(gateway.requests[0]).toMatch(/content-type: application\/octet-stream/i);
  await expect(client.send("PUT", "/w", { a: 1 }, { signal: never })).rejects.toMatchObject({ code: "unreachable" });
  expect(gateway.requests).toHaveLength(2);
});

describe("HTTP that is not proper", () => {
  const body = '{"a":1}';
  test.each([
    ["two equal lengths", `Content-Length: 7\r\nContent-Length: 7\r\n\r\n${body}`],
    ["two lengths", `Content-Length: 3\r\nContent-Length: 7\r\n\r\n${body}`],
    ["F-16: a length beside chunks", `Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n`],
  ])("%s is read over http", async (_, rest) => {
    const { gateway, client } = await gatewayOf((socket) => socket.write(`HTTP/1.1 200 OK\r\n${rest}`));
    expect(await get(client)).toEqual({ a: 1 });
    expect(await get(client)).toEqual({ a: 1 });
    expect(gateway.requests).toHaveLength(3);
  });

  test("what is cut, too large or silent fails there as elsewhere", async () => {
    const two = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 7\r\n\r\n";
    let answer: Answer = (socket) => socket.write(`${two}${body}`);
    const { client, gateway } = await gatewayOf((...args) => answer(...args), {
      limits: { connect: 300, read: 300, total: 300, replyBytes: 1000 },
    });
    await get(client);
    answer = (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 70\r\n\r\n{}");
    await expect(get(client)).rejects.toMatchObject({ code: "unreachable" });
    answer = (socket) => socket.write(`${two}`.padEnd(3000, "x").replace(/7/g, "9000"));
    await expect(get(client)).rejects.toMatchObject({ code: "too_large" });
    answer = () => {};
    await expect(get(client)).rejects.toMatchObject({ code: "timeout" });
    answer = (socket) => socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}");
    await expect(get(client)).rejects.toMatchObject({ code: "timeout" });
    answer = (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\n[2]");
    expect(await get(client)).toEqual([2]);
    answer = (socket) => socket.write(http("{}"));
    expect(await client.send("POST", "/w", { b: 2 }, { signal: never })).toEqual({});
    expect(gateway.requests.at(-1)).toMatch(/Content-Length: 7/);
    await gateway.close();
    await expect(get(client)).rejects.toMatchObject({ code: "unreachable" });
  });

  test("over https it is refused", async () => {
    const gateway = await startRaw(
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 7\r\nContent-Length: 8\r\n\r\n${body}`),
      await createCertificate("envoy.local"),
    );
    const client = clientOf(`https://127.0.0.1:${gateway.port}`);
    open.push(client, gateway);
    await expect(get(client)).rejects.toMatchObject({ code: "not_an_envoy", message: expect.stringContaining("not proper HTTP") });
  });
});

describe("the certificate", () => {
  async function tlsGateway(): Promise<RawGateway> {
    const gateway = await startRaw((socket) => socket.write(http("1")), await createCertificate("envoy.local"));
    open.push(gateway);
    return gateway;
  }
  const bearer: Authorization = { headersFor: () => ({ authorization: "Bearer secret" }), answered: () => false };

  test("is pinned on first use, and the same key is taken again on new connections", async () => {
    const gateway = await tlsGateway();
    const pin = memoryPin();
    for (const _ of [1, 2]) {
      const client = clientOf(`https://127.0.0.1:${gateway.port}`, { pin, authorization: bearer });
      expect(await get(client)).toBe(1);
      expect(client.isSecured()).toBe(true);
      await client.close();
    }
    expect(pin.accepted()).toMatch(/^sha256\/[\w+/]{43}=$/);
  });

  test("F-32: with another key nothing is sent, and the line says how to accept it", async () => {
    const gateway = await tlsGateway();
    const client = clientOf(`https://127.0.0.1:${gateway.port}`, {
      pin: memoryPin("sha256/other"),
      authorization: bearer,
      howToAccept: "Do this.",
    });
    open.push(client);
    await expect(get(client)).rejects.toMatchObject({
      code: "certificate",
      message: expect.stringMatching(/sha256\/other.*nothing was sent.*Do this\./),
    });
    expect(gateway.requests).toEqual([]);
  });

  test("verify refuses a self-signed one, off takes any", async () => {
    const gateway = await tlsGateway();
    const strict = clientOf(`https://127.0.0.1:${gateway.port}`, { tls: "verify" });
    const lax = clientOf(`https://127.0.0.1:${gateway.port}`, { tls: "off", pin: memoryPin("sha256/other") });
    open.push(strict, lax);
    await expect(get(strict)).rejects.toMatchObject({ code: "certificate" });
    expect(gateway.requests).toEqual([]);
    expect(await get(lax)).toBe(1);
    lax.trust();
  });
});
