import { expect, test } from "vitest";
import { createNotifier, feedWatchdog } from "../../src/cli/systemd.ts";
import type { Clock } from "../../src/lib/clock.ts";

function notifier(env: Record<string, string>) {
  const said: string[][] = [];
  const run = (args: readonly string[]): Promise<void> => {
    said.push([...args]);
    return Promise.reject(new Error("gone"));
  };
  return { said, notifier: createNotifier(env, run) };
}

/** A clock that jumps to the end of every wait, and stops the whole after `rounds`. */
function jumping(rounds: number, stop: AbortController): Clock & { readonly waits: number[] } {
  const waits: number[] = [];
  return {
    waits,
    now: () => 0,
    monotonic: () => 0,
    sleep(ms, signal) {
      waits.push(ms);
      if (waits.length === rounds) stop.abort();
      return signal?.aborted ? Promise.reject(new Error("stopped")) : Promise.resolve();
    },
  };
}

test("tells systemd in its words, in one line, and bears that it does not hear", async () => {
  const { said, notifier: systemd } = notifier({ NOTIFY_SOCKET: "/run/systemd/notify", WATCHDOG_USEC: "60000000" });
  await systemd.ready("polling\none gateway");
  await systemd.status("outage");
  await systemd.watchdog();
  await systemd.stopping();
  expect(said).toEqual([["--ready", "--status=polling one gateway"], ["--status=outage"], ["WATCHDOG=1"], ["STOPPING=1"]]);
  expect(systemd.watchdogMs).toBe(60_000);
});

test("without systemd nothing is run", async () => {
  const { said, notifier: nobody } = notifier({ WATCHDOG_USEC: "60000000" });
  await nobody.ready("x");
  expect([said, nobody.watchdogMs]).toEqual([[], null]);
  await feedWatchdog(nobody, () => null, jumping(1, new AbortController()), new AbortController().signal);
  expect(said).toEqual([]);
});

test("the watchdog is fed by progress: not while something stands still", async () => {
  const { said, notifier: systemd } = notifier({ NOTIFY_SOCKET: "x", WATCHDOG_USEC: "60000000" });
  const stop = new AbortController();
  const clock = jumping(5, stop);
  const troubles = [null, null, "polling stands still", "polling stands still", null];
  await feedWatchdog(systemd, () => troubles.shift() ?? null, clock, stop.signal);
  expect(said).toHaveLength(3);
  expect(new Set(clock.waits)).toEqual(new Set([20_000]));
});

test("the real systemd-notify is run, or is missing, and neither throws", async () => {
  await createNotifier({ NOTIFY_SOCKET: "/nonexistent/notify" }).ready("x");
  await createNotifier({ NOTIFY_SOCKET: "/nonexistent/notify" }).stopping();
});
