import { isAtLeast } from "../../../model/firmware.ts";
import { type Moment, seconds } from "../moment.ts";

/** `/info`, XML. */
export function infoDocument(moment: Moment): string {
  const { firmware, serial } = moment;
  const version = [firmware.major, firmware.minor].map((part) => String(part).padStart(2, "0")).join(".");
  return `<?xml version="1.0" encoding="UTF-8"?>
<envoy_info>
  <time>${seconds(moment.now)}</time>
  <device>
    <sn>${serial}</sn>
    <pn>${moment.metered ? "800-00555-r03" : "800-00551-r02"}</pn>
    <software>${firmware.major >= 4 ? "D" : "R"}${firmware.text}</software>
    <euaid>4c8675</euaid>
    <seqnum>0</seqnum>
    <apiver>1</apiver>
    <imeter>${moment.metered}</imeter>
  </device>
${firmware.major >= 7 ? "  <web-tokens>true</web-tokens>\n" : ""}  <package name="app">
    <pn>500-00002-r01</pn>
    <version>${version}.${firmware.build}</version>
    <build>simulated</build>
  </package>
</envoy_info>
`;
}

/** `/home`: network, time zone, communication. */
export function homeDocument(moment: Moment): unknown {
  return {
    software_build_epoch: 1_719_503_966,
    timezone: moment.timeZone,
    current_date: new Date(moment.now).toISOString().slice(0, 10),
    current_time: new Date(moment.now).toISOString().slice(11, 16),
    network: {
      web_comm: true,
      ever_reported_to_enlighten: true,
      last_enlighten_report_time: seconds(moment.now) - 60,
      primary_interface: "eth0",
      interfaces: [
        {
          type: "ethernet",
          interface: "eth0",
          mac: "00:1D:C0:00:00:01",
          dhcp: true,
          ip: "127.0.0.1",
          signal_strength: 1,
          signal_strength_max: 1,
          carrier: true,
        },
        {
          signal_strength: 0,
          signal_strength_max: 5,
          type: "wifi",
          interface: "wlan0",
          mac: "00:1D:C0:00:00:02",
          dhcp: true,
          ip: null,
          carrier: false,
        },
      ],
    },
    tariff: "single_rate",
    comm: { num: moment.inverters.length, level: 5, pcu: { num: moment.inverters.length, level: 5 }, acb: { num: 0, level: 0 } },
  };
}

/** `/inventory.json?deleted=1`. */
export function inventoryDocument(moment: Moment): unknown {
  const devices = moment.inverters.map((inverter) => ({
    part_num: "800-01127-r02",
    serial_num: inverter.serial,
    installed: String(seconds(moment.now) - 40_000_000),
    device_status: ["envoy.global.ok"],
    last_rpt_date: String(seconds(inverter.reportedAt)),
    admin_state: 1,
    dev_type: 1,
    communicating: true,
    producing: inverter.watts > 0,
    operating: true,
  }));
  return [
    { type: "PCU", devices },
    { type: "ACB", devices: [] },
    { type: "NSRB", devices: [] },
  ];
}

/** `/ivp/ss/pel_settings`; more fields from firmware 8. */
export function pelSettings(moment: Moment): unknown {
  if (!isAtLeast(moment.firmware, "8.0.0")) return { PEL: false };
  return {
    PEL: false,
    Hard_PEL: false,
    Soft_PEL: false,
    Export_Limit_Type: "Aggregate",
    percent: false,
    apparent: false,
    PEL_Limit: 0,
    Comm_Time_Loss: 0,
    Resp_Time_SoftPEL: 0,
    Resp_Time_HardPEL: 0,
    msReset_HardPEL: 0,
    PEL_db: 0,
  };
}
