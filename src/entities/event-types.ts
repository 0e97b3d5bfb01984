/** What can happen to a gateway; the options of its event entity. */
export const EVENT_TYPES = [
  "firmware_changed",
  "counter_reset",
  "grid_lost",
  "grid_restored",
  "device_appeared",
  "device_vanished",
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
