import { execFileSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer, connect as dial, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { freePort } from "../support/broker-process.ts";
import { startMosquitto } from "../support/mosquitto.ts";
import { endPrograms, type Program, startProgram } from "../support/program.ts";
import type { World } from "../support/world.ts";
import { houseFor, online } from "./house.ts";

const isRoot = process.platform === "linux" && process.getuid?.() === 0;
/** Mounts need root; CI has it. */
const named = (name: string) => (isRoot ? name : `not run, it needs root on Linux: ${name}`);
const possible = () => {
  if (!isRoot) expect(process.env["CI"]).toBeUndefined();
  return isRoot;
};

let folder = "";
const cleanUp: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "envoy2mqtt-host-"));
});
afterEach(async () => {
  await endPrograms();
  for (const work of cleanUp.splice(0).reverse()) await work();
  await rm(folder, { recursive: true, force: true });
});

async function house(options: Parameters<typeof houseFor>[1] = {}) {
  const made = await houseFor(join(folder, "state"), options);
  cleanUp.push(() => made.world.end());
  return made;
}

/** Runs `script` in a mount namespace of its own, then the program. */
const mounted = (script: string) => ["unshare", "--mount", "--propagation", "private", "sh", "-ec", `${script}; exec "$@"`, "sh"];
const availability = ({ watch, topic }: World, state: string, ms = 20_000) =>
  watch.until(state, () => watch.last(topic("availability")) === state, ms);
const said = (program: Program) => program.out() + program.err();
const openFiles = async (program: Program) => (await readdir(`/proc/${program.pid}/fd`)).length;

describe("the name of the gateway", () => {
  test(named(
    "F-34: a name that is not known yet is asked again, with one hint; a new address behind it is found without a restart",
  ), async () => {
    if (!possible()) return;
    const { world, env } = await house();
    const { gateway } = world;
    const hosts = join(folder, "hosts");
    await writeFile(hosts, "127.0.0.1 localhost\n");
    const before = await blackhole(gateway.port, { host: "127.0.0.2", port: 0 });
    const program = startProgram({
      env: { ...env, ENVOY2MQTT_HOST: `envoy.home.arpa:${before.port}`, ENVOY2MQTT_AVAILABILITY_SECONDS: "3" },
      within: mounted(`mount --bind ${hosts} /etc/hosts`),
    });
    await program.until("a hint", (out) => /envoy\.home\.arpa/.test(out) && /name|DNS|address/i.test(out));
    await writeFile(hosts, "127.0.0.2 envoy.home.arpa\n");
    await online(world, 60_000);

    // The same gateway behind another address: what was open ends, and the former address answers no more.
    const moved = await blackhole(gateway.port, { host: "127.0.0.3", port: before.port });
    cleanUp.push(moved.close);
    await writeFile(hosts, "127.0.0.3 envoy.home.arpa\n");
    await before.close();
    const asked = gateway.requests.length;
    await program.until("it is read there", () => gateway.requests.length > asked + 3, 60_000);
  }, 150_000);
});

describe("the machine", () => {
  test(named("F-49: a full disk from the start: it reads and publishes, says so, and keeps the token in memory"), async () => {
    if (!possible()) return;
    const { world, env } = await house();
    const state = join(folder, "full");
    const program = startProgram({
      env: { ...env, ENVOY2MQTT_STATE_DIR: state },
      within: mounted(`mkdir ${state}; mount -t tmpfs -o size=4k tmpfs ${state}; head -c 4096 /dev/zero > ${state}/full`),
    });
    await online(world);
    await program.until("said", (out) => /cannot be (written|stored|saved|kept)|ENOSPC|no space/i.test(out));
    expect(world.cloud.logins).toBe(1);
    program.kill("SIGTERM");
    expect(await program.ended()).toBe(0);
  }, 60_000);

  test("F-55: with 40 open files at most it lives through twenty outages of gateway and broker, and holds no more than before", async () => {
    const { world, env } = await house();
    const program = startProgram({ env, within: ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh"] });
    await online(world);
    const before = await openFiles(program);
    for (let round = 0; round < 20; round++) {
      world.gateway.cutConnections();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const asked = world.gateway.requests.length;
    await program.until("it reads on", () => world.gateway.requests.length > asked + 3);
    expect(await openFiles(program)).toBeLessThanOrEqual(before + 2);
    expect(said(program)).not.toMatch(/EMFILE|mistake of the bridge/);
  }, 60_000);

  test("F-55: more visitors of the page than it may open files: it stays, and goes on when they are gone", async () => {
    const { world, env } = await house();
    const port = await freePort();
    const web = { ENVOY2MQTT_WEB_LISTEN: `127.0.0.1:${port}`, NODE_OPTIONS: "--max-old-space-size=64" };
    const program = startProgram({ env: { ...env, ...web }, within: ["sh", "-c", 'ulimit -n 48; exec "$@"', "sh"] });
    await online(world);
    const visitors = Array.from({ length: 100 }, () => dial(port, "127.0.0.1").on("error", () => {}));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await openFiles(program)).toBeGreaterThan(40);
    for (const visitor of visitors) visitor.destroy();
    const asked = world.gateway.requests.length;
    await program.until("it reads on", () => world.gateway.requests.length > asked + 3, 60_000);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
    program.kill("SIGTERM");
    expect(await program.ended()).toBe(0);
  }, 120_000);

  test("F-51: a second one on the same state folder ends with one clear line, and the first goes on; killed, it leaves the folder free", async () => {
    const { world, env } = await house();
    const { watch } = world;
    const first = startProgram({ env });
    await online(world);
    const second = startProgram({ env });
    expect(await second.ended(40_000)).toBe(78);
    const who = `Another envoy2mqtt (process ${first.pid}) uses the state folder ${env["ENVOY2MQTT_STATE_DIR"]}`;
    expect(second.err()).toBe(`envoy2mqtt: ${who}: stop it, or give this one a state_dir of its own.\n`);
    expect(watch.history("envoy2mqtt/bridge/state")).toEqual(["online"]);
    first.kill("SIGKILL");
    await first.ended();
    const third = startProgram({ env });
    const asked = world.gateway.requests.length;
    await third.until("it reads", () => world.gateway.requests.length > asked + 8, 30_000);
    expect(world.cloud.logins).toBe(1);
    third.kill("SIGTERM");
    expect(await third.ended()).toBe(0);
  }, 120_000);

  test("F-62: two with one client id: a clear line, and the one that stays comes back", async () => {
    const broker = await startMosquitto();
    cleanUp.push(() => broker.stop());
    const { world, env } = await house({ brokerUrl: broker.url });
    const same = { ...env, ENVOY2MQTT_MQTT_PROTOCOL: "auto", ENVOY2MQTT_MQTT_CLIENT_ID: "the-same" };
    const first = startProgram({ env: same });
    await online(world);
    const second = startProgram({ env: { ...same, ENVOY2MQTT_STATE_DIR: join(folder, "second") } });
    const told = (out: string) => /another program connected with the same client id/.test(out);
    await Promise.race([first.until("a clear line", told, 60_000), second.until("a clear line", told, 60_000)]);
    second.kill("SIGKILL");
    await second.ended();
    world.watch.clear();
    await world.watch.until("online again", () => world.watch.last("envoy2mqtt/bridge/state") === "online", 75_000);
    first.kill("SIGTERM");
    expect(await first.ended()).toBe(0);
  }, 180_000);
});

describe("a connection on which nothing comes any more", () => {
  test("F-17, F-33: to the gateway: offline in time, one connection at most, and online again over a new one", async () => {
    const { world, env } = await house();
    const line = await blackhole(world.gateway.port);
    cleanUp.push(line.close);
    startProgram({
      env: { ...env, ENVOY2MQTT_HOST: `127.0.0.1:${line.port}`, ENVOY2MQTT_AVAILABILITY_SECONDS: "3" },
    });
    await online(world);
    line.swallow(true);
    await availability(world, "offline", 40_000);
    expect(line.connections()).toBe(1);
    line.swallow(false);
    await online(world, 60_000);
    expect(line.connections()).toBeLessThanOrEqual(2);
    expect(world.gateway.mostInFlight).toBe(1);
  }, 150_000);

  test("F-63: to the broker, which is frozen: the gateway is read on, and afterwards the last value is there", async () => {
    const broker = await startMosquitto();
    cleanUp.push(() => broker.stop());
    const { world, env } = await house({ brokerUrl: broker.url });
    const program = startProgram({ env: { ...env, ENVOY2MQTT_MQTT_PROTOCOL: "auto" } });
    await online(world);
    broker.freeze();
    const asked = world.gateway.requests.length;
    await program.until("it reads on", () => world.gateway.requests.length > asked + 8, 30_000);
    broker.thaw();
    const { watch, topic } = world;
    const from = watch.json(topic("production"))?.["ts"];
    await watch.until("a later value", () => watch.json(topic("production"))?.["ts"] !== from, 60_000);
    await online(world);
  }, 120_000);
});

/** A line to a port on which everything can be swallowed without an end. */
async function blackhole(port: number, at = { host: "127.0.0.1", port: 0 }) {
  let swallowing = false;
  const sockets = new Set<Socket>();
  let opened = 0;
  const server = createServer((near) => {
    opened++;
    const far = dial(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (bytes) => swallowing || to.write(bytes));
      from.on("close", () => {
        sockets.delete(from);
        if (!swallowing) to.destroy();
      });
      from.on("error", () => {});
    }
  });
  await new Promise<void>((resolve) => server.listen(at.port, at.host, resolve));
  return {
    port: (server.address() as { readonly port: number }).port,
    /** How many were ever opened. */
    connections: () => opened,
    swallow: (now: boolean) => {
      swallowing = now;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("mounts of these tests are seen by nobody else", () => {
  expect(execFileSync("cat", ["/proc/mounts"], { encoding: "utf8" })).not.toContain("envoy2mqtt-host-");
});
