import { afterEach, expect, test } from "vitest";
import { startWorld, type World } from "../support/world.ts";

let world: World | null = null;
afterEach(async () => {
  await world?.end();
  world = null;
});

const under = ({ watch }: World, base: string) => [...watch.topics().keys()].filter((topic) => topic.startsWith(`${base}/`));

/** The bridge, stopped again after it published under `envoy2mqtt`. */
async function lived(): Promise<World> {
  const made = await startWorld({ factor: 20 });
  const { watch, topic } = made;
  await watch.until("online", () => watch.last(topic("availability")) === "online");
  await watch.until(
    "the gateway is named",
    () => (watch.json("envoy2mqtt/bridge/info")?.["gateways"] as unknown[] | undefined)?.length === 1,
    20_000,
  );
  await made.stopBridge();
  await watch.until("offline", () => watch.last("envoy2mqtt/bridge/state") === "offline");
  return made;
}

test("F-67: after a change of the base topic nothing of the former one stands on the broker, and other people's topics stay", async () => {
  world = await lived();
  const { watch, gateway } = world;
  const config = `homeassistant/device/envoy2mqtt/${gateway.serial}/config`;
  await watch.publish("envoy2mqtt/doorbell/availability", "online", true);
  expect(under(world, "envoy2mqtt").length).toBeGreaterThan(10);
  await world.start({ BASE_TOPIC: "solar/roof" });
  const is = (state: string) => watch.last(`solar/roof/${gateway.serial}/availability`) === state;
  await watch.until("online under the new one", () => is("online"));
  await watch.until("the former ones are gone", () => under(world!, "envoy2mqtt").length === 1);
  expect(under(world, "envoy2mqtt")).toEqual(["envoy2mqtt/doorbell/availability"]);
  expect(watch.last(config)).toContain("solar/roof/");
  expect(is("online")).toBe(true);

  await world.stopBridge();
  await watch.publish("envoy2mqtt/bridge/info", JSON.stringify({ name: "envoy2mqtt", gateways: [{ id: "doorbell" }] }), true);
  await world.start({ BASE_TOPIC: "solar/roof" });
  await watch.until("online again", () => is("online"));
  expect(under(world, "envoy2mqtt")).toHaveLength(2);
});

test("F-67: where another bridge lives under the former base topic, nothing is removed there", async () => {
  world = await lived();
  const { watch, gateway, clock } = world;
  await watch.publish("envoy2mqtt/bridge/state", "online", true);
  const before = under(world, "envoy2mqtt");
  clock.pace(50);
  await world.start({ BASE_TOPIC: "solar" });
  await watch.until("online under the new one", () => watch.last(`solar/${gateway.serial}/availability`) === "online");
  await watch.until("given up", () => world!.log.some(({ message }) => message.includes("stays until the next start")));
  expect(under(world, "envoy2mqtt")).toEqual(before);
});
