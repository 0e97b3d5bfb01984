import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkToken, readToken, refreshAt } from "../../src/auth/token.ts";
import { loadConfig } from "../../src/config.ts";
import { decodeBooks } from "../../src/energy/book-file.ts";
import { parseInfo } from "../../src/envoy/info.ts";
import { isBridgeError } from "../../src/model/errors.ts";
import type { Command, Platform } from "../../src/model/view.ts";
import { parseInput, parseValue } from "../../src/mqtt/command-value.ts";

const RUNS = { numRuns: 3_000, seed: 2_026 };
const SERIAL = "122000000001";
const CODES = ["config", "not_an_envoy", "token_unreadable", "token_expired", "token_wrong_gateway"] as const;

/** A text that began as a good one: parts are cut out, doubled, moved or overwritten. */
function spoiled(good: string, splinters: readonly string[]): fc.Arbitrary<string> {
  const splinter = fc.oneof(fc.constantFrom(...splinters), fc.string({ unit: "binary", maxLength: 8 }), fc.constant(good));
  const place = fc.nat({ max: good.length });
  const change = fc.tuple(place, fc.oneof(fc.nat({ max: 12 }), place), splinter);
  return fc.array(change, { maxLength: 5 }).map((changes) =>
    changes.reduce((text, [at, cut, put]) => {
      const from = Math.min(at, text.length);
      return (text.slice(0, from) + put + text.slice(from + cut)).slice(0, 20_000);
    }, good),
  );
}

/** What it gives, or `null` where it refuses in one clear line; anything else that is thrown fails the test. */
function refusedOr<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (!isBridgeError(error, ...CODES)) throw error;
    expect(error.message).toMatch(/^[^\n\r]{10,400}$/);
    return null;
  }
}

describe("whatever comes in, nothing is thrown past the edge", () => {
  test("the XML of /info", () => {
    const good = `<?xml version='1.0' encoding='UTF-8'?><envoy_info><time>1</time><device><sn>${SERIAL}</sn><pn>800-00555-r03</pn><software>D8.3.5433</software><imeter>true</imeter></device></envoy_info>`;
    const parts = [
      "<",
      ">",
      "</device>",
      "<device>",
      "<!--",
      "<![CDATA[",
      "<!DOCTYPE a [<!ENTITY b 'c'>]>",
      "&b;",
      "<sn/>",
      "<__proto__>x</__proto__>",
      "\0",
    ];
    expect(parseInfo(good, "https", "envoy").serial).toBe(SERIAL);
    fc.assert(
      fc.property(fc.oneof(spoiled(good, parts), fc.string({ unit: "binary" })), (text) => {
        const gateway = refusedOr(() => parseInfo(text, "https", "envoy"));
        if (gateway === null) return;
        expect(gateway.serial).toMatch(/^[a-z0-9_]{6,20}$/);
        expect(Number.isInteger(gateway.firmware.major)).toBe(true);
        expect(typeof gateway.metered).toBe("boolean");
      }),
      RUNS,
    );
  });

  test("the text of a token", () => {
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const jwt = (claims: unknown) => `${part({ alg: "ES256" })}.${part(claims)}.c2lnbmF0dXJl`;
    const good = jwt({ aud: SERIAL, exp: 1_900_000_000, iat: 1_800_000_000, enphaseUser: "owner" });
    const claim = fc.oneof(fc.jsonValue(), fc.double(), fc.constant(SERIAL), fc.integer({ min: 1, max: 4_000_000_000 }));
    const claims = fc.oneof(fc.record({ aud: claim, exp: claim, iat: claim, enphaseUser: claim }, { requiredKeys: [] }), fc.jsonValue());
    const now = 1_850_000_000_000;
    expect(checkToken(good, SERIAL, now).role).toBe("owner");
    fc.assert(
      fc.property(fc.oneof(spoiled(good, [".", "=", " ", "\n", '"', "e30"]), claims.map(jwt), fc.string({ unit: "binary" })), (text) => {
        const token = refusedOr(() => readToken(text));
        if (token === null) return;
        expect(Number.isFinite(token.expires)).toBe(true);
        expect(refreshAt(token)).toBeLessThanOrEqual(token.expires);
        const checked = refusedOr(() => checkToken(text, SERIAL, now));
        if (checked === null) return;
        expect(checked.expires).toBeGreaterThan(now);
        expect(checked.serials).toContain(SERIAL);
      }),
      RUNS,
    );
  });

  test("no complaint about a token shows it", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ABCDEFGHabcdefgh0123456789"), minLength: 24, maxLength: 60 }), (secret) => {
        for (const text of [
          secret,
          `${secret}.${secret}.${secret}`,
          `a.${Buffer.from(`{"exp":1,"aud":"x"}`).toString("base64url")}.${secret}`,
        ]) {
          expect(() => checkToken(text, SERIAL, 2_000_000)).toThrow(
            expect.objectContaining({ message: expect.not.stringContaining(secret) }),
          );
        }
      }),
      { ...RUNS, numRuns: 500 },
    );
  });

  test("the configuration file", () => {
    const good = `mqtt: {url: "mqtt://broker", username: u, password: "p"}
intervals: {meters: 10, production: 30}
time_zone: Europe/Amsterdam
tls: pin
controls: []
extra_endpoints:
  - {path: /ivp/livedata/status, topic: livedata, interval: 60}
gateways:
  - {host: a, name: A, site: home}
  - host: https://b:8443
    token: "x"
`;
    const parts = [
      ": ",
      "\n",
      "- ",
      "{",
      "}",
      "[",
      "&a ",
      "*a",
      "<<: *a",
      "!!js/function x",
      "!!binary x",
      "? ",
      "|",
      "\t",
      "__proto__: 1",
      "1e999",
      "null",
      "host: x\n",
    ];
    const load = (text: string) =>
      loadConfig({ env: { ENVOY2MQTT_CONFIG: "c.yaml" }, args: {}, readFile: () => text, credentialsDirectory: null, cwd: "/" });
    expect(load(good).gateways).toHaveLength(2);
    fc.assert(
      fc.property(fc.oneof(spoiled(good, parts), fc.string({ unit: "binary" })), (text) => {
        const config = refusedOr(() => load(text));
        if (config !== null) expect(Array.isArray(config.gateways)).toBe(true);
        expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
      }),
      { ...RUNS, numRuns: 1_000 },
    );
  });

  test("the payload of a command", () => {
    const platforms = fc.constantFrom<Platform>("number", "switch", "select", "button", "sensor");
    const command: Command = { control: "reserve", min: 0, max: 100, step: 5, options: ["a", "b"] };
    const json = fc.jsonValue().map((value) => Buffer.from(JSON.stringify(value)));
    const wrapped = fc.record({ value: fc.jsonValue(), transaction: fc.jsonValue() }).map((value) => Buffer.from(JSON.stringify(value)));
    const raw = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(json, wrapped, raw), platforms, (payload, platform) => {
        const input = parseInput(payload);
        if (input.fault !== null) {
          expect(input.fault).toMatch(/^[^\n]+$/);
          return;
        }
        const parsed = parseValue(input.value, platform, command);
        if (parsed.fault !== null) {
          expect(parsed.fault).toMatch(/^[^\n]+$/);
          return;
        }
        const steps = Number(parsed.value) / 5;
        if (platform === "number")
          expect([steps >= 0, steps <= 20, Math.abs(steps - Math.round(steps)) < 1e-6]).toEqual([true, true, true]);
        if (platform === "select") expect(command.options).toContain(parsed.value);
        expect(platform).not.toBe("sensor");
      }),
      RUNS,
    );
  });

  test("the energy books", () => {
    const good =
      '{"version":1,"clean":true,"timeZone":"UTC","steady":{"ms":5,"wall":6},"counters":{"production":{"value":3,"line":[1,0.5,2,3,2],"doubt":[9,1,10,2,2],"left":[[1,0,2,3,2]],"last":[3,77],"days":[20000],"starts":[1.25]}}}';
    fc.assert(
      fc.property(spoiled(good, ['"', "null", "{}", "[]", "1e999", "-", ",", '"__proto__":', "NaN"]), (text) => {
        let books: ReturnType<typeof decodeBooks>;
        try {
          books = decodeBooks(text);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          return;
        }
        for (const { guard } of books.accounts.values()) expect(guard.valueWh === null || Number.isFinite(guard.valueWh)).toBe(true);
      }),
      RUNS,
    );
  });
});
