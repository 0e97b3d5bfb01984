/** A doubling wait: `first` ms, then twice as long each time, never over `cap` ms. */
export interface BackOff {
  readonly first: number;
  readonly cap: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The gateway does not answer. */
export const GATEWAY_BACK_OFF: BackOff = { first: SECOND, cap: MINUTE };
/** A person is needed. */
export const REFUSED_BACK_OFF: BackOff = { first: 5 * MINUTE, cap: 6 * HOUR };
/** The cloud answered wrongly or not in time: the try may have counted as a login there. */
export const CLOUD_BACK_OFF: BackOff = { first: 10 * MINUTE, cap: 2 * HOUR };
/** The cloud could not be connected to: nothing was counted there. */
export const CLOUD_AWAY_BACK_OFF: BackOff = { first: 30 * SECOND, cap: 15 * MINUTE };
/** The cloud refused us, or the gateway refused a token fresh from the cloud: accounts get locked by insisting. */
export const LOGIN_HOLD: BackOff = { first: HOUR, cap: 24 * HOUR };

/** The link to a gateway counts as restored only after it held so long: a flapping one keeps backing off. */
export const HELD_MS = 60 * SECOND;

/**
 * Milliseconds to wait before the `attempt`-th retry (1 is the first), between half of the doubled wait and the whole of it,
 * so that many bridges do not come back in step. `random` gives 0 ≤ x < 1.
 */
export function backOffMs({ first, cap }: BackOff, attempt: number, random: () => number): number {
  const whole = Math.min(cap, first * 2 ** Math.min(Math.max(0, attempt - 1), 40));
  return Math.round(whole * (0.5 + random() / 2));
}
