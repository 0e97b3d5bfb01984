import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, test } from "vitest";
import { openLink } from "../../src/mqtt/link.ts";
import { DEFAULT_TIMES, type ProtocolVersion } from "../../src/mqtt/link-types.ts";
import { packetSize } from "../../src/mqtt/packet-size.ts";
import { connectReasonText, reasonText, systemText } from "../../src/mqtt/reasons.ts";
import { address } from "../support/bridge-link.ts";

test.each<[ProtocolVersion, number, 0 | 1, number | null, boolean]>([
  [4, 10, 0, null, true],
  [4, 200, 1, 60, true],
  [5, 10, 0, null, false],
  [5, 10, 1, 60, true],
  [5, 20_000, 1, null, true],
  [5, 0, 1, null, true],
])("MQTT %i, %i bytes, QoS %i, expiry %j, JSON %j: as large as what goes over the line", async (protocol, size, qos, expiry, json) => {
  let received = 0;
  const server = createServer((socket) => {
    socket.once("data", () => {
      socket.on("data", (chunk) => {
        received += chunk.length;
      });
      socket.write(protocol === 5 ? Buffer.from([0x20, 3, 0, 0, 0]) : Buffer.from([0x20, 2, 0, 0]));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const broker = address(`mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const request = { broker, protocol, times: DEFAULT_TIMES, willTopic: "will", onMessage: () => {} };
  const link = await openLink(request, AbortSignal.timeout(5_000));
  const message = { topic: "a/ä", payload: "x".repeat(size), retain: true, qos, expiry, json };
  link.publish(message).catch(() => {});
  const wanted = packetSize(message, protocol);
  for (let tries = 0; tries < 200 && received < wanted; tries++) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(received).toBe(wanted);
  link.destroy("done");
  server.close();
});

test("a packet of several megabytes, and correlation data", () => {
  const message = { topic: "t", payload: "x".repeat(3_000_000), retain: false, qos: 0 as const, expiry: null, json: false };
  expect(packetSize(message, 4)).toBe(1 + 4 + 3 + 3_000_000);
  expect(packetSize(message, 5, 8) - packetSize(message, 5)).toBe(11);
});

test("codes and errors in plain words", () => {
  expect(reasonText(149)).toMatch(/larger than it allows.*\(code 149\)/);
  expect(reasonText(142)).toMatch(/same client id/);
  expect(reasonText(135)).toMatch(/access rules/);
  expect(reasonText(255)).toBe("it did not say why in words that we know (code 255)");
  expect(connectReasonText(135)).toMatch(/mqtt\.username/);
  expect(connectReasonText(134)).toBe(reasonText(134));
  expect(systemText(Object.assign(new Error("x"), { code: "CERT_HAS_EXPIRED" }))).toMatch(/expired.*CERT_HAS_EXPIRED/);
  expect(systemText(new Error("one\ntwo"))).toBe("one");
  expect(systemText("text")).toBe("text");
  expect(systemText(Object.assign(new Error(""), { code: "EODD" }))).toBe("EODD");
});
