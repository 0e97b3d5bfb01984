import { expect, test } from "vitest";
import { type Integral, integrate } from "../../src/energy/integral.ts";

const MINUTE = 60_000;
const run = (steps: readonly (readonly [number | null, number])[]) =>
  steps.reduce<Integral>((integral, [watts, minute]) => integrate(integral, watts, minute * MINUTE), { wh: 0, last: null });

test("power becomes energy, straight from one reading to the next", () => {
  expect(run([[600, 0]]).wh).toBe(0);
  expect(
    run([
      [600, 0],
      [600, 1],
      [1_200, 2],
    ]).wh,
  ).toBe(10 + 15);
});

test("nothing is counted over more than five minutes, nor from an unknown power or to one", () => {
  expect(
    run([
      [600, 0],
      [600, 5],
    ]).wh,
  ).toBe(50);
  expect(
    run([
      [600, 0],
      [600, 5.1],
      [600, 6.1],
    ]).wh,
  ).toBe(10);
  expect(
    run([
      [600, 0],
      [null, 1],
      [600, 2],
      [600, 3],
    ]).wh,
  ).toBe(10);
});

test.each([Number.NaN, -5, Number.POSITIVE_INFINITY])("%d W is unknown", (watts) => {
  expect(
    run([
      [600, 0],
      [watts, 1],
      [600, 2],
    ]),
  ).toEqual({ wh: 0, last: { watts: 600, at: 2 * MINUTE } });
});

test("an unknown power changes nothing where nothing was known, and time that goes back counts nothing", () => {
  const integral: Integral = { wh: 7, last: null };
  expect(integrate(integral, null, 0)).toBe(integral);
  expect(
    run([
      [600, 3],
      [600, 2],
      [600, 3],
    ]).wh,
  ).toBe(10);
});

test("no power at all is a power", () => {
  expect(
    run([
      [600, 0],
      [0, 1],
      [0, 2],
      [600, 3],
    ]),
  ).toEqual({ wh: 10, last: { watts: 600, at: 3 * MINUTE } });
});
