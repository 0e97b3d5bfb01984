import type { Inverter } from "../model/snapshot.ts";

const BEHIND_MS = 3_600_000;
const ALONE_MS = 36 * 3_600_000;

/** Epoch milliseconds of the first and the last of all reports. */
export interface Reports {
  readonly oldest: number | null;
  readonly newest: number | null;
}

export function reportsOf(inverters: Iterable<Inverter>): Reports {
  let oldest: number | null = null;
  let newest: number | null = null;
  for (const { lastReportAt } of inverters) {
    if (lastReportAt === null || lastReportAt <= 0) continue;
    if (oldest === null || lastReportAt < oldest) oldest = lastReportAt;
    if (newest === null || lastReportAt > newest) newest = lastReportAt;
  }
  return { oldest, newest };
}

/**
 * At night all inverters are silent, which is no problem: one is silent when it reported an hour before the one that reported last, or
 * not for 36 hours, or never.
 */
export function isSilent({ lastReportAt }: Inverter, { newest }: Reports, now: number): boolean {
  if (lastReportAt === null || lastReportAt <= 0) return true;
  return (newest !== null && newest - lastReportAt > BEHIND_MS) || now - lastReportAt > ALONE_MS;
}

/** Serials of those that are silent at `now` (epoch ms). */
export function silentOf(inverters: Iterable<Inverter>, now: number): string {
  const all = [...inverters];
  const reports = reportsOf(all);
  return all
    .filter((inverter) => isSilent(inverter, reports, now))
    .map(({ serial }) => serial)
    .join();
}
