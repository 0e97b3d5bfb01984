import { afterEach, describe, expect, test } from "vitest";
import { originOf, parseAddress, schemesOf } from "../../src/envoy/address.ts";
import { parseInfo, readInfo } from "../../src/envoy/info.ts";
import { createCertificate } from "../../src/simulator/certificate.ts";
import { clientOf, http, memoryPin, startRaw } from "./raw-gateway.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const never = new AbortController().signal;
const infoOf = (device: string) => `<?xml version="1.0"?><envoy_info><time>1</time><device>${device}</device></envoy_info>`;
const INFO = infoOf("<sn>122000000001</sn><pn>800-00555-r03</pn><software>D7.6.175</software><imeter>true</imeter>");

describe("a host", () => {
  test.each([
    ["envoy.local", "https://envoy.local", ["https", "http"]],
    [" 192.168.1.5 ", "https://192.168.1.5", ["https", "http"]],
    ["envoy:8443", "https://envoy:8443", ["https", "http"]],
    ["fe80::1", "https://[fe80::1]", ["https", "http"]],
    ["[fe80::1]:8443", "https://[fe80::1]:8443", ["https", "http"]],
    ["https://127.0.0.1:8443/", "https://127.0.0.1:8443", ["https"]],
    ["HTTP://Envoy", "http://envoy", ["http"]],
  ])("%s", (host, origin, schemes) => {
    const address = parseAddress(host);
    expect(schemesOf(address)).toEqual(schemes);
    expect(originOf(address, address.scheme ?? "https")).toBe(origin);
  });

  test.each(["", "ftp://envoy", "https://envoy/path", "https://me:secret@envoy", "en voy", "https://envoy?x", "envoy:99999"])(
    "%j is refused in one line, without a secret",
    (host) => {
      expect(() => parseAddress(host)).toThrow(expect.objectContaining({ code: "config" }));
      expect(() => parseAddress(host)).toThrow(/^(?!.*secret).*is no name, address or http\(s\) URL/);
    },
  );
});

describe("/info", () => {
  test("says serial, firmware without its letter, part number and metering", () => {
    expect(parseInfo(INFO, "https", "envoy")).toEqual({
      serial: "122000000001",
      firmware: { text: "7.6.175", major: 7, minor: 6, build: 175 },
      partNumber: "800-00555-r03",
      metered: true,
      scheme: "https",
    });
    const bare = parseInfo(infoOf("<sn>122000000001</sn><software>R3.9.36</software>"), "http", "envoy");
    expect([bare.partNumber, bare.metered]).toEqual([null, false]);
  });

  test.each([
    ["HTML", "<html><body>Router</body></html>"],
    ["nothing", ""],
    ["broken XML", "<envoy_info><device><sn>"],
    ["no serial", infoOf("<software>D7.6.175</software>")],
    ["an odd serial", infoOf("<sn>../../etc</sn><software>D7.6.175</software>")],
    ["no firmware", infoOf("<sn>122000000001</sn><software>none</software>")],
    ["too much", `${INFO}${" ".repeat(70_000)}`],
    [
      "an entity",
      '<!DOCTYPE x [<!ENTITY s "122000000001">]><envoy_info><device><sn>&s;</sn><software>D7.6.175</software></device></envoy_info>',
    ],
    ["text instead of a device", "<envoy_info><device>5</device></envoy_info>"],
  ])("%s is no Envoy's", (_, text) => {
    expect(() => parseInfo(text, "https", "envoy")).toThrow(expect.objectContaining({ code: "not_an_envoy" }));
  });

  test("over https it is trusted and spoken to there, also after a time without connection", async () => {
    const gateway = await startRaw((socket) => socket.write(http(INFO)), await createCertificate("envoy.local"));
    const pin = memoryPin();
    const client = clientOf(`127.0.0.1:${gateway.port}`, { pin });
    open.push(client, gateway);
    expect((await readInfo(client, never)).scheme).toBe("https");
    expect(pin.accepted()).toMatch(/^sha256\//);
    expect(gateway.requests[0]?.toLowerCase()).not.toContain("authorization");
  });

  test("F-20, F-21: over http where nothing speaks TLS, but never once TLS was spoken", async () => {
    const old = INFO.replace("D7.6.175", "D5.0.62");
    const gateway = await startRaw((socket, head) => socket.write(http(head.startsWith("GET /info") ? old : "1")));
    const client = clientOf(`127.0.0.1:${gateway.port}`);
    const pinned = clientOf(`127.0.0.1:${gateway.port}`, { pin: memoryPin("sha256/known") });
    open.push(client, pinned, gateway);
    expect((await readInfo(client, never)).scheme).toBe("http");
    expect(await client.get("/data", { signal: never })).toBe(1);
    const before = gateway.requests.length;
    await expect(readInfo(pinned, never)).rejects.toMatchObject({ code: "unreachable" });
    expect(gateway.requests).toHaveLength(before);
  });

  test("firmware 7 that answers /info in the clear gets nothing else there", async () => {
    const gateway = await startRaw((socket) => socket.write(http(INFO)));
    const client = clientOf(`127.0.0.1:${gateway.port}`);
    open.push(client, gateway);
    expect((await readInfo(client, never)).scheme).toBe("http");
    await expect(client.get("/data", { signal: never, tries: 1 })).rejects.toMatchObject({ code: "unreachable" });
    expect(gateway.requests).toHaveLength(1);
  });

  test.each([
    ["a server without it", 404, "not_an_envoy"],
    ["a redirect", 301, "not_an_envoy"],
    ["a busy gateway", 503, "http"],
  ])("%s", async (_, status, code) => {
    const gateway = await startRaw((socket) => socket.write(http("<html>", status)));
    const client = clientOf(`http://127.0.0.1:${gateway.port}`);
    open.push(client, gateway);
    await expect(readInfo(client, never)).rejects.toMatchObject({ code });
  });

  test("where nothing answers, the first failure is told; a stranger in the clear is told as such", async () => {
    const gateway = await startRaw((socket) => socket.write(http(Buffer.from([0xff, 0xfe]))));
    const client = clientOf(`127.0.0.1:${gateway.port}`);
    open.push(client);
    await expect(readInfo(client, never)).rejects.toMatchObject({ code: "not_an_envoy" });
    await gateway.close();
    await expect(readInfo(client, never)).rejects.toMatchObject({ code: "unreachable", message: expect.stringContaining("https://") });
  });
});
