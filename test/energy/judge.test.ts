import { describe, expect, test } from "vitest";
import { type Guard, judge, NEW_GUARD, type Verdict } from "../../src/energy/judge.ts";
import { WRAP_WH } from "../../src/energy/line.ts";

const MINUTE = 60_000;
const LIMIT = 5_000;
/** Steady time goes on over restarts: it began long ago. */
const LONG_AGO = 40 * 24 * 60 * MINUTE;

/** Feeds one reading a `step` and gives what was published after each. */
function feed(readings: readonly (number | null)[], { step = MINUTE, guard = NEW_GUARD as Guard, from = LONG_AGO, limit = LIMIT } = {}) {
  const verdicts: Verdict[] = [];
  let state = guard;
  readings.forEach((wh, index) => {
    const verdict = judge(state, wh, limit, from + index * step);
    state = verdict.guard;
    verdicts.push(verdict);
  });
  const causes = verdicts.flatMap(({ rebase }) => (rebase === null ? [] : [rebase.cause]));
  return { guard: state, values: verdicts.map((verdict) => verdict.guard.valueWh), causes, verdicts, end: from + readings.length * step };
}

const many = (count: number, wh: number | ((index: number) => number)) =>
  Array.from({ length: count }, (_, index) => (typeof wh === "number" ? wh : wh(index)));

describe("the guard of a counter", () => {
  test("publishes a counter that rises as it is", () => {
    const { values, causes, verdicts } = feed([1_000, 1_050, 1_100, 1_100, 1_150.5]);
    expect(values).toEqual([1_000, 1_050, 1_100, 1_100, 1_150.5]);
    expect(causes).toEqual([]);
    expect(verdicts.every(({ accepted }) => accepted)).toBe(true);
  });

  test.each([
    ["null", null],
    ["not a number", Number.NaN],
    ["endless", Number.POSITIVE_INFINITY],
    ["below zero", -3],
  ])("holds %s", (_name, wh) => {
    expect(feed([1_000, wh, 1_050]).values).toEqual([1_000, 1_000, 1_050]);
    expect(feed([wh]).values).toEqual([null]);
  });

  test("F-24: four minutes of zeros after a reboot are held, then the true counter goes on", () => {
    const { values, causes } = feed([5_000_000, ...many(9, 0), 5_000_300], { step: 30_000 });
    expect(values).toEqual([...many(10, 5_000_000), 5_000_300]);
    expect(causes).toEqual([]);
  });

  test("holds a fall of a few Wh at the highest, without a word", () => {
    const { values, causes } = feed([1_000, 996, 998, 1_001]);
    expect(values).toEqual([1_000, 1_000, 1_000, 1_001]);
    expect(causes).toEqual([]);
  });

  test("holds a rise that cannot have been made, and goes on from the true counter", () => {
    expect(feed([1_000, 9_000_000, 1_100]).values).toEqual([1_000, 1_000, 1_100]);
    // 5 kW make 83 Wh a minute, half as much again at most.
    expect(feed([1_000, 1_000 + 130]).values).toEqual([1_000, 1_130]);
    expect(feed([1_000, 1_000 + 131]).values).toEqual([1_000, 1_000]);
  });

  test("a long absence allows what can be made in it", () => {
    const { guard } = feed([1_000]);
    expect(judge(guard, 700_000, LIMIT, LONG_AGO + 14 * 24 * 60 * MINUTE).guard.valueWh).toBe(700_000);
  });

  test("without a limit nothing is too much", () => {
    expect(feed([1_000, 9_000_000], { limit: 0 }).values).toEqual([1_000, 9_000_000]);
  });

  test("follows a meter that began at zero once five readings over ten minutes agree, and counts what it counted", () => {
    const { values, causes, verdicts } = feed([800_000, ...many(12, (index) => index * 50), 650]);
    expect(values).toEqual([...many(11, 800_000), 800_500, 800_550, 800_650]);
    expect(causes).toEqual(["reset"]);
    expect(verdicts[11]?.rebase).toEqual({ cause: "reset", fromWh: 800_000, toWh: 500 });
  });

  test("follows another meter's number, lower or higher", () => {
    const lower = feed([800_000, ...many(12, (index) => 300_000 + index * 10)]);
    expect(lower.causes).toEqual(["replaced"]);
    expect(lower.values.at(-1)).toBe(800_110);
    const higher = feed([800_000, ...many(12, (index) => 8_276_000 + index * 10)]);
    expect(higher.causes).toEqual(["jump"]);
    expect(higher.values.at(-1)).toBe(800_110);
  });

  test("five readings in less than ten minutes are not enough, nor are ten minutes with four readings", () => {
    expect(feed([800_000, ...many(59, 0)], { step: 10_000 }).causes).toEqual([]);
    expect(feed([800_000, ...many(4, 0)], { step: 10 * MINUTE }).causes).toEqual([]);
    expect(feed([800_000, ...many(5, 0)], { step: 10 * MINUTE }).causes).toEqual(["reset"]);
  });

  test("readings that do not agree with one another are never followed", () => {
    const { values, causes } = feed([800_000, ...many(60, (index) => ((index * 7_919) % 13) * 60_000)]);
    expect(new Set(values)).toEqual(new Set([800_000]));
    expect(causes).toEqual([]);
  });

  test("a doubt ends with one good reading", () => {
    const { causes, values } = feed([800_000, ...many(9, 0), 800_020, ...many(9, 0), 800_040]);
    expect(causes).toEqual([]);
    expect(values.at(-1)).toBe(800_040);
  });

  test("a count that comes back after hours of zeros goes on without a fall and counts nothing twice", () => {
    const zeros = feed([800_000, ...many(120, (index) => index)]);
    expect(zeros.causes).toEqual(["reset"]);
    expect(zeros.values.at(-1)).toBe(800_119);
    const back = feed(
      many(12, (index) => 802_000 + index),
      { guard: zeros.guard, from: zeros.end },
    );
    expect(back.causes).toEqual(["returned"]);
    expect(back.values).toEqual([...many(10, 800_119), 802_010, 802_011]);
  });

  test("where the false count made more, the value waits for the true one", () => {
    const falsely = feed([800_000, ...many(60, (index) => 9_000_000 + index * 80)]);
    const back = feed(
      many(60, (index) => 801_000 + index * 80),
      { guard: falsely.guard, from: falsely.end },
    );
    expect(back.causes).toEqual(["returned"]);
    expect(back.values[11]).toBe(falsely.guard.valueWh);
    expect(back.values.at(-1)).toBe(801_000 + 59 * 80);
  });

  test("a count that comes back after more than a week is a new one", () => {
    const { guard, end } = feed([800_000, ...many(20, 0)]);
    const week = feed(many(30, 0), { guard, from: end, step: 6 * 60 * MINUTE });
    const back = feed(many(12, 900_000), { guard: week.guard, from: week.end });
    expect(back.causes).toEqual(["jump"]);
    expect(back.values.at(-1)).toBe(800_000);
  });

  test("F-25: the 32 bits of joules of an inverter are carried at once", () => {
    const { values, causes, verdicts } = feed([1_193_040, 3, 40], { limit: 400, step: 5 * MINUTE });
    expect(values.map((wh) => Math.round(wh ?? 0))).toEqual([1_193_040, 1_193_049, 1_193_086]);
    expect(causes).toEqual(["wrap"]);
    expect(verdicts[1]?.rebase).toEqual({ cause: "wrap", fromWh: 1_193_040, toWh: 3 });
  });

  test("F-25: production falls by as much for each inverter that starts anew", () => {
    const { values, causes } = feed([20_000_000, 20_000_050 - WRAP_WH, 20_000_090 - 3 * WRAP_WH]);
    expect(values.map((wh) => Math.round(wh ?? 0))).toEqual([20_000_000, 20_000_050, 20_000_090]);
    expect(causes).toEqual(["wrap", "wrap"]);
  });

  test("a wrap that was none is taken back", () => {
    const wrapped = feed([20_000_000, 20_000_050 - WRAP_WH]);
    const back = feed(
      many(12, (index) => 20_000_060 + index),
      { guard: wrapped.guard, from: wrapped.end },
    );
    expect(back.causes).toEqual(["returned"]);
    expect(back.values.at(-1)).toBe(20_000_071);
  });

  test("a fall to zero is no wrap, nor is one after so long that anything fits", () => {
    expect(feed([1_193_040, 0], { limit: 400, step: 5 * MINUTE }).values).toEqual([1_193_040, 1_193_040]);
    expect(feed([1_150_000, 3], { limit: 400, step: 7 * 24 * 60 * MINUTE }).values).toEqual([1_150_000, 1_150_000]);
  });

  test("a wrap after days away is believed once it stays", () => {
    const before = feed([1_170_000], { limit: 400 });
    const days = LONG_AGO + 3 * 24 * 60 * MINUTE;
    const { causes, values } = feed(
      many(12, (index) => 5_000 + index),
      { guard: before.guard, from: days, limit: 400 },
    );
    expect(causes).toEqual(["wrap"]);
    expect(values.at(-1)).toBeCloseTo(5_011 + WRAP_WH, 3);
  });

  test("after a spike that could have been made, the lower true counter is no other meter", () => {
    const { values, causes } = feed([1_000, 1_120, ...many(20, (index) => 1_002 + index), 1_130]);
    expect(values).toEqual([1_000, ...many(21, 1_120), 1_130]);
    expect(causes).toEqual([]);
    const doubted = feed([1_000, 1_120, 0, 1_050, 1_121]);
    expect(doubted.values.at(-1)).toBe(1_121);
  });

  test("a number that stood still for hours and then has all that was made meanwhile is taken once it stays", () => {
    const { values, causes } = feed([800_000, ...many(120, 800_000), ...many(12, (index) => 806_000 + index * 50)]);
    expect(values.at(130)).toBe(800_000);
    expect(values.at(-1)).toBe(806_550);
    expect(causes).toEqual([]);
  });

  test("a first zero is held unless it stays for an hour", () => {
    const { values } = feed(many(62, 0));
    expect(values.slice(0, 60)).toEqual(many(60, 0).map(() => null));
    expect(values[60]).toBe(0);
    expect(feed([0, 0, 5_000_000]).values).toEqual([null, null, 5_000_000]);
  });

  test("a meter that takes over from an estimate goes on from it", () => {
    const guard: Guard = { ...NEW_GUARD, valueWh: 700 };
    const { values, causes } = feed([90_000, 90_050], { guard });
    expect(values).toEqual([700, 750]);
    expect(causes).toEqual(["replaced"]);
  });

  test("remembers no more than three counts", () => {
    let { guard, end } = feed([800_000]);
    for (const level of [10_000, 5_000_000, 50_000, 9_000_000]) ({ guard, end } = feed(many(12, level), { guard, from: end }));
    expect(guard.left).toHaveLength(3);
    expect(guard.valueWh).toBe(800_000);
  });
});

describe("the limits of the guard, exactly", () => {
  const WEEK = 7 * 24 * 60 * MINUTE;
  const DAY = 24 * 60 * MINUTE;

  test("a number below zero is held as it is, whatever was before", () => {
    const { guard } = feed([1_000]);
    expect(judge(guard, -1, LIMIT, LONG_AGO + MINUTE)).toEqual({ guard, accepted: false, rebase: null });
  });

  test("a fall of 5 Wh is rounding, also below a rise; one more is a doubt", () => {
    const { guard } = feed([1_000]);
    const fallen = (wh: number) => judge(guard, wh, LIMIT, LONG_AGO + MINUTE).guard.doubt;
    expect(fallen(995)).toBeNull();
    expect(fallen(994.9)).toMatchObject({ firstWh: 994.9, count: 1 });
    const risen = feed([1_000, 1_050]).guard;
    expect(judge(risen, 995, LIMIT, LONG_AGO + 2 * MINUTE).guard.doubt).toBeNull();
    expect(judge(risen, 994, LIMIT, LONG_AGO + 2 * MINUTE).guard.doubt).not.toBeNull();
  });

  test("rounding below the last rise ends a doubt, and is the same guard where there was none", () => {
    const { guard } = feed([1_000, 1_050]);
    expect(judge(guard, 997, LIMIT, LONG_AGO + 2 * MINUTE).guard).toBe(guard);
    const doubting = feed([1_000, 1_050, 10]).guard;
    expect(doubting.doubt).not.toBeNull();
    expect(judge(doubting, 997, LIMIT, LONG_AGO + 3 * MINUTE).guard).toEqual({ ...doubting, doubt: null });
  });

  test.each([
    ["reset", 100],
    ["replaced", 500_000],
    ["jump", 900_000],
  ])("a step is called %s when it begins at %d Wh", (cause, first) => {
    expect(feed([800_000, ...many(12, (index) => first + index)]).causes).toEqual([cause]);
  });

  test("a count that was left a week ago to the minute comes back, one that was left longer ago does not", () => {
    const zeros = feed([800_000, ...many(12, 0)], { limit: 100 }).guard;
    const left = zeros.left[0]!;
    const backAfter = (ms: number) =>
      feed(
        many(11, (index) => 800_000 + index),
        { guard: zeros, from: left.at + ms - 10 * MINUTE, limit: 100 },
      ).causes;
    expect(backAfter(WEEK)).toEqual(["returned"]);
    expect(backAfter(WEEK + MINUTE)).toEqual(["jump"]);
  });

  test("counts that were left longer ago than a week are forgotten", () => {
    const first = feed([800_000, ...many(12, 0)], { limit: 100 }).guard;
    const leftAfter = (ms: number) =>
      feed(
        many(11, (index) => 400_000 + index),
        { guard: first, from: first.left[0]!.at + ms - 10 * MINUTE, limit: 100 },
      ).guard.left.map(({ rawWh }) => rawWh);
    expect(leftAfter(WEEK)).toEqual([0, 800_000]);
    expect(leftAfter(WEEK + MINUTE)).toEqual([0]);
  });

  test("when a count comes back, those that were left after it are forgotten, not those before", () => {
    const first = feed([800_000, ...many(12, 0)], { limit: 100 });
    const second = feed(
      many(12, (index) => 400_000 + index),
      { guard: first.guard, from: first.end + DAY, limit: 100 },
    );
    expect(second.guard.left).toHaveLength(2);
    const back = feed(
      many(12, (index) => 100 + index),
      { guard: second.guard, from: second.end, limit: 100 },
    );
    expect(back.causes).toEqual(["returned"]);
    expect(back.guard.left.map(({ rawWh }) => rawWh)).toEqual([800_000]);
  });

  test("what stood still for a day is taken after it, for longer it is a jump", () => {
    const { guard } = feed([800_000]);
    const riseAfter = (ms: number) =>
      feed(
        many(11, (index) => 820_000 + index),
        { guard: { ...guard, line: { ...guard.line!, at: LONG_AGO + ms - 20 * MINUTE } }, from: LONG_AGO + ms - 10 * MINUTE },
      );
    expect(riseAfter(DAY).causes).toEqual([]);
    expect(riseAfter(DAY).values.at(-1)).toBe(820_010);
    expect(riseAfter(DAY + MINUTE).causes).toEqual(["jump"]);
  });
});
