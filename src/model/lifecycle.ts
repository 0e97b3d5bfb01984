/** The states of a gateway's session; the same names in code, on MQTT, in logs and in docs. */
export const LIFECYCLE_STATES = [
  "setup",
  "authenticating",
  "probing",
  "authenticated",
  "expired",
  "refreshing",
  "outage",
  "re-setup",
  "re-probing",
  "refused",
] as const;

export type LifecycleStateName = (typeof LIFECYCLE_STATES)[number];

/** How the renewal of the token goes: nothing to do, tried without success, or there is nothing to renew it with. */
export type Renewal = "ok" | "failing" | "impossible";

/** Where a gateway's session stands, as it is published. Times are milliseconds since 1970 UTC. */
export interface LifecycleStatus {
  readonly state: LifecycleStateName;
  readonly since: number;
  /** In plain words: why it is in this state and, where a person is needed, what to do. No secret. */
  readonly reason: string;
  /** When the next attempt is due, where one is planned. */
  readonly nextAttempt: number | null;
  /** `exp` of the token in use; `null` below firmware 7 or without one. */
  readonly tokenExpires: number | null;
  /** `enphaseUser` of the token: `owner`, `installer`, …; `null` without a token. */
  readonly role: string | null;
  readonly renewal: Renewal;
}
