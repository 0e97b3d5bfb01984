import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { Aedes } from "aedes";
import { afterEach, expect, test } from "vitest";
import { mqttOn, remember, TOPICS, until } from "../support/bridge-link.ts";
import { fastClock } from "../support/fast-clock.ts";
import { subscribe } from "../support/subscriber.ts";

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0).reverse()) await undo();
});

async function aedes(options: ConstructorParameters<typeof Aedes>[0] = {}): Promise<string> {
  const broker = await Aedes.createBroker(options);
  const server = createServer((socket) => void broker.handle(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.push(async () => {
    server.close();
    await new Promise<void>((resolve) => broker.close(() => resolve()));
  });
  return `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("F-60: a refused subscription is told by name, and everything else goes on", async () => {
  const url = await aedes({
    authorizeSubscribe: (_, subscription, done) => done(null, /set|status/.test(subscription.topic) ? null : subscription),
  });
  const log = remember();
  const client = mqttOn(url, { protocol: "3.1.1", logger: log });
  cleanUp.push(() => client.stop());
  client.start();
  const watch = await subscribe(url, ["envoy2mqtt/bridge/#"]);
  cleanUp.push(() => watch.end());
  await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
  expect(log.said(/refused our subscription to envoy2mqtt\/\+\/set\/\+: check its access rules/, "warn")).toHaveLength(1);
  expect(log.said(/refused our subscription to homeassistant\/status/, "warn")).toHaveLength(1);
  expect(client.stats()).toMatchObject({ connected: true, reconnects: 0 });
});

test("subscriptions that are not answered: the link is closed and tried again", async () => {
  let connections = 0;
  const server = createServer((socket) => {
    connections += 1;
    socket.on("error", () => {});
    socket.once("data", () => socket.write(Buffer.from([0x20, 2, 0, 0])));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanUp.push(() => server.close());
  const log = remember();
  const url = `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = mqttOn(url, {
    protocol: "3.1.1",
    logger: log,
    clock: fastClock(100),
    birth: null,
    times: { acknowledgeMs: 50, endMs: 100 },
  });
  cleanUp.push(() => client.stop());
  client.start();
  await until("second try", () => connections >= 2);
  expect(log.said(/did not take our subscriptions/, "warn").length).toBeGreaterThan(0);
});

test("a command that makes its handler fail is told, and the next one arrives", async () => {
  const url = await aedes();
  const log = remember();
  const heard: string[] = [];
  const client = mqttOn(url, {
    protocol: "3.1.1",
    logger: log,
    onCommand: ({ payload }) => {
      heard.push(payload.toString());
      if (heard.length === 1) throw new Error("out of order");
    },
  });
  cleanUp.push(() => client.stop());
  client.start();
  const watch = await subscribe(url);
  cleanUp.push(() => watch.end());
  await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
  await watch.publish("envoy2mqtt/1/set/relay", "one");
  await watch.publish("envoy2mqtt/1/set/relay", "two");
  await until("both", () => heard.length === 2);
  expect(log.said(/set\/relay could not be handled: out of order/, "error")).toHaveLength(1);
});

test("stopped before it was started, and while it looks for the broker", async () => {
  const never = mqttOn("mqtt://127.0.0.1:1");
  await never.stop();
  expect(never.stats()).toMatchObject({ connected: false, published: 0, problem: "not connected yet" });
  const looking = mqttOn("mqtt://127.0.0.1:1");
  looking.start();
  await looking.stop();
  looking.event({ topic: "a", payload: "b", retain: false, qos: 0, expiry: null, json: false });
  expect(looking.stats().dropped).toBe(1);
});

test("the connection is lost between a birth message and the answer to it", async () => {
  const url = await aedes();
  const client = mqttOn(url, { protocol: "3.1.1", random: () => 1 });
  cleanUp.push(() => client.stop());
  client.start();
  const watch = await subscribe(url);
  cleanUp.push(() => watch.end());
  await watch.until("online", () => watch.last(TOPICS.bridgeState) === "online");
  await watch.publish("homeassistant/status", "online");
  await client.stop();
  await watch.until("offline", () => watch.last(TOPICS.bridgeState) === "offline");
  expect(client.stats().connected).toBe(false);
});
