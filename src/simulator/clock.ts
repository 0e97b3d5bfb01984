/** The wall clock that simulated parts read: milliseconds since 1970 UTC. Any `Clock` of the daemon fits. */
export interface SimulatorClock {
  now(): number;
}

/** The machine's own time. */
export const machineClock: SimulatorClock = { now: () => Date.now() };
