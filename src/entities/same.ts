import type { AnyPlace, DeviceDraft } from "./place.ts";

/** Whether two flat objects hold the very same values, for what need not be worked out again. */
export function sameFields(one: object, other: object): boolean {
  if (one === other) return true;
  let count = 0;
  for (const key in one) {
    if (!Object.is((one as Fields)[key], (other as Fields)[key])) return false;
    count += 1;
  }
  for (const _ in other) count -= 1;
  return count === 0;
}

interface Fields {
  readonly [key: string]: unknown;
}

/** Whether two places say the same: the same rows, read from the same values. */
export function samePlace(one: AnyPlace, other: AnyPlace): boolean {
  return (
    one.section === other.section &&
    one.path === other.path &&
    one.at === other.at &&
    one.stale === other.stale &&
    one.interval === other.interval &&
    one.prefix === other.prefix &&
    one.announced === other.announced &&
    one.elsewhere === other.elsewhere &&
    sameDevice(one.device, other.device) &&
    sameContext(one.context, other.context)
  );
}

export function sameDevice(one: DeviceDraft, other: DeviceDraft): boolean {
  return one === other || sameFields(one, other);
}

function sameContext(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  return typeof one === "object" && typeof other === "object" && one !== null && other !== null && sameFields(one, other);
}
