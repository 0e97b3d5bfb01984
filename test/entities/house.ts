import type { Capabilities } from "../../src/model/capabilities.ts";
import type { CtMeter, CtMeterGroup, DryContact, Encharge, EnsembleDevice, Groups } from "../../src/model/snapshot.ts";
import { inverters, NOW, powerEnergy } from "./facts.ts";

/** A house that has everything. */
export const EVERYTHING: Partial<Capabilities> = {
  meters: [
    { eid: 1, type: "production" },
    { eid: 2, type: "net-consumption" },
    { eid: 3, type: "storage" },
  ],
  phaseCount: 3,
  phaseMode: "three",
  production: "production.json",
  consumption: "production.json",
  netConsumption: "production.json",
  metering: true,
  inverters: "device_data",
  acBatteries: 2,
  acBatteryInventory: true,
  encharge: true,
  enpower: true,
  collar: true,
  c6: true,
  tariff: true,
  generator: true,
  generatorStatus: true,
  generatorMode: true,
  generatorSchedule: true,
  pelSettings: true,
  pvLimit: true,
  dpel: true,
};

export function ctMeter(activePower: number, some: Partial<CtMeter> = {}): CtMeter {
  return {
    eid: 1,
    measuredAt: NOW - 1000,
    energyDelivered: 9_000_001,
    energyReceived: 4_000_002,
    activePower,
    powerFactor: 0.99,
    voltage: 690.5,
    current: 12.5,
    frequency: 50,
    apparentPower: 2600,
    reactivePower: -120,
    state: "enabled",
    measurementType: "net-consumption",
    meteringStatus: "normal",
    statusFlags: [],
    ...some,
  };
}

export function ctGroup(activePower: number): CtMeterGroup {
  const third = ctMeter(activePower / 3);
  return { total: ctMeter(activePower), phases: { l1: third, l2: third, l3: third } };
}

function device(serial: string): EnsembleDevice {
  return {
    serial,
    partNumber: "830-01760-r37",
    firmware: "2.0.5663_rel/22.13",
    firmwareLoadedAt: NOW - 90 * 86_400_000,
    installedAt: NOW - 100 * 86_400_000,
    lastReportAt: NOW - 60_000,
    communicating: true,
    operating: null,
    adminState: 6,
    adminStateText: "ENCMN_MDE_ON_GRID",
  };
}

export function encharge(serial: string): Encharge {
  return {
    ...device(serial),
    bmuFirmware: "2.1.34",
    zigbeeFirmware: null,
    commLevel24Ghz: 5,
    commLevelSubGhz: 4,
    dcSwitchOff: false,
    capacityWh: 3500,
    revision: 2,
    ledStatus: 14,
    temperature: 29,
    maxCellTemp: 30,
    percentFull: 61,
  };
}

export function dryContact(id: string, loadName: string | null): DryContact {
  return {
    id,
    status: "closed",
    settings: {
      blackStart: 5,
      essentialStart: 32_400,
      essentialEnd: 57_600,
      generatorAction: "shed",
      gridAction: "apply",
      microGridAction: "schedule",
      loadName,
      manualOverride: null,
      mode: "soc",
      override: false,
      priority: 1,
      pvSerials: [],
      socHigh: 70,
      socLow: 25,
      type: "LOAD",
    },
  };
}

export const GROUPS: Groups = {
  home: {
    primaryInterface: "eth0",
    interfaceType: "ethernet",
    mac: "00:1d:c0:00:00:00",
    dhcp: true,
    softwareBuiltAt: NOW - 9e9,
    timezone: "Europe/Berlin",
  },
  production: { total: powerEnergy(3001), phases: { l1: powerEnergy(1001), l2: powerEnergy(1000), l3: powerEnergy(1000) } },
  consumption: { total: powerEnergy(1502, 2_000_000), phases: {} },
  netConsumption: { total: powerEnergy(-1499, 345_678), phases: { l1: powerEnergy(-500, 100_000) } },
  meters: new Map([
    ["production", ctGroup(3000)],
    ["net-consumption", ctGroup(-1500)],
    ["storage", { total: ctMeter(-750), phases: {} }],
  ]),
  inverters: inverters(3),
  acb: { power: 260, chargeWh: 446, stateOfCharge: 18, state: "discharging", batteries: 2 },
  acBatteries: new Map(
    ["121800000001", "121800000002"].map((serial) => [
      serial,
      {
        serial,
        partNumber: "800-00930-r03",
        sleepEnabled: false,
        chargeStatus: "idle",
        deviceStatus: ["envoy.global.ok"],
        percentFull: 18,
        maxCellTemp: 21,
        communicating: true,
        operating: true,
        producing: false,
        sleepMinSoc: 25,
        sleepMaxSoc: 30,
        sleepState: "awake",
        lastReportAt: NOW - 120_000,
        lastReportWatts: 130,
        maxReportWatts: 260,
      } as const,
    ]),
  ),
  encharges: new Map(["122100000001", "122100000002"].map((serial) => [serial, encharge(serial)])),
  enchargePower: new Map(
    ["122100000001", "122100000002"].map((serial) => [serial, { realPowerMw: -1_084_500, apparentPowerMva: 1_090_000, soc: 62 }]),
  ),
  enchargeAggregate: {
    availableWh: 4300,
    backupReserveWh: 700,
    stateOfCharge: 61,
    reserveSoc: 20,
    configuredReserveSoc: 20,
    maxCapacityWh: 7000,
  },
  batteryAggregate: { availableWh: 4746, stateOfCharge: 55, maxCapacityWh: 9400 },
  enpower: {
    ...device("122000000009"),
    zigbeeFirmware: null,
    gridMode: "multimode-ongrid",
    mainsAdminState: "closed",
    mainsOperState: "closed",
    temperature: 88,
    commLevel24Ghz: 5,
    commLevelSubGhz: 5,
  },
  dryContacts: new Map([
    ["NC1", dryContact("NC1", "Wärmepumpe")],
    ["NO1", dryContact("NO1", "")],
    ["NO2", { id: "NO2", status: null, settings: null }],
  ]),
  collar: {
    ...device("482500000001"),
    temperature: 42,
    midState: "close",
    gridState: "on_grid",
    controlError: 0,
    collarState: "Installed",
  },
  c6: { ...device("482500000002"), dmirVersion: "0.0.14" },
  tariff: {
    currency: "EUR",
    date: "1",
    logger: "gui",
    singleRate: { rate: 0.3, sell: 0.08 },
    seasons: [],
    seasonsSell: [],
    storage: {
      mode: "economy",
      operationModeSubType: "",
      reservedSoc: 20,
      veryLowSoc: 5,
      chargeFromGrid: true,
      date: "1",
      optSchedules: true,
    },
    document: {},
  },
  generator: {
    adminState: "open",
    operState: "close",
    adminMode: 2,
    schedule: 1,
    startSoc: 30,
    stopSoc: -1,
    excOn: 0,
    present: true,
    type: 1,
  },
  generatorConfig: {
    maxContinuousAmps: 60,
    minLoadingPercent: 5,
    maxEfficiencyPercent: 100,
    nameplateKw: 22,
    startMethod: "auto",
    warmUpMinutes: 5,
    coolDownMinutes: 5,
    type: "Standby",
    model: "G007042-3",
    manufacturer: "Generac",
    lastUpdatedBy: "ITK",
    generatorId: "3019990001",
    chargeFromGenerator: true,
  },
  generatorMode: { command: "auto", lastUpdatedBy: "ITK" },
  generatorSchedule: {
    frequencyWeeks: 3,
    start: 945,
    duration: 20,
    day: "Sat",
    startSoc: 30,
    stopSoc: 70,
    lastUpdatedBy: "ITK",
    schedule: { default: [] },
  },
  pelSettings: { PEL: false, Export_Limit_Type: "Aggregate", PEL_Limit: 0 },
  pvLimit: { enable: false, pv_limit_pct: 100 },
  dpel: { dynamic_pel_settings: { enable: true, export_limit: false, limit_value_W: 50, slots: [1, 2] } },
};
