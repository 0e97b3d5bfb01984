import { afterEach, expect, test } from "vitest";
import { startWorld, type World } from "../support/world.ts";

let world: World | null = null;
afterEach(async () => {
  await world?.end();
  world = null;
});

test("requests to the bridge: health, discovery again, discovery away, a device that is not gone, and one that is not known", async () => {
  world = await startWorld();
  const { watch, gateway, topic } = world;
  await watch.until("online", () => watch.last(topic("availability")) === "online" && watch.last("envoy2mqtt/bridge/state") === "online");
  const ask = async (command: string, payload = "") => {
    watch.clear();
    await watch.publish(`envoy2mqtt/bridge/request/${command}`, payload);
    const text = await watch.until(command, () => watch.history(`envoy2mqtt/bridge/response/${command}`).at(-1), 5_000);
    return JSON.parse(text);
  };
  expect(await ask("health_check")).toMatchObject({ status: "ok", result: { healthy: true } });
  expect(await ask("gateway/refresh", '{"transaction": 7}')).toMatchObject({ status: "ok", transaction: 7 });
  expect(await ask("device/remove", gateway.serial)).toMatchObject({ status: "error" });
  expect(await ask("no_such_thing")).toMatchObject({ status: "error" });

  const config = `homeassistant/device/envoy2mqtt/${gateway.serial}/config`;
  expect(watch.last(config)).toBeDefined();
  expect(await ask("discovery/clear")).toMatchObject({ status: "ok" });
  await watch.until("discovery gone", () => watch.last(config) === undefined, 5_000);
  expect([...watch.topics().keys()].filter((name) => name.startsWith("homeassistant/device/"))).toEqual([]);
});

test("an endpoint that a person named is published as it is, and one that must not be read stops the start", async () => {
  const yaml = (path: string) => `extra_endpoints:\n  - { path: ${path}, topic: raw/meters, interval: 10 }\n`;
  world = await startWorld({ yaml: yaml("/ivp/meters") });
  const { watch, topic } = world;
  const raw = await watch.until("the answer", () => watch.last(topic("raw/meters")));
  expect(JSON.parse(raw)).toBeInstanceOf(Array);
  await expect(startWorld({ yaml: yaml("/auth/check_jwt") })).rejects.toMatchObject({ code: "config" });
});

test("limits of export are asked for on older firmware only where the configuration says so", async () => {
  world = await startWorld({ env: { SITE_LIMITS: "always" } });
  const { watch, gateway, topic } = world;
  await watch.until("the limits", () => watch.json(topic("dpel"))?.["dynamic_pel_settings_enable"] === false);
  expect(gateway.requests.filter(({ path }) => path === "/ivp/ss/dpel").length).toBeGreaterThan(0);
  await world.end();
  world = await startWorld();
  const { watch: other, topic: its, gateway: plain } = world;
  await other.until("online", () => other.last(its("availability")) === "online");
  expect(plain.requests.filter(({ path }) => path.startsWith("/ivp/ss/"))).toEqual([]);
});
