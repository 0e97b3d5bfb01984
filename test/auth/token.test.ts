import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byFreshness, checkToken, readToken, refreshAt } from "../../src/auth/token.ts";
import { isBridgeError } from "../../src/model/errors.ts";
import { DAY, HOUR, jwt, SERIAL, tokenAt } from "./support.ts";

const NOW = Date.UTC(2026, 5, 1, 12);
const codeOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return isBridgeError(error) ? error.code : String(error);
  }
  return "none";
};

test("serial, expiry, issue and role are read from the claims", () => {
  const text = tokenAt(NOW, 12 * HOUR, SERIAL, "installer");
  expect(readToken(` ${text}\n`)).toEqual({ text, serials: [SERIAL], expires: NOW + 12 * HOUR, issued: NOW, role: "installer" });
  expect(readToken(jwt({ aud: ["1", 2, "3"], exp: 1 }))).toMatchObject({ serials: ["1", "3"], issued: null, role: null });
  expect(readToken(jwt({ exp: 1 })).serials).toEqual([]);
});

test.each([
  ["empty", ""],
  ["a failure in words", "Error in generating Token"],
  ["HTML", "<html></html>"],
  ["three parts of nothing", "a.b.c"],
  ["two parts", "eyJhbGciOiJFUzI1NiJ9.eyJleHAiOjF9"],
  ["a header that is injected", `${tokenAt(NOW)}\r\nX-Evil: 1`],
  ["quotes", `"${tokenAt(NOW)}"`],
  ["too long", tokenAt(NOW) + "a".repeat(20_000)],
  ["no exp", jwt({ aud: SERIAL })],
  ["exp is text", jwt({ aud: SERIAL, exp: "soon" })],
  ["exp beyond all dates", jwt({ aud: SERIAL, exp: 1e300 })],
])("F-41: %s is no readable token, and is not quoted", (_name, text) => {
  expect(codeOf(() => readToken(text))).toBe("token_unreadable");
  expect(() => readToken(text)).toThrow(/copy the whole token from https:\/\/entrez.enphaseenergy.com, without quotes$/);
});

test("F-42: a token is held against the gateway and the time", () => {
  const token = tokenAt(NOW, DAY);
  expect(codeOf(() => checkToken(token, SERIAL, NOW + DAY - 1))).toBe("none");
  expect(codeOf(() => checkToken(token, SERIAL, NOW + DAY))).toBe("token_expired");
  expect(codeOf(() => checkToken(token, "122000000002", NOW))).toBe("token_wrong_gateway");
  expect(() => checkToken(jwt({ aud: "\r\n<b>", exp: NOW }), SERIAL, NOW)).toThrow("The token is for ???b?, not");
  expect(() => checkToken(jwt({ exp: NOW }), SERIAL, NOW)).toThrow("The token is for no gateway, not");
});

describe("renewal is due with a tenth of the life left, at most 30 days before the end", () => {
  test.each([
    ["owner, a year", 365 * DAY, 30 * DAY],
    ["installer, 12 hours", 12 * HOUR, 1.2 * HOUR],
    ["a hundred days", 100 * DAY, 10 * DAY],
  ])("%s", (_name, life, margin) => {
    expect(refreshAt(readToken(tokenAt(NOW, life)))).toBe(NOW + life - margin);
  });

  test("without an issue date the margin is that of the shortest known life", () => {
    expect(refreshAt(readToken(jwt({ aud: SERIAL, exp: NOW / 1000 })))).toBe(NOW - 72 * 60_000);
  });

  test("it is never after the end, whatever the claims say", () => {
    const time = fc.integer({ min: 0, max: 4_000_000_000 });
    fc.assert(
      fc.property(time, time, (iat, exp) => {
        const token = readToken(jwt({ aud: SERIAL, iat, exp }));
        expect(refreshAt(token)).toBeLessThanOrEqual(token.expires);
        expect(refreshAt(token)).toBeGreaterThanOrEqual(token.expires - 30 * DAY);
      }),
    );
  });
});

test("the token issued last comes first, then the one that lives longest", () => {
  const old = readToken(tokenAt(NOW - DAY));
  const fresh = readToken(tokenAt(NOW, HOUR));
  const longer = readToken(tokenAt(NOW, DAY));
  const undated = readToken(jwt({ aud: SERIAL, exp: NOW }));
  expect([undated, old, fresh, longer].sort(byFreshness)).toEqual([longer, fresh, old, undated]);
});

test("any text is either a token or unreadable, never another error", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.object().map((value) => jwt(value)),
        fc.string().map((text) => `${text}.${text}.${text}`),
      ),
      (text) => {
        expect(["none", "token_unreadable"]).toContain(codeOf(() => readToken(text)));
      },
    ),
  );
});
