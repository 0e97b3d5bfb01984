import type { Look } from "./row.ts";

/** How the kinds of values look in Home Assistant, once for all rows. */
export const POWER = { deviceClass: "power", unit: "W", stateClass: "measurement" } as const satisfies Look;
/** Lifetime counters: kWh with three decimals are exact watt hours. */
export const COUNTER = { deviceClass: "energy", unit: "kWh", stateClass: "total_increasing" } as const satisfies Look;
/** A sliding sum has no statistics. */
export const SLIDING = { deviceClass: "energy", unit: "kWh" } as const satisfies Look;
export const STORED = { deviceClass: "energy_storage", unit: "Wh", stateClass: "measurement" } as const satisfies Look;
export const CAPACITY = { deviceClass: "energy_storage", unit: "Wh" } as const satisfies Look;
export const CHARGE = { deviceClass: "battery", unit: "%", stateClass: "measurement" } as const satisfies Look;
export const PERCENT = { unit: "%", stateClass: "measurement" } as const satisfies Look;
export const VOLTAGE = { deviceClass: "voltage", unit: "V", stateClass: "measurement" } as const satisfies Look;
export const CURRENT = { deviceClass: "current", unit: "A", stateClass: "measurement" } as const satisfies Look;
export const FREQUENCY = { deviceClass: "frequency", unit: "Hz", stateClass: "measurement" } as const satisfies Look;
export const POWER_FACTOR = { deviceClass: "power_factor", stateClass: "measurement" } as const satisfies Look;
export const APPARENT = { deviceClass: "apparent_power", unit: "VA", stateClass: "measurement" } as const satisfies Look;
export const REACTIVE = { deviceClass: "reactive_power", unit: "var", stateClass: "measurement" } as const satisfies Look;
export const CELSIUS = { deviceClass: "temperature", unit: "°C", stateClass: "measurement" } as const satisfies Look;
export const FAHRENHEIT = { deviceClass: "temperature", unit: "°F", stateClass: "measurement" } as const satisfies Look;
export const TIMESTAMP = { deviceClass: "timestamp" } as const satisfies Look;
export const SECONDS = { deviceClass: "duration", unit: "s", stateClass: "measurement" } as const satisfies Look;
export const MILLISECONDS = { deviceClass: "duration", unit: "ms", stateClass: "measurement" } as const satisfies Look;
export const MINUTES = { deviceClass: "duration", unit: "min" } as const satisfies Look;
export const COUNT = { stateClass: "measurement" } as const satisfies Look;
export const ENUM = { deviceClass: "enum" } as const satisfies Look;
export const BINARY = { platform: "binary_sensor" } as const satisfies Look;
export const CONNECTIVITY = { platform: "binary_sensor", deviceClass: "connectivity" } as const satisfies Look;
export const PROBLEM = { platform: "binary_sensor", deviceClass: "problem" } as const satisfies Look;
export const DIAGNOSTIC = { category: "diagnostic" } as const satisfies Look;
