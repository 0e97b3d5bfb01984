import { createServer, connect as dial } from "node:net";
import { afterEach, expect, test } from "vitest";
import { startEmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { startWorld, type World } from "../support/world.ts";

const cleanUp: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const work of cleanUp.splice(0).reverse()) await work();
});

async function worldOf(options: Parameters<typeof startWorld>[0]): Promise<World> {
  const world = await startWorld(options);
  cleanUp.push(() => world.end());
  return world;
}

const says = ({ watch, topic }: World, state: string) => watch.until(state, () => watch.last(topic("availability")) === state, 25_000);

test("F-68: a broker whose acknowledgements take half a second slows no reading", async () => {
  const broker = await startEmbeddedBroker(0);
  cleanUp.push(() => broker.close());
  const line = await delayed(Number(new URL(broker.url).port), 500);
  cleanUp.push(line.close);
  const world = await worldOf({ brokerUrl: `mqtt://127.0.0.1:${line.port}`, env: { MQTT_PROTOCOL: "3.1.1", INTERVALS_METERS: "1" } });
  const { gateway, clock, watch, topic } = world;
  await says(world, "online");
  const readings = () => gateway.requests.filter(({ path }) => path.startsWith("/ivp/meters/readings")).length;
  const [asked, heard, from] = [readings(), watch.heard.length, clock.now()];
  await clock.sleep(6_000);
  const seconds = (clock.now() - from) / 1000;
  expect(readings() - asked).toBeGreaterThanOrEqual(Math.floor(seconds) - 1);
  const values = new Set(watch.heard.slice(heard).flatMap((one) => (one.topic === topic("meter/production") ? [one.payload] : [])));
  expect(values.size).toBeGreaterThanOrEqual(3);
}, 60_000);

/** A line to the broker on which its answers come `ms` late, each. */
async function delayed(port: number, ms: number) {
  const server = createServer((near) => {
    const far = dial(port, "127.0.0.1");
    near.on("data", (bytes) => far.write(bytes));
    far.on("data", (bytes) => void setTimeout(() => near.writable && near.write(bytes), ms));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => {});
      one.on("close", () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as { readonly port: number }).port,
    close: () => new Promise((resolve) => server.close(resolve)),
  };
}
