import type { CounterValue } from "../../model/energy.ts";
import type { AcbAggregate, BatteryAggregate, EnchargeAggregate } from "../../model/snapshot.ts";
import { BINARY, CAPACITY, CHARGE, COUNTER, DIAGNOSTIC, PERCENT, POWER, STORED } from "../looks.ts";
import { section } from "../row.ts";
import { kwh, negative, positive, whole } from "../units.ts";

export interface BatteryContext {
  /** W, positive discharges. */
  readonly power: number | null;
  readonly source: "storage CT" | "batteries" | null;
}

export interface BatteryEnergyContext {
  readonly charged: CounterValue | undefined;
  readonly discharged: CounterValue | undefined;
}

const FROM =
  "the storage CT (`/ivp/meters/readings`), else the sum of the IQ batteries (`/ivp/ensemble/power`) and of the AC batteries (`/production.json`)";
const EXISTS = "a storage CT, IQ batteries or AC batteries are there";

export const BATTERY = section<BatteryContext>({ topic: "battery", exists: EXISTS }, [
  { key: "power", id: "battery_power", name: "Battery power", ...POWER, precision: 0, get: (c) => whole(c.power), from: FROM },
  {
    key: "charge_power",
    id: "battery_charge_power",
    name: "Battery charge power",
    ...POWER,
    precision: 0,
    get: (c) => negative(whole(c.power)),
    from: FROM,
  },
  {
    key: "discharge_power",
    id: "battery_discharge_power",
    name: "Battery discharge power",
    ...POWER,
    precision: 0,
    get: (c) => positive(whole(c.power)),
    from: FROM,
  },
  { key: "power_source", get: (c) => c.source, from: FROM },
]);

const energy = {
  ...COUNTER,
  precision: 3,
  lasting: true,
  from: "the storage CT's counters, else the bridge integrates the battery power",
} as const;

export const BATTERY_ENERGY = section<BatteryEnergyContext>({ topic: "energy", exists: EXISTS, lasts: "forever", qos: 1 }, [
  {
    ...energy,
    key: "battery_charged_kwh",
    id: "battery_charged_energy",
    name: "Battery energy charged",
    get: (c) => kwh(c.charged?.lifetimeWh),
  },
  {
    ...energy,
    key: "battery_discharged_kwh",
    id: "battery_discharged_energy",
    name: "Battery energy discharged",
    get: (c) => kwh(c.discharged?.lifetimeWh),
  },
  {
    key: "battery_energy_estimated",
    id: "battery_energy_estimated",
    name: "Battery energy estimated",
    ...BINARY,
    ...DIAGNOSTIC,
    get: (c) => c.charged?.estimated ?? null,
    from: "true where the bridge integrates it",
    lasting: true,
  },
]);

const SECCTRL = { from: "`/ivp/ensemble/secctrl`" } as const;

export const ENCHARGE_AGGREGATE = section<EnchargeAggregate | null>(
  { topic: "battery", exists: "IQ batteries are there; firmware 5.0 and later" },
  [
    { ...SECCTRL, key: "charge", id: "battery_level", ...CHARGE, get: (c) => c?.stateOfCharge, native: "envoy/battery_level" },
    {
      ...SECCTRL,
      key: "reserve_charge",
      id: "reserve_soc",
      name: "Reserve battery level",
      ...PERCENT,
      get: (c) => c?.reserveSoc,
      native: "envoy/reserve_soc",
    },
    {
      ...SECCTRL,
      key: "available_energy",
      id: "available_energy",
      name: "Available battery energy",
      ...STORED,
      icon: "mdi:battery-50",
      precision: 0,
      get: (c) => c?.availableWh,
      native: "envoy/available_energy",
    },
    {
      ...SECCTRL,
      key: "reserve_energy",
      id: "reserve_energy",
      name: "Reserve battery energy",
      ...STORED,
      precision: 0,
      get: (c) => c?.backupReserveWh,
      native: "envoy/reserve_energy",
    },
    {
      ...SECCTRL,
      key: "capacity",
      id: "max_capacity",
      name: "Battery capacity",
      ...CAPACITY,
      icon: "mdi:battery-charging-100",
      precision: 0,
      get: (c) => c?.maxCapacityWh,
      native: "envoy/max_capacity",
    },
    {
      ...SECCTRL,
      key: "configured_reserve_charge",
      id: "configured_reserve_soc",
      name: "Configured reserve battery level",
      ...CHARGE,
      get: (c) => c?.configuredReserveSoc,
      native: "envoy/configured_reserve_soc",
    },
  ],
);

export const BATTERY_AGGREGATE = section<BatteryAggregate | null>(
  { topic: "battery", exists: "AC batteries are there and `/ivp/ensemble/secctrl` answers" },
  [
    {
      ...SECCTRL,
      key: "aggregated_charge",
      id: "aggregated_soc",
      name: "Aggregated battery SOC",
      ...CHARGE,
      get: (c) => c?.stateOfCharge,
      native: "envoy/aggregated_soc",
    },
    {
      ...SECCTRL,
      key: "aggregated_available_energy",
      id: "aggregated_available_energy",
      name: "Aggregated available battery energy",
      ...STORED,
      precision: 0,
      get: (c) => c?.availableWh,
      native: "envoy/aggregated_available_energy",
    },
    {
      ...SECCTRL,
      key: "aggregated_capacity",
      id: "aggregated_max_battery_capacity",
      name: "Aggregated Battery capacity",
      ...CAPACITY,
      precision: 0,
      get: (c) => c?.maxCapacityWh,
      native: "envoy/aggregated_max_battery_capacity",
    },
  ],
);

export const ACB_ON_GATEWAY = section<AcbAggregate | null>({ topic: "battery", exists: "AC batteries are there" }, [
  {
    key: "ac_available_energy",
    id: "acb_available_energy",
    name: "Available ACB battery energy",
    ...STORED,
    precision: 0,
    get: (c) => c?.chargeWh,
    from: "`/production.json`, `/production`: `storage[0]`",
    native: "envoy/acb_available_energy",
  },
]);
