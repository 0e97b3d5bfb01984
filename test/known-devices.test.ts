import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openKnownDevices, VANISHED_AFTER_MS } from "../src/known-devices.ts";
import { openKnownGateway } from "../src/known-gateway.ts";
import { diskFiles } from "../src/lib/files.ts";
import type { Logger } from "../src/lib/logger.ts";
import type { Device, Entity, View } from "../src/model/view.ts";

let folder = "";
let said: string[] = [];
const logger: Logger = {
  debug() {},
  info() {},
  warn: (_, message) => void said.push(message),
  error: (_, message) => void said.push(message),
};

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "envoy2mqtt-known-"));
  said = [];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function device(id: string): Device {
  const entity = { platform: "sensor", id: "power", topic: `inverter/${id}` } as unknown as Entity;
  return { id, name: id, via: null, entities: [entity] } as unknown as Device;
}
const view = (...ids: string[]): View => ({ serial: "122", devices: ids.map(device), states: [] });
const DAY = 24 * 3_600_000;

test("a device is given up after seven days away, over restarts, and only once", async () => {
  const first = await openKnownDevices(folder, "122", diskFiles, logger);
  expect(first.look(view("a", "b"), 0)).toEqual([]);
  expect(first.look(view("a"), VANISHED_AFTER_MS)).toEqual([]);
  await first.save();
  const second = await openKnownDevices(folder, "122", diskFiles, logger);
  expect([...second.all().keys()]).toEqual(["a", "b"]);
  expect(second.look(view("a"), VANISHED_AFTER_MS + 1)).toEqual([{ id: "b", paths: ["inverter/b"] }]);
  expect(second.look(view("a"), VANISHED_AFTER_MS + 2)).toEqual([]);
  await second.save();
  expect([...(await openKnownDevices(folder, "122", diskFiles, logger)).all().keys()]).toEqual(["a"]);
});

test("a device that comes back in time is as if it had never been away", async () => {
  const devices = await openKnownDevices(folder, "122", diskFiles, logger);
  devices.look(view("a", "b"), 0);
  devices.look(view("a"), 6 * DAY);
  devices.look(view("a", "b"), 6.5 * DAY);
  expect(devices.look(view("a"), 13 * DAY)).toEqual([]);
  devices.forget("b");
  expect([...devices.all().keys()]).toEqual(["a"]);
});

test("a file of devices that makes no sense, and a folder that cannot be written: one line each, and it goes on", async () => {
  await writeFile(join(folder, "devices-122.json"), "{ broken");
  const devices = await openKnownDevices(folder, "122", diskFiles, logger);
  expect(devices.all().size).toBe(0);
  expect(said).toHaveLength(1);
  const full = { ...diskFiles, write: () => Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" })) };
  const other = await openKnownDevices(folder, "123", full, logger);
  other.look(view("a"), 0);
  await other.save();
  await other.save();
  expect(said).toHaveLength(2);
  expect(said[1]).toContain("ENOSPC");
});

test("the gateway at an address: its serial and key are known again at the next start", async () => {
  const known = await openKnownGateway(folder, "https://Envoy.local:443", diskFiles, logger);
  expect([known.serial(), known.accepted()]).toEqual([null, null]);
  known.meet("122");
  known.accept("sha256/abc");
  await expect
    .poll(async () => {
      const again = await openKnownGateway(folder, "https://Envoy.local:443", diskFiles, logger);
      return [again.serial(), again.accepted()];
    })
    .toEqual(["122", "sha256/abc"]);
  await writeFile(known.file, "nonsense");
  const damaged = await openKnownGateway(folder, "https://Envoy.local:443", diskFiles, logger);
  expect(damaged.accepted()).toBeNull();
  expect(said).toHaveLength(1);
});
