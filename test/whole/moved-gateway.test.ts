import { connect, createServer, type Socket } from "node:net";
import { expect, test } from "vitest";
import { startWorld } from "../support/world.ts";

/** Another address of what listens on a port of loopback. */
async function addressOf(port: number) {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = server.address();
  return {
    host: `https://127.0.0.1:${typeof own === "object" && own !== null ? own.port : 0}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("F-34: a gateway without a configured address gets another one: it is looked for, found, and held to its certificate; no login, no jump", async () => {
  let found = "";
  const world = await startWorld({ start: false, factor: 30, findHost: () => Promise.resolve(found) });
  const { watch, gateway, cloud, clock } = world;
  const first = await addressOf(gateway.port);
  const second = await addressOf(gateway.port);
  const availability = world.topic("availability");
  const says = (word: string) => watch.until(word, () => watch.last(availability) === word, 30_000);
  const sent = () => gateway.requests.filter(({ credential }) => credential === "bearer").length;
  try {
    found = first.host;
    await world.start();
    await says("online");
    await watch.until("energy", () => typeof watch.json(world.topic("energy"))?.["production_kwh"] === "number");
    const before = watch.json(world.topic("energy"))?.["production_kwh"] as number;

    found = second.host;
    await first.close();
    await says("offline");
    await says("online");
    expect(world.log.filter(({ message }) => message === `the gateway moved from ${first.host} to ${second.host}`)).toHaveLength(1);
    expect(cloud.logins).toBe(1);
    await watch.until("newer energy", () => (watch.json(world.topic("energy"))?.["production_kwh"] as number) >= before);
    expect(world.bridge.status().gateways.map(({ host, serial }) => [host, serial])).toEqual([[second.host, gateway.serial]]);
    expect(world.bridge.trouble()).toBeNull();

    // At a third address there is another key: a gateway that moved has the one that it had.
    const third = await addressOf(gateway.port);
    try {
      found = third.host;
      await second.close();
      await says("offline");
      await gateway.rotateKey();
      const asked = sent();
      await watch.until("refused", () => watch.json(world.topic("lifecycle"))?.["state"] === "refused", 30_000);
      expect(watch.json(world.topic("lifecycle"))?.["reason"]).toMatch(/certificate/);
      await clock.sleep(120_000);
      expect(sent()).toBe(asked);
    } finally {
      await third.close();
    }
  } finally {
    await world.end();
    await Promise.all([first.close(), second.close()].map((closing) => closing.catch(() => {})));
  }
}, 120_000);
