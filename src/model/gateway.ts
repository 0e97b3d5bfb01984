import type { Firmware } from "./firmware.ts";

/** What `/info` says of a gateway. */
export interface GatewayInfo {
  /** As on the label, digits; the gateway is the same only if this is. */
  readonly serial: string;
  readonly firmware: Firmware;
  /** Such as `800-00555-r03`; `null` where `/info` names none. */
  readonly partNumber: string | null;
  /** `imeter` of `/info`: the gateway has metering hardware. */
  readonly metered: boolean;
  /** Over which scheme `/info` answered. */
  readonly scheme: "https" | "http";
}
