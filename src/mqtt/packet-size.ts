import type { Message } from "../model/message.ts";
import type { ProtocolVersion } from "./link-types.ts";

export const JSON_CONTENT_TYPE = "application/json";

/** Bytes of the PUBLISH packet that carries `message`, headers and properties included. */
export function packetSize(message: Message, protocol: ProtocolVersion, correlationBytes = 0): number {
  const topic = 2 + Buffer.byteLength(message.topic);
  const packetId = message.qos === 0 ? 0 : 2;
  const properties = protocol === 5 ? propertiesSize(message, correlationBytes) : 0;
  const rest = topic + packetId + properties + Buffer.byteLength(message.payload);
  return 1 + variableInteger(rest) + rest;
}

function propertiesSize(message: Message, correlationBytes: number): number {
  const expiry = message.expiry === null ? 0 : 5;
  const content = message.json && message.payload !== "" ? 1 + 2 + JSON_CONTENT_TYPE.length + 2 : 0;
  const correlation = correlationBytes === 0 ? 0 : 3 + correlationBytes;
  const size = expiry + content + correlation;
  return variableInteger(size) + size;
}

function variableInteger(value: number): number {
  if (value < 128) return 1;
  if (value < 16_384) return 2;
  return value < 2_097_152 ? 3 : 4;
}
