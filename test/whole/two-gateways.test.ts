import { expect, test } from "vitest";
import { startGateway } from "../../src/simulator/gateway.ts";
import { createScene } from "../../src/simulator/scene/scene.ts";
import { startWorld } from "../support/world.ts";

const BARN = "122333444555";
const SITE = "envoy2mqtt/site_home";

test("two gateways of one site: each with its own token, added up while both are online, and one away leaves the other alone", async () => {
  const world = await startWorld({ start: false, factor: 20 });
  const { watch, gateway, cloud, clock } = world;
  const content = createScene({ start: clock.now(), startHour: 11, serial: BARN, seed: 2, inverters: 5 });
  const barn = await startGateway({ content, trustedKey: cloud.key.publicKey, clock });
  cloud.setAccounts([{ email: "owner@example.com", password: "correct horse" }]);
  const says = (topic: string, word: string) => watch.until(`${topic} ${word}`, () => watch.last(topic) === word, 20_000);
  const power = (serial: string) => Number(watch.json(`envoy2mqtt/${serial}/production`)?.["power"]);
  try {
    await world.start(
      {},
      `gateways:\n  - { host: "${gateway.host}", name: House, site: home }\n  - { host: "${barn.host}", name: Barn, site: home }\n`,
    );
    await Promise.all([`envoy2mqtt/${gateway.serial}`, `envoy2mqtt/${BARN}`, SITE].map((path) => says(`${path}/availability`, "online")));
    await watch.until("the sum of both", () => {
      const [house, shed] = [power(gateway.serial), power(BARN)];
      return house > 0 && shed > 0 && watch.json(`${SITE}/totals`)?.["production_power"] === Math.round((house + shed) * 1000) / 1000;
    });
    for (const one of [gateway, barn]) {
      const { serial } = one;
      expect(one.requests.some(({ token }) => token?.audience === serial)).toBe(true);
      expect(one.requests.filter(({ token }) => token !== null && token.audience !== serial)).toEqual([]);
      expect(one.mostInFlight).toBe(1);
    }
    expect(cloud.logins).toBe(2);

    await barn.offline();
    await says(`envoy2mqtt/${BARN}/availability`, "offline");
    await says(`${SITE}/availability`, "offline");
    expect(watch.last(`envoy2mqtt/${gateway.serial}/availability`)).toBe("online");
    expect(watch.history(`envoy2mqtt/${gateway.serial}/availability`)).not.toContain("offline");
  } finally {
    await world.end();
    await barn.close();
  }
});
