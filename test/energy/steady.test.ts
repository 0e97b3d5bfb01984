import { expect, test } from "vitest";
import { createSteadyTime } from "../../src/energy/steady.ts";
import { handClock } from "./support.ts";

const SET = Date.UTC(2026, 5, 1);
const HOUR = 3_600_000;

test("goes on from a saved point by the longer of both clocks", () => {
  const clock = handClock(SET);
  const time = createSteadyTime({ ms: 1_000, wall: SET - HOUR }, clock);
  expect(time.read(SET)).toBe(1_000 + HOUR);
  clock.move(5_000);
  expect(time.read(SET + 2_000)).toBe(1_000 + HOUR + 5_000);
  expect(time.point()).toEqual({ ms: 1_000 + HOUR + 5_000, wall: SET + 2_000 });
});

test("a clock that was never set before gives no step of its own, and one that is not set now keeps the last one", () => {
  const clock = handClock(SET);
  const time = createSteadyTime({ ms: 1_000, wall: 0 }, clock);
  clock.move(7_000);
  expect(time.read(SET)).toBe(8_000);
  expect(time.point().wall).toBe(SET);
  expect(time.read(50_000)).toBe(8_000);
  expect(time.point()).toEqual({ ms: 8_000, wall: SET });
});

test("a wall clock that is set back does not bring time back", () => {
  const clock = handClock(SET);
  const time = createSteadyTime(null, clock);
  time.read(SET);
  clock.move(1_000);
  expect(time.read(SET - HOUR)).toBe(1_000);
  expect(time.point().wall).toBe(SET - HOUR);
});

test("the first moment of 2020 is a clock that was set", () => {
  const time = createSteadyTime(null, handClock(SET));
  time.read(Date.UTC(2020, 0, 1) - 1);
  expect(time.point().wall).toBe(0);
  time.read(Date.UTC(2020, 0, 1));
  expect(time.point().wall).toBe(Date.UTC(2020, 0, 1));
});
