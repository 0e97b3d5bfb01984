import type { Capabilities } from "../model/capabilities.ts";
import type { Maybe } from "../model/snapshot.ts";
import type { Facts } from "./facts.ts";
import { safeId } from "./ids.ts";
import type { DeviceDraft } from "./place.ts";

/** The devices that Home Assistant's integration shows, with its names and models. */

export function gatewayDevice({ gateway, capabilities, configurationUrl }: Facts): DeviceDraft {
  return {
    id: safeId(gateway.serial),
    name: `Envoy ${gateway.serial}`,
    manufacturer: "Enphase",
    model: gatewayModel(capabilities),
    serialNumber: gateway.serial,
    softwareVersion: gateway.firmware.text,
    hardwareVersion: gateway.partNumber,
    via: null,
    configurationUrl,
  };
}

function gatewayModel({ meters, phaseCount, phaseMode }: Capabilities): string {
  if (meters.length === 0) return "Envoy";
  const parts = ["Envoy", `phases: ${phaseCount}`];
  if (phaseMode !== null) parts.push(`phase mode: ${phaseMode}`);
  return [...parts, ...meters.map(({ type }) => `${type} CT`)].join(", ");
}

export interface ChildDevice {
  readonly id: string;
  readonly name: string;
  readonly model: string;
  readonly via: string;
  readonly serialNumber?: string;
  readonly softwareVersion?: Maybe<string>;
}

export function childDevice({ id, name, model, via, serialNumber, softwareVersion }: ChildDevice): DeviceDraft {
  return {
    id,
    name,
    manufacturer: "Enphase",
    model,
    serialNumber: serialNumber ?? null,
    softwareVersion: softwareVersion ?? null,
    hardwareVersion: null,
    via,
    configurationUrl: null,
  };
}
