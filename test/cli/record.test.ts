import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createRedaction, type RecordedResponse, record } from "../../src/cli/record.ts";
import { BridgeError } from "../../src/model/errors.ts";

const json = (body: unknown): RecordedResponse => ({ status: 200, content_type: "application/json", body: JSON.stringify(body) });

describe("a recording", () => {
  test("holds what was answered, by request; what did not answer is left out and said", async () => {
    const notes: string[] = [];
    const get = (path: string): Promise<RecordedResponse> => {
      if (path === "/b") return Promise.reject(new BridgeError("timeout", "no answer"));
      return Promise.resolve(path === "/c" ? { status: 401, content_type: "text/html", body: "<html>" } : json([1]));
    };
    const recording = await record("8.3.1598", get, ["/a?x=1", "/b", "/c"], (line) => notes.push(line));
    expect(recording).toEqual({
      name: "8.3.1598",
      responses: {
        "GET /a?x=1": { status: 200, content_type: "application/json", body: "[1]" },
        "GET /c": { status: 401, content_type: "text/html", body: "<html>" },
      },
    });
    expect(notes).toEqual(["/a?x=1: 200", "/b: no answer", "/c: 401"]);
  });

  test("ends when told to stop, and on a mistake of ours", async () => {
    await expect(record("x", () => Promise.reject(new BridgeError("aborted", "stopped")))).rejects.toThrow("stopped");
    await expect(record("x", () => Promise.reject(new TypeError("bug")))).rejects.toThrow("bug");
  });
});

describe("what is taken out", () => {
  test("serial numbers become others, the same for the same, as text and as numbers", () => {
    const redact = createRedaction();
    const first = redact('{"serialNumber": "202212345678", "sn": 202212345679, "eid": 704643328, "meter": "202212345678EIM1"}');
    expect(first).toBe('{"serialNumber": "122000000001", "sn": 122000000002, "eid": 704643328, "meter": "122000000001EIM1"}');
    expect(redact("<sn>202212345679</sn>")).toBe("<sn>122000000002</sn>");
  });

  test.each([
    ['{"mac": "00:1D:C0:12:34:56"}', '{"mac": "00:00:5e:00:53:01"}'],
    ['{"ip": "192.168.1.20", "gateway": "0.0.0.0"}', '{"ip": "192.0.2.1", "gateway": "0.0.0.0"}'],
    ['{"ip6": "fe80::1dc0:12ff:fe34:5678"}', '{"ip6": "2001:db8::1"}'],
    ['{"ssid": "My \\"Home\\"", "site_id": 12345, "password" : "x"}', '{"ssid": "redacted", "site_id": 0, "password" : "redacted"}'],
    ['{"token": "eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiIxIn0.c2ln"}', '{"token": "redacted"}'],
    ["Bearer eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiIxIn0.c2ln by me@example.com", "Bearer redacted by someone@example.org"],
    ["<euaid>4c8675</euaid>", "<euaid>redacted</euaid>"],
  ])("%s", (given, expected) => {
    expect(createRedaction()(given)).toBe(expected);
  });

  test.each([
    ['{"whLifetime": 14578520.123456789, "time": 1694046740, "software": "D8.3.1598", "at": "12:34:56", "pf": 0.123456789012}'],
    ['{"build": "01.02.00", "date": "2026-11-25T12:00:00", "emu_sw_version": "8.2.4382"}'],
  ])("measurements, times and versions stay: %s", (given) => {
    expect(createRedaction()(given)).toBe(given);
  });
});

const folder = join(process.env["ENVOY_RECORDINGS"] ?? new URL("../../../shared", import.meta.url).pathname, "recordings");
describe.runIf(existsSync(folder))("recorded gateways", () => {
  test("stay JSON where they were, keep their keys, and hold no serial number of before", () => {
    for (const file of readdirSync(folder).filter((name) => name.endsWith(".json"))) {
      const redact = createRedaction();
      const { responses } = JSON.parse(readFileSync(join(folder, file), "utf8")) as { responses: Record<string, RecordedResponse> };
      for (const { body } of Object.values(responses)) {
        const redacted = redact(body);
        let before: unknown;
        try {
          before = JSON.parse(body);
        } catch {
          continue;
        }
        expect(shape(JSON.parse(redacted))).toEqual(shape(before));
      }
    }
  });
});

/** Keys and kinds only. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value !== "object" || value === null) return value === null ? null : typeof value;
  return Object.entries(value).map(([key, part]) => [/^\d+$/.test(key) ? "number" : key, shape(part)]);
}
