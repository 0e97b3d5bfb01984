import { expect, test } from "vitest";
import { INTERVALS, pauseAfterFailure, pauseAfterSuccess } from "../../src/envoy/schedule.ts";
import { homeSource } from "../../src/envoy/sources/home.ts";
import { invertersSource } from "../../src/envoy/sources/inverters.ts";
import { metersSource } from "../../src/envoy/sources/meters.ts";
import { BridgeError } from "../../src/model/errors.ts";

const http = new BridgeError("http", "x", { status: 500 });
const timeout = new BridgeError("timeout", "x");
const busy = new BridgeError("http", "x", { status: 503, retryAfterMs: 90_000 });

test("a source is asked at its interval, a slower one less often, one that is read once no more", () => {
  expect(pauseAfterSuccess(metersSource, INTERVALS, 300)).toBe(10_000);
  expect(pauseAfterSuccess(metersSource, INTERVALS, 8000)).toBe(16_000);
  expect(pauseAfterSuccess(homeSource, INTERVALS, 8000)).toBe(Number.POSITIVE_INFINITY);
});

test("failures space the readings out, those of a core source to a minute", () => {
  const pauses = (failures: number[]) => failures.map((count) => pauseAfterFailure(metersSource, INTERVALS, 100, count, http));
  expect(pauses([1, 2, 3, 4, 50])).toEqual([10_000, 20_000, 40_000, 60_000, 60_000]);
  expect(pauseAfterFailure(invertersSource, INTERVALS, 100, 3, http)).toBe(900_000);
  expect(pauseAfterFailure(homeSource, INTERVALS, 100, 1, http)).toBe(900_000);
});

test("F-12: a source that never answers rests for an hour after three times, a core source does not", () => {
  expect(pauseAfterFailure(invertersSource, INTERVALS, 100, 2, timeout)).toBe(600_000);
  expect(pauseAfterFailure(invertersSource, INTERVALS, 100, 3, timeout)).toBe(3_600_000);
  expect(pauseAfterFailure(metersSource, INTERVALS, 60_000, 3, timeout)).toBe(120_000);
});

test("F-13: a busy gateway is left alone for as long as it says", () => {
  expect(pauseAfterFailure(metersSource, INTERVALS, 100, 1, busy)).toBe(90_000);
});
