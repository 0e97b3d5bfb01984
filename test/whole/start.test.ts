import { afterEach, expect, test } from "vitest";
import { startWorld, type World } from "../support/world.ts";

let world: World | null = null;
afterEach(async () => {
  await world?.end();
  world = null;
});

test("online of an earlier run is not left standing where the gateway is away at the start, however rarely it is read", async () => {
  const intervals = Object.fromEntries(["METERS", "PRODUCTION", "INVERTERS", "INVENTORY"].map((name) => [`INTERVALS_${name}`, "7200"]));
  world = await startWorld({ start: false, factor: 60, env: { SERIAL: "122302000001", ...intervals } });
  const { watch, gateway, clock, topic } = world;
  await watch.publish(topic("availability"), "online", true);
  await gateway.offline();
  const from = clock.now();
  await world.start();
  await watch.until("offline", () => watch.last(topic("availability")) === "offline");
  expect(clock.now() - from).toBeLessThan(180_000);
});

test("a fresh start: from a user and a password to values, discovery and online, in this order, and offline at the end", async () => {
  world = await startWorld();
  const { watch, cloud, gateway } = world;
  const topic = world.topic;
  await watch.until("online", () => watch.last(topic("availability")) === "online");
  await watch.until("the bridge online", () => watch.last("envoy2mqtt/bridge/state") === "online");
  expect(watch.history(topic("lifecycle")).map((text) => JSON.parse(text).state)).toContain("authenticated");
  expect(cloud.logins).toBe(1);
  expect(gateway.mostInFlight).toBe(1);

  const at = (wanted: string) => watch.heard.findIndex((one) => one.topic === wanted);
  const config = `homeassistant/device/envoy2mqtt/${gateway.serial}/config`;
  expect(at(topic("production"))).toBeGreaterThanOrEqual(0);
  expect(at(topic("production"))).toBeLessThan(at(config));
  expect(at(config)).toBeLessThan(at(topic("availability")));
  expect(JSON.parse(watch.last(config) ?? "{}").device.name).toBe(`Envoy ${gateway.serial}`);
  expect(watch.json(topic("production"))?.["power"]).toBeTypeOf("number");

  await world.stopBridge();
  await watch.until("offline", () => watch.last(topic("availability")) === "offline", 2_000);
  await watch.until("the bridge offline", () => watch.last("envoy2mqtt/bridge/state") === "offline", 2_000);
  expect(world.log.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
});
