import fc from "fast-check";
import { expect, test } from "vitest";
import { fields, isNumber, isObject, objects, roundHalfEven } from "../../src/envoy/decode.ts";

function reading(object: unknown) {
  const said: string[] = [];
  if (!isObject(object)) throw new Error("not an object");
  return { f: fields(object, "thing", (what) => said.push(what)), said };
}

test.each([
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [-0.5, 0],
  [-1.5, -2],
  [-0.2, 0],
  [72316.5, 72316],
  [785.4999, 785],
  [-9.1, -9],
  [2 ** 52 + 1, 2 ** 52 + 1],
])("%d is rounded half to even: %d", (value, rounded) => {
  expect(Object.is(roundHalfEven(value), rounded)).toBe(true);
});

test("rounding gives a whole number no further than a half away", () => {
  fc.assert(
    fc.property(fc.double({ min: -1e12, max: 1e12, noNaN: true }), (value) => {
      const rounded = roundHalfEven(value);
      expect(Number.isInteger(rounded) && Math.abs(rounded - value) <= 0.5 && !Object.is(rounded, -0)).toBe(true);
    }),
  );
});

test("good fields are read as they are", () => {
  const { f, said } = reading(
    JSON.parse(`{"n":1.25,"i":2.5,"t":1752974748,"b":true,"bt":"false","b1":1,"b0":0,"s":"x","id":122000000001,"ids":" 42 ",
    "e":"open","l":["a"],"o":{"k":1},"os":[{"a":1}],"minus":-0.0}`),
  );
  expect(f.number("n")).toBe(1.25);
  expect(Object.is(f.number("minus"), 0)).toBe(true);
  expect(f.integer("i")).toBe(2);
  expect(f.time("t")).toBe(1752974748000);
  expect([f.boolean("b"), f.boolean("bt"), f.boolean("b1"), f.boolean("b0")]).toEqual([true, false, true, false]);
  expect(f.text("s")).toBe("x");
  expect([f.id("id"), f.id("ids")]).toEqual(["122000000001", "42"]);
  expect(f.oneOf("e", ["open", "closed"])).toBe("open");
  expect(f.texts("l")).toEqual(["a"]);
  expect(f.object("o")).toEqual({ k: 1 });
  expect(f.objects("os")).toEqual([{ a: 1 }]);
  expect(said).toEqual([]);
});

test("a missing key is null and said, and where it is optional not said", () => {
  const { f, said } = reading({ here: null });
  expect([f.number("gone"), f.optional.number("gone"), f.optional.text("here"), f.optional.optional.id("gone")]).toEqual([
    null,
    null,
    null,
    null,
  ]);
  expect(f.objects("gone")).toEqual([]);
  expect(said).toEqual(["thing: gone is missing", "thing: gone is missing"]);
});

test("F-23: a wrong type, infinity and a number beyond all reason cost their field and are said", () => {
  const { f, said } = reading(JSON.parse('{"inf":1e999,"huge":1e300,"text":"12","list":[1],"odd":"perhaps","two":2,"early":-1,"never":0}'));
  expect([f.number("inf"), f.integer("huge"), f.number("text"), f.time("early"), f.time("inf")]).toEqual([null, null, null, null, null]);
  expect([f.boolean("odd"), f.boolean("two"), f.text("list"), f.id("list"), f.oneOf("odd", ["open"])]).toEqual([
    null,
    null,
    null,
    null,
    null,
  ]);
  expect([f.texts("list"), f.texts("text"), f.object("list"), f.objects("text")]).toEqual([null, null, null, []]);
  expect(said).toHaveLength(14);
  expect(f.time("never")).toBeNull();
  expect(said).toHaveLength(14);
  expect(said).toContain("thing: inf is not a number");
});

test("an inherited or poisoned key is no field", () => {
  const { f } = reading(JSON.parse('{"__proto__":{"number":5}}'));
  expect([f.optional.number("number"), f.optional.object("constructor"), f.optional.text("toString")]).toEqual([null, null, null]);
});

test("too long a text or identifier is none", () => {
  const { f } = reading({ long: "x".repeat(5000), id: "7".repeat(65), blank: "  ", part: 1.5 });
  expect([f.text("long"), f.id("id"), f.id("blank"), f.id("part")]).toEqual([null, null, null, null]);
});

test("objects of a list: what is none is left out and said", () => {
  const said: string[] = [];
  expect(objects([{ a: 1 }, 5, null, []], "list", (what) => said.push(what))).toEqual([{ a: 1 }]);
  expect(objects("no", "list", (what) => said.push(what))).toEqual([]);
  expect(said).toEqual(["list: an entry is not an object", "list: not a list"]);
});

test("whatever a field holds, reading it never throws", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string(), (value, key) => {
      const { f } = reading({ [key]: value });
      for (const read of [f.number, f.integer, f.time, f.boolean, f.text, f.id, f.texts, f.object, f.objects]) read(key);
      expect(isNumber(f.number(key)) || f.number(key) === null).toBe(true);
    }),
  );
});
