import type { Controls } from "../controls.ts";
import { type Moment, seconds } from "../moment.ts";

const CAPACITY_WH = 5000;

/** `/ivp/ensemble/inventory`: IQ batteries and their System Controller. */
export function ensembleInventory(moment: Moment, controls: Controls): unknown {
  if (moment.batteries.length === 0) return [];
  const reported = { installed: seconds(moment.now) - 20_000_000, last_rpt_date: seconds(moment.now) - 30 };
  const status = { device_status: ["envoy.global.ok", "prop.done"], communicating: true };
  return [
    {
      type: "ENCHARGE",
      devices: moment.batteries.map((serial_num) => ({
        part_num: "830-01760-r37",
        serial_num,
        ...reported,
        ...status,
        admin_state: 6,
        admin_state_str: "ENCHG_STATE_READY",
        created_date: reported.installed,
        img_load_date: reported.installed,
        img_pnum_running: "2.6.5973_rel/22.11",
        bmu_fw_version: "2.1.34",
        sleep_enabled: false,
        percentFull: Math.round(moment.house.soc),
        temperature: 24,
        maxCellTemp: 26,
        reported_enc_grid_state: "grid-tied",
        comm_level_sub_ghz: 4,
        comm_level_2_4_ghz: 4,
        led_status: moment.house.storage.watts > 0 ? 13 : 12,
        dc_switch_off: false,
        encharge_rev: 2,
        encharge_capacity: CAPACITY_WH,
        phase: "ph-a",
        der_index: 1,
      })),
    },
    {
      type: "ENPOWER",
      devices: [
        {
          part_num: "860-00276-r52",
          serial_num: controllerSerial(moment),
          ...reported,
          ...status,
          admin_state: 24,
          admin_state_str: "ENPWR_STATE_OPER_CLOSED",
          created_date: reported.installed,
          img_load_date: reported.installed,
          img_pnum_running: "1.2.2064_release/20.34",
          temperature: 79,
          comm_level_sub_ghz: 5,
          comm_level_2_4_ghz: 5,
          ...mains(controls),
          Enchg_grid_mode: "multimode-ongrid",
          Enpwr_grid_mode: controls.mainsAdminState === "closed" ? "multimode-ongrid" : "multimode-offgrid",
          Enpwr_relay_state_bm: 496,
          Enpwr_curr_state_id: 16,
        },
      ],
    },
  ];
}

const controllerSerial = (moment: Moment) => `2022${moment.serial.slice(-8)}`;
const mains = (controls: Controls) => ({ mains_admin_state: controls.mainsAdminState, mains_oper_state: controls.mainsAdminState });

/** `/ivp/ensemble/relay`. */
export function relay(controls: Controls): unknown {
  return { ...mains(controls), srt12_state: "open", srt13_state: "open", der1_state: 0, der2_state: 0, der3_state: 0 };
}

/** `/ivp/ensemble/secctrl`. */
export function secctrl(moment: Moment, controls: Controls): unknown {
  const soc = Math.round(moment.house.soc);
  const storage = controls.tariff["storage_settings"] as Record<string, unknown> | undefined;
  const reserve = Number(storage?.["reserved_soc"] ?? 0);
  const capacity = moment.batteryWh;
  return {
    shutdown: false,
    freq_bias_hz: 0,
    voltage_bias_v: 0,
    freq_bias_hz_q8: 0,
    voltage_bias_v_q5: 0,
    configured_backup_soc: reserve,
    adjusted_backup_soc: reserve,
    agg_soc: soc,
    Max_energy: capacity,
    ENC_agg_soc: soc,
    ENC_agg_soh: capacity === 0 ? 0 : 100,
    ENC_agg_backup_energy: Math.round((capacity * reserve) / 100),
    ENC_agg_avail_energy: Math.round((capacity * soc) / 100),
    Enc_commissioned_capacity: capacity,
    Enc_max_available_capacity: capacity,
    ACB_agg_soc: 0,
    ACB_agg_energy: 0,
    VLS_Limit: 5,
  };
}

/** `/ivp/ensemble/power`: the key ends in a colon. */
export function ensemblePower(moment: Moment): unknown {
  const share = Math.round((moment.house.storage.watts * 1000) / Math.max(1, moment.batteries.length));
  return {
    "devices:": moment.batteries.map((serial_num) => ({
      serial_num,
      real_power_mw: share,
      apparent_power_mva: share,
      soc: Math.round(moment.house.soc),
    })),
  };
}

/** `/ivp/ensemble/dry_contacts`. */
export function dryContacts(controls: Controls): unknown {
  return { dry_contacts: [...controls.contacts].map(([id, status]) => ({ id, status })) };
}

/** `/ivp/ensemble/generator`. */
export function generatorStatus(moment: Moment, controls: Controls): unknown {
  const on = moment.generator && controls.generatorMode["gen_cmd"] === "on";
  const state = on ? "closed" : "open";
  return {
    admin_state: moment.generator ? state : "unknown",
    oper_state: state,
    admin_mode: moment.generator ? 2 : 0,
    schedule: moment.generator ? 1 : 0,
    start_soc: 30,
    stop_soc: 70,
    exc_on: 0,
    present: moment.generator ? 1 : 0,
    type: 1,
  };
}
