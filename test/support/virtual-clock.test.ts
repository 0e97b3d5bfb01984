import { expect, test } from "vitest";
import { createVirtualClock } from "./virtual-clock.ts";

test("sleepers wake in the order of their times, and time stands still between", async () => {
  const clock = createVirtualClock({ start: 1_000 });
  const woken: string[] = [];
  const late = clock.sleep(20).then(() => woken.push(`late at ${clock.now()}`));
  const early = clock.sleep(10).then(() => woken.push(`early at ${clock.now()}`));
  await clock.advance(9);
  expect(woken).toEqual([]);
  await clock.advance(11);
  await Promise.all([late, early]);
  expect(woken).toEqual(["early at 1010", "late at 1020"]);
});

test("an aborted sleep rejects with the signal's reason and leaves nothing behind", async () => {
  const clock = createVirtualClock();
  const stop = new AbortController();
  const slept = clock.sleep(10, stop.signal);
  stop.abort(new Error("stopped"));
  await expect(slept).rejects.toThrow("stopped");
  await expect(clock.sleep(1, stop.signal)).rejects.toThrow("stopped");
  expect(clock.pending()).toBe(0);
});

test("a loop of sleeps runs as often as it would in real time", async () => {
  const clock = createVirtualClock();
  let rounds = 0;
  const stop = new AbortController();
  const loop = (async () => {
    while (true) {
      await clock.sleep(60_000, stop.signal);
      rounds += 1;
    }
  })().catch(() => {});
  await clock.advance(3_600_000);
  expect(rounds).toBe(60);
  stop.abort();
  await loop;
});

test("a jump of the wall clock moves no duration", async () => {
  const clock = createVirtualClock({ start: 0 });
  clock.jump(86_400_000);
  expect([clock.now(), clock.monotonic()]).toEqual([86_400_000, 0]);
});

test("advanceUntil stops at the moment the condition holds and gives up at its limit", async () => {
  const clock = createVirtualClock({ start: 0 });
  let done = false;
  const work = clock.sleep(5_000).then(() => {
    done = true;
  });
  await clock.advanceUntil(() => done);
  await work;
  expect(clock.now()).toBe(5_000);
  await expect(clock.advanceUntil(() => false, 1_000)).rejects.toThrow("not within 1000 ms");
});

test("virtual time does not overtake real work", async () => {
  let busy = true;
  const clock = createVirtualClock({ start: 0, busy: () => busy });
  let wokeWhileBusy: boolean | null = null;
  const work = clock.sleep(10).then(() => {
    wokeWhileBusy = busy;
  });
  setTimeout(() => {
    busy = false;
  }, 20);
  await clock.advance(10);
  await work;
  expect(wokeWhileBusy).toBe(false);
});
