import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EmbeddedBroker, startEmbeddedBroker } from "../../src/mqtt/embedded-broker.ts";
import { type Subscriber, subscribe } from "../support/subscriber.ts";
import { startWorld, type World } from "../support/world.ts";
import { type NodeRed, startNodeRed } from "./node-red.ts";

const TOPIC = "envoy2mqtt-flows/message";
const DAY_MS = 86_400_000;
const SERIAL = "122302000001";
const GOOD = { state: "authenticated", reason: "reading the gateway", renewal: "ok" };
const REFUSED = { state: "refused", reason: "Enlighten refused the password: put it right (try 1)", renewal: "ok" };

let directory = "";
let broker: EmbeddedBroker | null = null;
let watch: Subscriber;
let nodeRed: NodeRed | null = null;
let world: World | null = null;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "envoy2mqtt-node-red-"));
});

afterEach(async () => {
  await nodeRed?.stop();
  await world?.end();
  if (broker !== null) await watch.end();
  await broker?.close();
  await rm(directory, { recursive: true, force: true });
  nodeRed = world = broker = null;
});

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const messages = () => watch.heard.filter(({ topic }) => topic === TOPIC).map(({ payload }) => payload);

/** The next message after `count` ones; nothing more may have come. */
async function message(count: number, wanted: RegExp): Promise<void> {
  await watch.until(`message ${count}: ${wanted}`, () => messages().length >= count, 10_000);
  expect(messages()).toHaveLength(count);
  expect(messages().at(-1)).toMatch(wanted);
}

async function say(status: object, id = SERIAL): Promise<void> {
  const payload = {
    since: "2026-06-21T10:00:00.000Z",
    next_attempt: null,
    token_expires: "2026-07-01T00:00:00.000Z",
    role: "owner",
    ...status,
  };
  await watch.publish(`envoy2mqtt/${id}/lifecycle`, JSON.stringify(payload), true);
}

test("messages: once per trouble and once when it is over, remembered over a restart", async () => {
  broker = await startEmbeddedBroker(0);
  watch = await subscribe(broker.url);
  const options = { flow: "needs-person", brokerUrl: broker.url, directory, set: { FAILING_H: 2 / 3_600, SOLVED_AFTER_S: 1 } };
  nodeRed = await startNodeRed(options);
  await say(GOOD);
  await pause(1_500);
  expect(messages()).toEqual([]);

  await say(REFUSED);
  await message(1, /^Envoy 122302000001: it cannot be read until you do something: Enlighten refused the password/);
  for (const state of ["re-setup", "authenticating", "refreshing"]) await say({ ...GOOD, state, reason: "trying again" });
  await say({ ...REFUSED, reason: REFUSED.reason.replace("1", "2") });
  await nodeRed.stop();
  nodeRed = await startNodeRed(options);
  await pause(2_500);
  await message(1, /password/);
  await say(GOOD);
  await pause(200);
  await say({ ...REFUSED, reason: "the account has a second factor: paste a token" });
  await message(2, /second factor/);
  await say(GOOD);
  await message(3, /^Envoy 122302000001: all is well again/);

  await say({ ...GOOD, renewal: "failing", reason: "the cloud does not answer" });
  await pause(800);
  await say(GOOD);
  await pause(200);
  expect(messages()).toHaveLength(3);
  await say({ ...GOOD, renewal: "failing", reason: "the cloud does not answer" });
  await message(4, /no new token for 0 h: the cloud does not answer.* The token is valid until 2026-07-01/);
  await say({ ...GOOD, renewal: "impossible", reason: "there is no account to renew it with" }, "122302000002");
  await message(5, /^Envoy 122302000002: the bridge cannot renew the token by itself: there is no account/);
  await nodeRed.kill();
  await say(GOOD);
  nodeRed = await startNodeRed(options);
  await message(6, /^Envoy 122302000001: all is well again/);
  await say(GOOD, "122302000002");
  await message(7, /^Envoy 122302000002: all is well again/);
});

test("the whole bridge: a password that the cloud refuses needs a person, the right one ends it", async () => {
  world = await startWorld({ start: false });
  watch = world.watch;
  nodeRed = await startNodeRed({ flow: "needs-person", brokerUrl: world.brokerUrl, directory, set: { SOLVED_AFTER_S: 1 } });
  await world.start({ PASSWORD: "forgotten" });
  await message(1, new RegExp(`^Envoy ${world.gateway.serial}: it cannot be read until you do something: .*password`));
  await world.stopBridge();
  await world.start();
  await message(2, /all is well again/);
});

test("the whole bridge: a pasted token near its end, without an account to renew it, needs a person; a new one ends it", async () => {
  world = await startWorld({ account: false, start: false });
  watch = world.watch;
  const { cloud, gateway, clock } = world;
  nodeRed = await startNodeRed({ flow: "needs-person", brokerUrl: world.brokerUrl, directory, set: { SOLVED_AFTER_S: 1 } });
  world.token = cloud.issueToken(gateway.serial, { iat: clock.now() - 360 * DAY_MS, exp: clock.now() + 5 * DAY_MS });
  const bridge = await world.start();
  await message(1, new RegExp(`^Envoy ${gateway.serial}: the bridge cannot renew the token by itself: `));
  world.token = cloud.issueToken(gateway.serial);
  bridge.wake();
  await message(2, /all is well again/);
});
