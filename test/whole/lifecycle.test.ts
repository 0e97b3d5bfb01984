import { describe, expect, test } from "vitest";
import { lies, statesOf } from "../support/truth.ts";
import { ACCOUNT, startWorld, type World, type WorldOptions } from "../support/world.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** The pace while much happens at once; and while little does. */
const SLOW = 10;
const FAST = 60;
const IDLE = 600;

/** A world for one story; ended with it. */
async function story(options: WorldOptions, tell: (world: World) => Promise<void>): Promise<void> {
  const world = await startWorld({ factor: SLOW, ...options });
  try {
    await tell(world);
  } finally {
    await world.end();
  }
}

const stateOf = (world: World) => world.watch.json(world.topic("lifecycle"))?.["state"];
const reasonOf = (world: World) => String(world.watch.json(world.topic("lifecycle"))?.["reason"]);
const reached = (world: World, state: string) => world.watch.until(state, () => stateOf(world) === state);
const says = (world: World, availability: string) =>
  world.watch.until(availability, () => world.watch.last(world.topic("availability")) === availability);
/** Lets time pass at another pace. */
async function pass(world: World, ms: number, pace = FAST): Promise<void> {
  await at(world, pace, () => world.clock.sleep(ms));
}
async function at<T>(world: World, pace: number, work: () => Promise<T>): Promise<T> {
  world.clock.pace(pace);
  return await work().finally(() => world.clock.pace(SLOW));
}
const online = async (world: World) => {
  await says(world, "online");
  await reached(world, "authenticated");
};
const availabilities = (world: World) => world.watch.history(world.topic("availability"));

describe.concurrent("a gateway's life, seen from the broker", () => {
  test("a fresh start", async () => {
    await story({}, async (world) => {
      await online(world);
      expect(statesOf(world)).toEqual(expect.arrayContaining(["probing", "authenticated"]));
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("the token expires while the cloud is away: expired, refreshing, and back", async () => {
    await story({ tokenLifetimeMs: 8 * MINUTE }, async (world) => {
      await online(world);
      await world.cloud.offline();
      const expires = Date.parse(String(world.watch.json(world.topic("lifecycle"))?.["token_expires"]));
      await pass(world, expires - world.clock.now() - 10_000);
      await reached(world, "expired");
      await reached(world, "refreshing");
      await at(world, FAST, () => says(world, "offline"));
      await world.cloud.online();
      world.bridge.wake();
      await online(world);
      expect(statesOf(world)).toEqual(expect.arrayContaining(["expired", "refreshing"]));
      expect(lies(world)).toEqual([]);
    });
  });

  test("an early renewal without a flicker", async () => {
    await story({ tokenLifetimeMs: 8 * MINUTE }, async (world) => {
      await online(world);
      const expires = world.watch.json(world.topic("lifecycle"))?.["token_expires"];
      await at(world, FAST, () =>
        world.watch.until("another token", () => world.watch.json(world.topic("lifecycle"))?.["token_expires"] !== expires),
      );
      await pass(world, 2 * MINUTE);
      expect(availabilities(world)).toEqual(["online"]);
      expect(statesOf(world).slice(-1)).toEqual(["authenticated"]);
      expect(lies(world, { logins: 2 })).toEqual([]);
    });
  });

  test("F-10: the gateway is away for an hour", async () => {
    await story({}, async (world) => {
      await online(world);
      await world.gateway.offline();
      await pass(world, HOUR, IDLE);
      expect(stateOf(world)).toMatch(/outage|re-setup/);
      expect(world.watch.last(world.topic("availability"))).toBe("offline");
      await world.gateway.online();
      await at(world, FAST, () => online(world));
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("firmware 7.6 becomes 8.3 while it runs: outage, refusal, another look, and what is new appears", async () => {
    await story({ gateway: { firmware: "7.6.175" } }, async (world) => {
      await online(world);
      const told = () =>
        [...world.watch.topics()].some(([name, text]) => name.startsWith("homeassistant/device/") && text.includes("dc_voltage"));
      expect(told()).toBe(false);
      await world.gateway.offline();
      await at(world, FAST, () => reached(world, "outage"));
      world.gateway.setFirmware("8.3.5433");
      await world.gateway.online();
      await at(world, FAST, () =>
        world.watch.until("another firmware", () => world.watch.json(world.topic("info"))?.["firmware"] === "8.3.5433"),
      );
      await online(world);
      await world.watch.until("what device data tells", told);
      expect(statesOf(world)).toEqual(expect.arrayContaining(["outage", "re-setup", "re-probing"]));
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("firmware 5 becomes 8.3.5169, whose port 80 only redirects: from digest to token", async () => {
    await story({ gateway: { firmware: "5.0.49" } }, async (world) => {
      await online(world);
      expect(world.cloud.logins).toBe(0);
      world.gateway.setFirmware("8.3.5169");
      await at(world, FAST, () =>
        world.watch.until("another firmware", () => world.watch.json(world.topic("info"))?.["firmware"] === "8.3.5169"),
      );
      await online(world);
      expect(statesOf(world)).toContain("re-probing");
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("a wrong password, then a token in its place", async () => {
    await story({ env: { PASSWORD: "wrong" } }, async (world) => {
      await reached(world, "refused");
      expect(reasonOf(world)).toMatch(/password/);
      await pass(world, HOUR, IDLE);
      world.token = world.cloud.issueToken(world.gateway.serial);
      world.bridge.wake();
      await online(world);
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("a second factor is on", async () => {
    await story({ start: false }, async (world) => {
      world.cloud.setAccounts([{ ...ACCOUNT, mfa: true }]);
      await world.start();
      await reached(world, "refused");
      expect(reasonOf(world)).toMatch(/factor|MFA/i);
      await pass(world, HOUR, IDLE);
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("Enlighten is down at the start", async () => {
    await story({ start: false }, async (world) => {
      await world.cloud.offline();
      await world.start();
      await reached(world, "refreshing");
      await pass(world, 5 * MINUTE);
      expect(availabilities(world)).not.toContain("online");
      await world.cloud.online();
      world.bridge.wake();
      await online(world);
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("a token for another gateway is configured", async () => {
    await story({ account: false, start: false }, async (world) => {
      world.token = world.cloud.issueToken("999999999999");
      await world.start();
      await reached(world, "refused");
      expect(reasonOf(world)).toContain("999999999999");
      expect(lies(world, { logins: 0 })).toEqual([]);
    });
  });

  test("another gateway at the same address", async () => {
    await story({}, async (world) => {
      await online(world);
      const { serial } = world.gateway;
      await world.gateway.offline();
      await at(world, FAST, () => reached(world, "outage"));
      world.gateway.setSerial("999999999999");
      const before = world.gateway.requests.length;
      await world.gateway.online();
      await at(world, FAST, () => reached(world, "refused"));
      expect(reasonOf(world)).toContain("999999999999");
      await at(world, FAST, () => says(world, "offline"));
      expect(world.gateway.requests.slice(before).filter(({ token }) => token !== null)).toEqual([]);
      world.gateway.setSerial(serial);
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("F-48: the gateway's clock is two days ahead: its times are given as they are, and it is online by ours", async () => {
    await story({}, async (world) => {
      world.gateway.setClockSkew(48 * HOUR);
      await online(world);
      const measured = () => Date.parse(String(world.watch.json(world.topic("meter/production"))?.["measured_at"]));
      await world.watch.until("a reading of its clock", () => measured() - world.clock.now() > 47 * HOUR);
      await pass(world, 5 * MINUTE);
      await world.gateway.offline();
      await at(world, FAST, () => says(world, "offline"));
      expect(availabilities(world)).toEqual(["online", "offline"]);
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("the session cookie is lost: no login, no flicker", async () => {
    await story({}, async (world) => {
      await online(world);
      world.gateway.loseSessions();
      await at(world, FAST, () => world.watch.until("a refusal", () => world.gateway.requests.some(({ status }) => status === 401)));
      await pass(world, 5 * MINUTE);
      expect(stateOf(world)).toBe("authenticated");
      expect(availabilities(world)).toEqual(["online"]);
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test("the certificate changed: nothing is sent, and it is said how to accept it", async () => {
    await story({}, async (world) => {
      await online(world);
      const before = world.gateway.requests.length;
      await world.gateway.rotateKey();
      const rotated = world.gateway.requests.length;
      await at(world, FAST, () => reached(world, "refused"));
      await at(world, FAST, () => says(world, "offline"));
      expect(rotated - before).toBeLessThanOrEqual(1);
      expect(world.gateway.requests.length).toBe(rotated);
      expect(reasonOf(world)).toMatch(/certificate.*remove .*gateway-.*\.json/s);
      expect(lies(world, { logins: 1 })).toEqual([]);
    });
  });

  test.each([
    ["HTML", { kind: "body", body: "<html></html>", contentType: "text/html" }],
    ["503", { kind: "status", status: 503 }],
  ] as const)("the gateway answers with %s for a while", async (_, fault) => {
    await story({}, async (world) => {
      await online(world);
      const began = world.clock.now();
      const end = world.gateway.fault(fault);
      await at(world, FAST, () => says(world, "offline"));
      const ended = world.clock.now();
      end();
      await at(world, FAST, () => online(world));
      expect(lies(world, { logins: 1, isGood: ({ at }) => at < began || at > ended })).toEqual([]);
    });
  });
});
