import { expect, test } from "vitest";
import type { Message } from "../../src/model/message.ts";
import { type Link, PublishError } from "../../src/mqtt/link-types.ts";
import { Publisher } from "../../src/mqtt/publisher.ts";
import { availability, config, mqttOn, remember, TOPICS, value } from "../support/bridge-link.ts";
import { freePort } from "../support/broker-process.ts";
import { heapInUse } from "../support/heap.ts";
import { createVirtualClock } from "../support/virtual-clock.ts";

function bench(publish: (message: Message) => Promise<void> = async () => {}, maximumPacketSize: number | null = null) {
  const clock = createVirtualClock();
  const logger = remember();
  const publisher = new Publisher({ stateTopic: TOPICS.bridgeState, clock, logger, removalStep: () => null });
  const sent: Message[] = [];
  const destroyed: string[] = [];
  const link: Link = {
    protocol: 5,
    maximumPacketSize,
    closed: new Promise(() => {}),
    publish: (message) => {
      sent.push(message);
      return publish(message);
    },
    subscribe: async () => [],
    end: async () => {},
    destroy: (reason) => void destroyed.push(reason),
  };
  return { clock, logger, publisher, sent, destroyed, link };
}

test("F-58: a broker that is away for a day of readings: memory stays flat, nothing is queued", async () => {
  const client = mqttOn(`mqtt://127.0.0.1:${await freePort()}`);
  client.start();
  const round = (power: number) =>
    Array.from({ length: 50 }, (_, index) => value(`inverter/${index}`, { power, ts: new Date(power).toISOString() }));
  const day = (from: number, rounds: number) => {
    for (let count = from; count < from + rounds; count++) client.offer("values", round(count));
  };
  day(0, 500);
  const before = heapInUse();
  day(500, 8_640);
  expect(heapInUse() - before).toBeLessThan(3_000_000);
  expect(client.stats()).toMatchObject({ connected: false, inFlight: 0, topics: 50, published: 0 });
  const started = performance.now();
  await client.stop();
  expect(performance.now() - started).toBeLessThan(3_000);
});

test("no more than 16 are under way at once", async () => {
  let open = 0;
  let most = 0;
  const { publisher, link, clock, sent } = bench(async () => {
    most = Math.max(most, ++open);
    await new Promise((resolve) => setImmediate(resolve));
    open -= 1;
  });
  publisher.linkUp(link);
  publisher.offer(
    "values",
    Array.from({ length: 100 }, (_, index) => value(`a/${index}`, { a: 1 }, { qos: 1 })),
  );
  for (let turns = 0; turns < 20; turns++) await clock.settle();
  expect(sent.length).toBeGreaterThanOrEqual(101);
  expect(most).toBe(16);
});

test("F-66: online is said again two seconds later, in case an old will came late", async () => {
  const { publisher, link, clock, sent } = bench();
  publisher.linkUp(link);
  await clock.settle();
  await clock.advance(2_000);
  expect(sent.map(({ topic, payload }) => [topic, payload])).toEqual([
    [TOPICS.bridgeState, "online"],
    [TOPICS.bridgeState, "online"],
  ]);
});

test("changes of one device's discovery are five seconds apart, the last one wins", async () => {
  const { publisher, link, clock, sent } = bench();
  publisher.linkUp(link);
  publisher.offer("discovery", [config("gw", { a: "a" })]);
  await clock.settle();
  for (const key of ["b", "c", "d"]) {
    publisher.offer("discovery", [config("gw", { [key]: "a" })]);
    await clock.advance(1_000);
  }
  const configs = () =>
    sent.filter(({ topic }) => topic === TOPICS.deviceConfig("gw")).map(({ payload }) => Object.keys(JSON.parse(payload).components));
  expect(configs()).toEqual([["a"]]);
  await clock.advance(2_000);
  expect(configs()).toEqual([["a"], ["d"]]);
});

test("a refusal for another reason than size is tried again with the next change", async () => {
  let refuse = true;
  const { publisher, link, clock, sent, logger } = bench(async ({ topic }) => {
    if (refuse && topic.endsWith("production")) throw new PublishError("refused", "its quota is exceeded (code 151)", 151);
  });
  publisher.linkUp(link);
  publisher.offer("values", [value("production", { power: 1 })]);
  await clock.settle();
  refuse = false;
  publisher.offer("values", [value("production", { power: 2 })]);
  await clock.settle();
  expect(sent.filter(({ topic }) => topic.endsWith("production"))).toHaveLength(2);
  expect(logger.said(/did not take .*quota/, "warn")).toHaveLength(1);
  expect(publisher.counts).toMatchObject({ dropped: 1, published: 2 });
});

test("a message the broker calls too large is not sent again while it is as large", async () => {
  const { publisher, link, clock, sent } = bench(async ({ payload }) => {
    if (payload.length > 1_000) throw new PublishError("refused", "too large", 149);
  });
  publisher.linkUp(link);
  const sizes = [2_000, 2_001, 100];
  for (const size of sizes) {
    publisher.offer("values", [value("production", { text: "x".repeat(size) })]);
    await clock.settle();
  }
  expect(sent.filter(({ topic }) => topic.endsWith("production"))).toHaveLength(2);
});

test("a limit that was raised at the broker is believed at the next connection", async () => {
  const small = bench(undefined, 500);
  const big = value("production", { text: "x".repeat(2_000) });
  small.publisher.linkUp(small.link);
  small.publisher.offer("values", [big]);
  await small.clock.settle();
  expect(small.sent.map(({ topic }) => topic)).not.toContain(big.topic);
  small.publisher.linkDown({ reason: "restart", code: null, hungUp: true });
  small.publisher.linkUp({ ...small.link, maximumPacketSize: null });
  await small.clock.settle();
  expect(small.sent.map(({ topic }) => topic)).toContain(big.topic);
});

test("a link on which a publish is not answered is closed, and nothing more is sent on it", async () => {
  const { publisher, link, clock, sent, destroyed } = bench(() => Promise.reject(new PublishError("silent", "not in time")));
  publisher.linkUp(link);
  publisher.offer("values", [value("production", { power: 1 })]);
  await clock.settle();
  await clock.advance(1_000);
  expect(destroyed).toEqual(["the broker did not acknowledge envoy2mqtt/122000000001/production in time"]);
  const before = sent.length;
  publisher.offer("values", [value("production", { power: 2 })]);
  await clock.settle();
  expect(sent).toHaveLength(before);
});

test("an event that is lost is counted, and not sent again", async () => {
  const { publisher, link, clock, sent } = bench(async ({ topic }) => {
    if (topic.endsWith("event")) throw new PublishError("lost", "gone");
  });
  publisher.linkUp(link);
  await clock.settle();
  publisher.event(value("event", { event_type: "x" }, { retain: false }));
  publisher.event(value("a/+", { event_type: "x" }, { retain: false }));
  await clock.settle();
  expect(sent.filter(({ topic }) => topic.endsWith("event"))).toHaveLength(1);
  expect(publisher.counts.dropped).toBe(2);
});

test("an event larger than the broker takes is told, and a hundred may wait", async () => {
  const { publisher, link, logger, sent, clock } = bench(undefined, 300);
  publisher.linkUp(link);
  publisher.event(value("event", { text: "x".repeat(500) }, { retain: false }), Buffer.from("correlation"));
  await clock.settle();
  expect(logger.said(/larger than the broker takes/, "warn")).toHaveLength(1);
  for (let count = 0; count < 101; count++) publisher.event(value("event", { count }, { retain: false }));
  await clock.settle();
  expect(sent.filter(({ topic }) => topic.endsWith("event"))).toHaveLength(100);
  publisher.event(value("event", { last: 1 }, { retain: false }));
  publisher.linkDown({ reason: "gone", code: null, hungUp: false });
  expect(publisher.counts.dropped).toBe(3);
});

test("a topic may move to another stage, and twenty thousand are enough", async () => {
  const { publisher, link, sent, clock, logger } = bench();
  publisher.offer("values", [availability("offline")]);
  publisher.offer("availability", [availability("online")]);
  publisher.linkUp(link);
  await clock.settle();
  expect(sent.map(({ payload }) => payload)).toEqual(["online", "online"]);
  publisher.offer(
    "values",
    Array.from({ length: 20_000 }, (_, index) => value(`a/${index}`, {})),
  );
  expect(logger.said(/more than 20000 topics/, "error")).toHaveLength(1);
  expect(publisher.counts.topics).toBe(20_000);
});

test("what is not known is neither seen nor emptied, and online is not said before its time", () => {
  const { publisher } = bench();
  publisher.seen("nowhere", "{}");
  publisher.reassert();
  expect(publisher.emptied("nowhere")).toBe(false);
  expect(publisher.isOffered("nowhere")).toBe(false);
});

test("offline without a link cannot be said", async () => {
  const { publisher } = bench();
  expect(await publisher.sayOffline()).toBe(false);
});
