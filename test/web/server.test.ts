import { request as rawRequest } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { duration } from "../../src/web/page.ts";
import { startWeb, type Web, type WebOptions } from "../../src/web/server.ts";
import { entity, gateway, NOW, status, view } from "./status.ts";

let open: Web[] = [];
afterEach(async () => {
  for (const web of open) await web.close();
  open = [];
});

async function start(given: Partial<WebOptions> = {}): Promise<Web> {
  const web = await startWeb({
    host: "127.0.0.1",
    port: 0,
    hosts: [],
    password: null,
    status: () => status(),
    health: () => null,
    ...given,
  });
  open.push(web);
  return web;
}

interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

function ask(
  web: Web,
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = rawRequest({ host: "127.0.0.1", port: web.address.port, path, method, headers, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (part) => {
        body += part;
      });
      response.on("end", () => resolve({ status: response.statusCode as number, headers: response.headers, body }));
    });
    request.on("error", reject).end();
  });
}

describe("the page", () => {
  test("tells of each gateway: state, reason, sources with reply times, values", async () => {
    const { status: code, body, headers } = await ask(await start(), "/");
    expect(code).toBe(200);
    for (const part of [
      "House",
      "authenticated",
      "2 h 5 min",
      "polling",
      "8.3.1598",
      "123 ms",
      "no answer in 45 s",
      "1234 W",
      "2026-11-26 12:00:00 UTC",
      "mqtt://broker:1883",
    ])
      expect(body).toContain(part);
    expect(headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(body).not.toContain("<script");
  });

  test("everything that comes from outside is escaped", async () => {
    const nasty = `<script>alert("1")</script>&'`;
    const { lifecycle } = gateway();
    const shown = view([entity({ topic: "production", key: "power", name: nasty, unit: nasty })], { power: nasty });
    const bad = gateway({
      name: nasty,
      host: nasty,
      lifecycle: { ...lifecycle, reason: nasty, role: nasty },
      sources: [{ source: nasty, lastSuccess: null, failures: 0, replyMs: null, lastError: nasty }],
      view: shown,
    });
    const { body } = await ask(
      await start({ status: () => status({ version: nasty, gateways: [bad], sites: [{ ...shown, serial: nasty }] }) }),
      "/",
    );
    expect(body).not.toContain("<script");
    expect(body).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;");
  });

  test("a gateway of which nothing is known yet, values of every kind, sites", async () => {
    const { lifecycle } = gateway();
    const unknown = gateway({
      serial: null,
      host: null,
      info: null,
      sources: [],
      view: null,
      available: false,
      lifecycle: { ...lifecycle, tokenExpires: null, role: null },
    });
    const child = view(
      [
        entity({ topic: "production", key: "on", platform: "binary_sensor", name: undefined, deviceClass: "battery_charging" }),
        entity({ topic: "production", key: "off", name: null }),
        entity({ topic: "production", key: "none" }),
        entity({ topic: "nowhere", key: "missing" }),
        entity({ topic: "event", key: "ev", platform: "event" }),
        entity({ topic: "lifecycle", key: "state", name: "Said above" }),
      ],
      { on: true, off: false, none: null },
      "home",
    );
    const nested = { ...child, devices: child.devices.map((device) => ({ ...device, via: "envoy" })) };
    const { body } = await ask(
      await start({ status: () => status({ mqtt: { connected: false, address: "none" }, gateways: [unknown], sites: [nested] }) }),
      "/",
    );
    for (const part of [
      "not known yet",
      "being looked for",
      "Nothing was read yet",
      "offline",
      "not connected",
      "Site home",
      "battery charging",
      ">on<",
      ">off<",
      ">–<",
    ])
      expect(body).toContain(part);
    expect(body).not.toContain(">ev<");
    expect(body).not.toContain("Said above");
  });

  test("security headers; the style is the only thing allowed", async () => {
    const { headers, body } = await ask(await start(), "/");
    const nonce = /nonce="([^"]+)"/.exec(body)?.[1];
    expect(headers["content-security-policy"]).toBe(
      `default-src 'none'; style-src 'nonce-${nonce}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
    );
    expect(headers).toMatchObject({
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
    });
  });
});

describe("who may ask for what", () => {
  test("only GET and HEAD", async () => {
    const web = await start();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"])
      expect(await ask(web, "/", { method })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    expect(await ask(web, "/", { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
  });

  test("a name that is not ours is refused (DNS rebinding)", async () => {
    const web = await start({ hosts: ["solar.lan"] });
    for (const host of ["evil.example", "localhost.evil.example", "a:b:c"])
      expect((await ask(web, "/metrics", { headers: { host } })).status).toBe(421);
    for (const host of ["localhost", "127.0.0.1:8097", "[::1]:8097", "192.168.1.5", "Solar.LAN:8097"])
      expect((await ask(web, "/metrics", { headers: { host } })).status).toBe(200);
  });

  test("with a password: page and metrics ask for it, /healthz does not", async () => {
    const web = await start({ password: "hush:1" });
    const basic = (text: string) => ({ headers: { authorization: `Basic ${Buffer.from(text).toString("base64")}` } });
    expect(await ask(web, "/")).toMatchObject({
      status: 401,
      headers: { "www-authenticate": 'Basic realm="envoy2mqtt", charset="UTF-8"' },
    });
    expect((await ask(web, "/metrics", basic("me:wrong"))).status).toBe(401);
    expect((await ask(web, "/metrics", { headers: { authorization: "Bearer x" } })).status).toBe(401);
    expect((await ask(web, "/metrics", basic("me:hush:1"))).status).toBe(200);
    expect((await ask(web, "/", basic(":hush:1"))).body).not.toContain("hush");
    expect((await ask(web, "/healthz")).status).toBe(200);
  });

  test("other paths", async () => {
    const web = await start();
    expect((await ask(web, "/../etc/passwd")).status).toBe(404);
    expect((await ask(web, "/metrics?x=1")).headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  });
});

describe("/healthz", () => {
  test("200 while progress is made, 503 and why when not; a gateway that is away does not count", async () => {
    let trouble: string | null = null;
    const web = await start({ health: () => trouble, status: () => status({ gateways: [gateway({ available: false })] }) });
    expect(await ask(web, "/healthz")).toMatchObject({ status: 200, body: "ok\n" });
    trouble = "polling stands still";
    expect(await ask(web, "/healthz")).toMatchObject({ status: 503, body: "polling stands still\n" });
  });
});

test("a status that cannot be had costs the page only", async () => {
  const web = await start({
    status: () => {
      throw new Error("secret detail");
    },
  });
  expect(await ask(web, "/")).toMatchObject({ status: 500, body: "The page could not be made; the bridge goes on.\n" });
  expect((await ask(web, "/healthz")).status).toBe(200);
});

test("a port that is taken is said in one line", async () => {
  const { port } = (await start()).address;
  await expect(start({ port })).rejects.toThrow(`web.listen: cannot listen on 127.0.0.1:${port} (EADDRINUSE): choose another port, or off`);
});

test.each([
  [-5, "0 s"],
  [45_000, "45 s"],
  [185_000, "3 min"],
  [7_500_000, "2 h 5 min"],
  [NOW - (NOW - 273_600_000), "3 d 4 h"],
])("duration %d", (ms, text) => {
  expect(duration(ms)).toBe(text);
});
