import { expect, test } from "vitest";
import { startWorld } from "../support/world.ts";

test.each([1, 49, 50, 51, 1000])(
  "%d inverters, 8 batteries and their System Controller with its contacts",
  async (inverters) => {
    const world = await startWorld({ scene: { inverters, batteries: 8 } });
    const { watch, gateway, topic } = world;
    try {
      await watch.until("online", () => watch.last(topic("availability")) === "online", 25_000);
      const configs = () => [...watch.topics().keys()].filter((name) => name.startsWith("homeassistant/device/envoy2mqtt/"));
      const of = (kind: string) => [...watch.topics().keys()].filter((name) => name.startsWith(topic(`${kind}/`)));
      await watch.until("every inverter", () => of("inverter").length === inverters, 30_000);
      await watch.until("every battery", () => of("battery").length === 8 && of("system_controller").length === 1, 30_000);
      await watch.until("its contacts", () => of("relay").length > 0, 30_000);
      // The gateway, and each device that has a topic of its own.
      const devices = 1 + inverters + 8 + 1 + of("relay").length;
      await watch.until("every device announced", () => configs().length >= devices, 30_000);
      const power = of("inverter").map((name) => watch.json(name)?.["power"]);
      expect(power.filter((one) => typeof one !== "number")).toEqual([]);
      expect(gateway.mostInFlight).toBe(1);
    } finally {
      await world.end();
    }
  },
  120_000,
);
