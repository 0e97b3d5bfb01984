import { spawn } from "node:child_process";
import type { Clock } from "../lib/clock.ts";

/** What systemd is told of a service of `Type=notify`. Nothing throws: whether systemd hears it must not stop the bridge. */
export interface Notifier {
  /** The start is done; `status` stands in `systemctl status`. */
  ready(status: string): Promise<void>;
  status(text: string): Promise<void>;
  stopping(): Promise<void>;
  watchdog(): Promise<void>;
  /** How often the watchdog has to be fed at the latest, ms; `null` without one. */
  readonly watchdogMs: number | null;
}

/** Runs `systemd-notify` with `args`; resolves when it has ended. */
export type Run = (args: readonly string[]) => Promise<void>;

/**
 * Speaks to systemd where it started us (`NOTIFY_SOCKET`), else to nobody. Node cannot send to a datagram socket in the file system,
 * and packages that can bring native code; `systemd-notify` is there wherever systemd is. The unit needs `NotifyAccess=all` for it.
 */
export function createNotifier(env: Readonly<Record<string, string | undefined>>, run: Run = runSystemdNotify): Notifier {
  const heard = (env["NOTIFY_SOCKET"] ?? "") !== "";
  const tell = (...args: string[]): Promise<void> => (heard ? run(args).catch(() => {}) : Promise.resolve());
  const microseconds = Number(env["WATCHDOG_USEC"] ?? "");
  return {
    ready: (status) => tell("--ready", `--status=${oneLine(status)}`),
    status: (text) => tell(`--status=${oneLine(text)}`),
    stopping: () => tell("STOPPING=1"),
    watchdog: () => tell("WATCHDOG=1"),
    watchdogMs: heard && microseconds > 0 ? microseconds / 1000 : null,
  };
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").slice(0, 200);

const NOTIFY_TIMEOUT_MS = 5_000;

function runSystemdNotify(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("systemd-notify", args, { stdio: "ignore", timeout: NOTIFY_TIMEOUT_MS, killSignal: "SIGKILL" });
    child.once("error", reject).once("close", () => resolve());
  });
}

/**
 * Feeds the watchdog for as long as progress is made, until `signal` aborts: three times in its time, each time only if
 * `trouble` says that nothing stands still. So a bridge that hangs is restarted, and one whose gateway is away is not.
 */
export async function feedWatchdog(notifier: Notifier, trouble: () => string | null, clock: Clock, signal: AbortSignal): Promise<void> {
  const { watchdogMs } = notifier;
  if (watchdogMs === null) return;
  while (!signal.aborted) {
    if (trouble() === null) await notifier.watchdog();
    await clock.sleep(watchdogMs / 3, signal).catch(() => {});
  }
}
