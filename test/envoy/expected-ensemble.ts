import type {
  AcBattery,
  C6Combiner,
  Collar,
  DryContactSettings,
  Encharge,
  EnchargePower,
  Enpower,
  Groups,
  Snapshot,
  Tariff,
} from "../../src/model/snapshot.ts";

/** What we read, as the reference library names it; `undefined` for what was not read. */
export function ensembleAsReference(snapshot: Snapshot): { readonly [key: string]: unknown } {
  const groups = Object.fromEntries(Object.entries(snapshot).map(([name, reading]) => [name, reading.value]));
  return asReference(groups as Partial<Groups>);
}

/** Our groups in the names of the reference library. */
export function asReference(groups: Partial<Groups>): Record<string, unknown> {
  const contacts = [...(groups.dryContacts?.values() ?? [])];
  return {
    acb_inventory: byKey(groups.acBatteries, acBattery),
    encharge_inventory: byKey(groups.encharges, encharge),
    encharge_power: byKey(groups.enchargePower, enchargePower),
    encharge_aggregate: groups.enchargeAggregate && {
      available_energy: groups.enchargeAggregate.availableWh,
      backup_reserve: groups.enchargeAggregate.backupReserveWh,
      configured_reserve_state_of_charge: groups.enchargeAggregate.configuredReserveSoc,
      max_available_capacity: groups.enchargeAggregate.maxCapacityWh,
      reserve_state_of_charge: groups.enchargeAggregate.reserveSoc,
      state_of_charge: groups.enchargeAggregate.stateOfCharge,
    },
    battery_aggregate: groups.batteryAggregate && {
      available_energy: groups.batteryAggregate.availableWh,
      max_available_capacity: groups.batteryAggregate.maxCapacityWh,
      state_of_charge: groups.batteryAggregate.stateOfCharge,
    },
    enpower: groups.enpower && enpower(groups.enpower),
    collar: groups.collar && collar(groups.collar),
    c6cc: groups.c6 && c6(groups.c6),
    dry_contact_status: Object.fromEntries(contacts.map(({ id, status }) => [id, { id, status }])),
    dry_contact_settings: Object.fromEntries(contacts.flatMap(({ id, settings }) => (settings ? [[id, relay(id, settings)]] : []))),
    tariff: groups.tariff && tariff(groups.tariff),
    ...generator(groups),
  };
}

function byKey<T>(map: ReadonlyMap<string, T> | undefined, convert: (value: T) => object): object | undefined {
  return map && Object.fromEntries([...map].map(([key, value]) => [key, convert(value)]));
}

const seconds = (ms: number | null) => (ms === null ? null : ms / 1000);

function device(value: Omit<Enpower, "temperature"> | Encharge | Collar | C6Combiner): object {
  return {
    admin_state: value.adminState,
    admin_state_str: value.adminStateText,
    communicating: value.communicating,
    firmware_loaded_date: seconds(value.firmwareLoadedAt),
    firmware_version: value.firmware,
    installed_date: seconds(value.installedAt),
    last_report_date: seconds(value.lastReportAt),
    part_number: value.partNumber,
    serial_number: value.serial,
  };
}

function encharge(value: Encharge): object {
  return {
    ...device(value),
    bmu_firmware_version: value.bmuFirmware,
    comm_level_2_4_ghz: value.commLevel24Ghz,
    comm_level_sub_ghz: value.commLevelSubGhz,
    dc_switch_off: value.dcSwitchOff,
    encharge_capacity: value.capacityWh,
    encharge_revision: value.revision,
    led_status: value.ledStatus,
    max_cell_temp: value.maxCellTemp,
    operating: value.operating,
    percent_full: value.percentFull,
    temperature: value.temperature,
    temperature_unit: "C",
    zigbee_dongle_fw_version: value.zigbeeFirmware,
  };
}

function enchargePower(value: EnchargePower): object {
  return { apparent_power_mva: value.apparentPowerMva, real_power_mw: value.realPowerMw, soc: value.soc };
}

function enpower(value: Enpower): object {
  return {
    ...device(value),
    comm_level_2_4_ghz: value.commLevel24Ghz,
    comm_level_sub_ghz: value.commLevelSubGhz,
    grid_mode: value.gridMode,
    mains_admin_state: value.mainsAdminState,
    mains_oper_state: value.mainsOperState,
    operating: value.operating,
    temperature: value.temperature,
    temperature_unit: "F",
    zigbee_dongle_fw_version: value.zigbeeFirmware,
  };
}

function collar(value: Collar): object {
  return {
    ...device(value),
    collar_state: value.collarState,
    control_error: value.controlError,
    grid_state: value.gridState,
    mid_state: value.midState,
    temperature: value.temperature,
    temperature_unit: "C",
  };
}

function c6(value: C6Combiner): object {
  return { ...device(value), dmir_version: value.dmirVersion };
}

function acBattery(value: AcBattery): object {
  return {
    charge_status: value.chargeStatus,
    communicating: value.communicating,
    device_status: value.deviceStatus,
    last_report_date: seconds(value.lastReportAt),
    last_report_watts: value.lastReportWatts,
    max_cell_temp: value.maxCellTemp,
    max_report_watts: value.maxReportWatts,
    operating: value.operating,
    part_num: value.partNumber,
    percent_full: value.percentFull,
    producing: value.producing,
    serial_num: value.serial,
    sleep_enabled: value.sleepEnabled,
    sleep_max_soc: value.sleepMaxSoc,
    sleep_min_soc: value.sleepMinSoc,
    sleep_state: value.sleepState,
  };
}

function relay(id: string, value: DryContactSettings): object {
  return {
    black_start: value.blackStart,
    essential_end_time: value.essentialEnd,
    essential_start_time: value.essentialStart,
    generator_action: value.generatorAction,
    grid_action: value.gridAction,
    id,
    load_name: value.loadName,
    manual_override: value.manualOverride,
    micro_grid_action: value.microGridAction,
    mode: value.mode,
    override: value.override,
    priority: value.priority,
    pv_serial_nb: value.pvSerials,
    soc_high: value.socHigh,
    soc_low: value.socLow,
    type: value.type,
  };
}

function tariff(value: Tariff): object {
  return {
    currency: { code: value.currency },
    date: value.date,
    logger: value.logger,
    seasons: value.seasons,
    seasons_sell: value.seasonsSell,
    single_rate: value.singleRate,
    storage_settings: value.storage && {
      charge_from_grid: value.storage.chargeFromGrid,
      date: value.storage.date,
      mode: value.storage.mode,
      operation_mode_sub_type: value.storage.operationModeSubType,
      opt_schedules: value.storage.optSchedules,
      reserved_soc: value.storage.reservedSoc,
      very_low_soc: value.storage.veryLowSoc,
    },
  };
}

function generator({ generator: status, generatorConfig: config, generatorMode: mode, generatorSchedule: plan }: Partial<Groups>): object {
  return {
    generator: status && {
      admin_mode: status.adminMode,
      admin_state: status.adminState,
      exc_on: status.excOn,
      oper_state: status.operState,
      present: status.present,
      schedule: status.schedule,
      start_soc: status.startSoc,
      stop_soc: status.stopSoc,
      type: status.type,
    },
    generator_config: config && {
      charge_from_generator: config.chargeFromGenerator,
      cool_down_mins: config.coolDownMinutes,
      gen_type: config.type,
      generator_id: config.generatorId,
      last_updated_by: config.lastUpdatedBy,
      manufacturer: config.manufacturer,
      max_cont_gen_amps: config.maxContinuousAmps,
      max_gen_efficiency_perc: config.maxEfficiencyPercent,
      min_gen_loading_perc: config.minLoadingPercent,
      model: config.model,
      name_plate_rating_wat: config.nameplateKw,
      start_method: config.startMethod,
      warm_up_mins: config.warmUpMinutes,
    },
    generator_mode: mode && { gen_cmd: mode.command, last_updated_by: mode.lastUpdatedBy },
    generator_schedule: plan && {
      default_start_soc: plan.startSoc,
      default_stop_soc: plan.stopSoc,
      exercise_day: plan.day,
      exercise_duration: plan.duration,
      exercise_freq_in_weeks: plan.frequencyWeeks,
      exercise_start: plan.start,
      last_updated_by: plan.lastUpdatedBy,
      schedule: plan.schedule,
    },
  };
}

/** Every value of a document by its place; `null` and what is empty are values too. */
export function everyLeaf(value: unknown, place: string): ReadonlyMap<string, unknown> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  if (entries.length === 0) return new Map([[place, value ?? null]]);
  return new Map(entries.flatMap(([key, inner]) => [...everyLeaf(inner, `${place}/${key}`)]));
}
