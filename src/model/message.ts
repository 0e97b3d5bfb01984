/** One MQTT message as data. */
export interface Message {
  readonly topic: string;
  /** Empty removes a retained topic. */
  readonly payload: string;
  readonly retain: boolean;
  readonly qos: 0 | 1;
  /** Seconds after which the broker forgets it (MQTT 5), `null` for never. */
  readonly expiry: number | null;
  /** `application/json` is said for JSON payloads (MQTT 5). */
  readonly json: boolean;
}

/**
 * In which order retained messages are offered after a (re)connect: info and values, then discovery (parents first), then each
 * gateway's availability; `bridge/state online` comes last and is the connection's own.
 */
export const STAGES = ["values", "discovery", "availability"] as const;
export type Stage = (typeof STAGES)[number];
