import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { distinctIds, safeId, slug } from "../../src/entities/ids.ts";
import { brief, iso, kwh, whole } from "../../src/entities/units.ts";

describe("slug", () => {
  test.each([
    ["Envoy 1234 Current power production l1", "envoy_1234_current_power_production_l1"],
    ["Encharge 1 Communication level 2.4 GHz", "encharge_1_communication_level_2_4_ghz"],
    ["AC/Water heater", "ac_water_heater"],
    ["Straße  Ærø Łódź é", "strasse_aero_lodz_e"],
    ["Anna's load", "annas_load"],
    ["--", "unknown"],
    ["", "unknown"],
  ])("of %j is %j", (text, is) => expect(slug(text)).toBe(is));
});

describe("ids", () => {
  test("are lower case and hold no topic level or wildcard", () => {
    expect(safeId("NC1")).toBe("nc1");
    expect(safeId("a/+#b")).toBe("a_b");
    expect(safeId("")).toBe("_");
  });

  test("stay distinct, and what is safe already keeps its own", () => {
    expect([...distinctIds(["NC1", "nc1", "Nc1"])]).toEqual([
      ["nc1", "nc1"],
      ["NC1", "nc1-2"],
      ["Nc1", "nc1-3"],
    ]);
    fc.assert(
      fc.property(fc.uniqueArray(fc.string()), (texts) => {
        const ids = [...distinctIds(texts).values()];
        expect(ids).toHaveLength(texts.length);
        expect(new Set(ids).size).toBe(ids.length);
        expect(ids.every((id) => /^[a-z0-9_-]+$/.test(id))).toBe(true);
        expect(distinctIds([...texts].reverse())).toEqual(distinctIds(texts));
      }),
    );
  });
});

describe("units", () => {
  test("kWh have three decimals, W none, and no negative zero", () => {
    expect(kwh(1234.6)).toBe(1.235);
    expect(kwh(null)).toBe(null);
    expect(kwh(undefined)).toBe(null);
    expect(Object.is(whole(-0.2), 0)).toBe(true);
    expect(whole(null)).toBe(null);
  });

  test("times are ISO 8601, never and no date are unknown", () => {
    expect(iso(1_000)).toBe("1970-01-01T00:00:01.000Z");
    expect([iso(0), iso(-1), iso(9e15), iso(Number.NaN), iso(null)]).toEqual([null, null, null, null, null]);
  });

  test("texts are no longer than Home Assistant takes", () => {
    expect(brief("x".repeat(255))).toHaveLength(255);
    expect(brief(`${"x".repeat(255)}y`)).toBe(`${"x".repeat(254)}…`);
    expect(brief(null)).toBe(null);
  });
});
