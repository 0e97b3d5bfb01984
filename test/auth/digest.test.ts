import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { createDigest } from "../../src/auth/digest.ts";
import { installerPassword, localCredential, md5 } from "../../src/auth/local-user.ts";

const USER = { username: "envoy", password: "034567" };
const request = { method: "GET", uri: "/api/v1/production?details=1" };
const random = () => 0.5;
const challenge = (value: string | string[]) => ({ status: 401, headers: { "www-authenticate": value } });
const NONCE = 'Digest realm="enphaseenergy.com", qop="auth", nonce="4a5b"';

const field = (header: string | undefined, name: string) => new RegExp(`\\b${name}="?([^",]*)"?`).exec(header ?? "")?.[1];

test("the example of RFC 2617 gives the response of RFC 2617", () => {
  const digest = createDigest({ username: "Mufasa", password: "Circle Of Life" }, random);
  const realm =
    'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"';
  digest.answered({ method: "GET", uri: "/dir/index.html" }, challenge(realm));
  const header = digest.headersFor({ method: "GET", uri: "/dir/index.html" })["authorization"];
  const [ha1, ha2] = [md5("Mufasa:testrealm@host.com:Circle Of Life"), md5("GET:/dir/index.html")];
  expect([ha1, ha2]).toEqual(["939e7578ed9e3c518a452acee763bce9", "39aff3a2bab6126f332b942af96d3366"]);
  expect(field(header, "response")).toBe(md5(`${ha1}:dcd98b7102dd2f0e8b11d0f600bfb0c093:00000001:${field(header, "cnonce")}:auth:${ha2}`));
  expect(field(header, "opaque")).toBe("5ccc069c403ebaf9f0171e9517f40e41");
});

test("nothing is sent before the first challenge; then every request carries the answer, counted up, with its own uri", () => {
  const digest = createDigest(USER, Math.random);
  expect(digest.headersFor(request)).toEqual({});
  expect(digest.answered(request, challenge(NONCE))).toBe(true);
  const first = digest.headersFor(request)["authorization"];
  expect(digest.answered(request, { status: 200, headers: {} })).toBe(false);
  const second = digest.headersFor({ ...request, uri: "/inventory.json" })["authorization"];
  expect([field(first, "nc"), field(second, "nc")]).toEqual(["00000001", "00000002"]);
  expect([field(first, "uri"), field(second, "uri")]).toEqual([request.uri, "/inventory.json"]);
  expect(field(first, "cnonce")).not.toBe(field(second, "cnonce"));
  expect(first).toContain("qop=auth,");
  expect(first).toContain("algorithm=MD5");
});

test("a stale nonce is answered once with the new one, counting from 1; a second refusal stands", () => {
  const digest = createDigest(USER, random);
  digest.answered(request, challenge(NONCE));
  digest.headersFor(request);
  digest.answered(request, { status: 200, headers: {} });
  digest.headersFor(request);
  expect(digest.answered(request, challenge('Digest realm="enphaseenergy.com", qop="auth", nonce="new", stale=true'))).toBe(true);
  const header = digest.headersFor(request)["authorization"];
  expect([field(header, "nonce"), field(header, "nc")]).toEqual(["new", "00000001"]);
  expect(digest.answered(request, challenge(NONCE))).toBe(false);
  expect(digest.answered(request, challenge(NONCE))).toBe(true);
});

test.each([
  ["no challenge", {}],
  ["Basic only", { "www-authenticate": 'Basic realm="x"' }],
  ["no nonce", { "www-authenticate": 'Digest realm="x"' }],
  ["SHA-256 only", { "www-authenticate": 'Digest realm="x", nonce="n", algorithm=SHA-256' }],
  ["auth-int only", { "www-authenticate": 'Digest realm="x", nonce="n", qop="auth-int"' }],
])("%s is not answered", (_name, headers) => {
  expect(createDigest(USER, random).answered(request, { status: 401, headers })).toBe(false);
});

test("a challenge among others, unquoted, escaped or without qop is understood", () => {
  const digest = createDigest({ username: 'a"b', password: "p" }, random);
  expect(
    digest.answered(request, challenge(['Basic realm="x"', 'digest realm="say \\"hi\\"", nonce=abc, nonce="second", algorithm=md5'])),
  ).toBe(true);
  const header = digest.headersFor(request)["authorization"] ?? "";
  expect(header).toContain('realm="say \\"hi\\""');
  expect(header).toContain('username="a\\"b"');
  expect(field(header, "nonce")).toBe("abc");
  expect(header).not.toContain("qop");
  expect(field(header, "response")).toBe(md5(`${md5('a"b:say "hi":p')}:abc:${md5(`GET:${request.uri}`)}`));
  expect(createDigest(USER, random).answered(request, challenge('Digest nonce="n"'))).toBe(true);
});

describe("users", () => {
  test.each([
    ["121426016034", "B285db82"],
    ["121430030548", "34Be4859"],
    ["121938119871", "be84Abe8"],
    ["121621012167", "2eDhg4Ce"],
    ["122000000116", "e44hae5g"],
    ["122112123456", "d525d2jh"],
    ["122238082763", "9f7b836e"],
    ["123456789012", "7edE24ed"],
    ["202305058594", "de8e3226"],
    ["122000000031", "kc2483jh"],
  ])("the installer of %s has the computed password", (serial, password) => {
    expect(installerPassword(serial)).toBe(password);
  });

  test("each user gets the password that the gateway expects", () => {
    const serial = "121426016034";
    const installer = { username: "installer", password: "B285db82" };
    expect(localCredential({ username: "", password: "" }, serial)).toEqual(installer);
    expect(localCredential({ username: "installer", password: "ignored" }, serial)).toEqual(installer);
    expect(localCredential({ username: "home@example.com", password: "cloud" }, serial)).toEqual(installer);
    expect(localCredential({ username: "envoy", password: "" }, serial)).toEqual({ username: "envoy", password: "016034" });
    expect(localCredential({ username: "envoy", password: "mine" }, serial)).toEqual({ username: "envoy", password: "mine" });
    expect(localCredential({ username: "anna", password: "hers" }, serial)).toEqual({ username: "anna", password: "hers" });
  });

  test("any serial gives eight printable characters", () => {
    const passwords = Array.from({ length: 20_000 }, (_, index) => installerPassword(String(121_000_000_000 + index)));
    for (const password of passwords) expect(password).toMatch(/^[2-9a-z@A-Z]{8}$/);
    expect(new Set(passwords).size).toBeGreaterThan(19_000);
  });
});

let close: () => void = () => {};
afterEach(() => close());

test("a server that checks digest by the RFC accepts a session at the cost of one request more", async () => {
  const seen: number[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    const header = headers.authorization;
    const nc = field(header, "nc");
    const good = md5(`${md5(`envoy:enphaseenergy.com:034567`)}:4a5b:${nc}:${field(header, "cnonce")}:auth:${md5(`${method}:${url}`)}`);
    const status = header !== undefined && field(header, "response") === good ? 200 : 401;
    seen.push(status);
    response.writeHead(status, status === 401 ? { "www-authenticate": NONCE } : {}).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  close = () => server.close();
  const digest = createDigest(USER, Math.random);
  const get = async (uri: string): Promise<number> => {
    const ask = () =>
      fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${uri}`, { headers: digest.headersFor({ method: "GET", uri }) });
    let reply = await ask();
    if (digest.answered({ method: "GET", uri }, { status: reply.status, headers: Object.fromEntries(reply.headers) })) reply = await ask();
    return reply.status;
  };
  expect([await get("/a?b=1"), await get("/c"), await get("/d")]).toEqual([200, 200, 200]);
  expect(seen).toEqual([401, 200, 200, 200]);
});
