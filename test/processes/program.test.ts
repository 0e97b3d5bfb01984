import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { endPrograms, startProgram } from "../support/program.ts";
import { ACCOUNT, type World } from "../support/world.ts";
import { type House, houseFor, online } from "./house.ts";

let folder = "";
let world: World | null = null;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "envoy2mqtt-process-"));
});
afterEach(async () => {
  await endPrograms();
  await world?.end();
  world = null;
  await rm(folder, { recursive: true, force: true });
});

async function house(): Promise<House> {
  const made = await houseFor(folder);
  world = made.world;
  return made;
}

describe("a wrong configuration stops the start with exit code 78 and one line that names it", () => {
  test.each([
    ["an unknown variable", { ENVOY2MQTT_HOTS: "envoy.local" }, [], /ENVOY2MQTT_HOTS/],
    ["a wrong value", { ENVOY2MQTT_HOST: "envoy.local", ENVOY2MQTT_TLS: "maybe" }, [], /TLS/i],
    ["a broker's address that is none", { ENVOY2MQTT_HOST: "envoy.local", ENVOY2MQTT_MQTT_URL: "http://broker" }, [], /MQTT_URL/],
    [
      "a secret's file that is not there",
      { ENVOY2MQTT_HOST: "envoy.local", ENVOY2MQTT_PASSWORD_FILE: "/no/such/file" },
      [],
      /no\/such\/file/,
    ],
    ["an unknown argument", {}, ["--hots", "envoy.local"], /--hots/],
    ["a configuration file that is not there", {}, ["--config", "no-such.yaml"], /no-such\.yaml/],
  ] as const)("%s", async (_, env, args, named) => {
    const program = startProgram({ env, args, cwd: folder });
    expect(await program.ended()).toBe(78);
    expect(program.err()).toMatch(named);
    expect(program.err().trim().split("\n")).toHaveLength(1);
    expect(program.out()).toBe("");
  });

  test("an unknown key in the file", async () => {
    await writeFile(join(folder, "c.yaml"), "host: envoy.local\nmqtt:\n  urll: mqtt://broker\n");
    const program = startProgram({ args: ["--config", "c.yaml"], cwd: folder });
    expect(await program.ended()).toBe(78);
    expect(program.err()).toMatch(/mqtt\.urll/);
  });
});

describe("the program", () => {
  test("says its version, and what it can do", async () => {
    const version = startProgram({ args: ["--version"] });
    expect(await version.ended()).toBe(0);
    expect(version.out()).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = startProgram({ args: ["--help"] });
    expect(await help.ended()).toBe(0);
    for (const command of ["run", "demo", "check", "discover", "record"]) expect(help.out()).toContain(command);
  });

  test("F-52: SIGTERM: offline is said, and it ends with 0 within three seconds", async () => {
    const { world, env } = await house();
    const program = startProgram({ env });
    await online(world);
    const began = performance.now();
    program.kill("SIGTERM");
    expect(await program.ended()).toBe(0);
    expect(performance.now() - began).toBeLessThan(3_500);
    await world.watch.until("the bridge offline", () => world.watch.last("envoy2mqtt/bridge/state") === "offline", 2_000);
    expect(world.watch.last(world.topic("availability"))).toBe("offline");
  });

  test("F-53: kill -9, three times: the will says offline, each start goes on without another login, and no counter falls", async () => {
    const { world, env } = await house();
    const { watch, topic, cloud } = world;
    for (let round = 0; round < 3; round++) {
      const program = startProgram({ env });
      await watch.until(
        "online",
        () => watch.last("envoy2mqtt/bridge/state") === "online" && watch.last(topic("energy")) !== undefined,
        20_000,
      );
      program.kill("SIGKILL");
      expect(await program.ended()).toBe("SIGKILL");
      await watch.until("the will", () => watch.last("envoy2mqtt/bridge/state") === "offline", 10_000);
    }
    expect(cloud.logins).toBe(1);
    const produced = watch.history(topic("energy")).map((text) => JSON.parse(text).production_kwh as number | null);
    const known = produced.filter((value) => value !== null);
    expect(known.length).toBeGreaterThan(2);
    expect(known).toEqual(known.toSorted((a, b) => a - b));
  });

  test("F-36: a crash loop with a wrong password: never more than three logins", async () => {
    const { world, env } = await house();
    for (let round = 0; round < 5; round++) {
      const program = startProgram({ env: { ...env, ENVOY2MQTT_PASSWORD: "a wrong one" } });
      await program.until("a reason", (out) => /refused|password|wait/i.test(out));
      await new Promise((resolve) => setTimeout(resolve, 300));
      program.kill("SIGKILL");
      await program.ended();
    }
    expect(world.cloud.logins).toBeGreaterThan(0);
    expect(world.cloud.logins).toBeLessThanOrEqual(3);
  });

  test("F-54: nobody reads its standard output, and then it is closed: it goes on", async () => {
    const { world, env } = await house();
    const program = startProgram({ env: { ...env, ENVOY2MQTT_LOG_LEVEL: "debug" }, unread: true });
    await online(world);
    program.child.stdout?.destroy();
    world.watch.clear();
    await world.watch.until("more values", () => world.watch.heard.filter(({ topic }) => topic === world.topic("grid")).length > 2, 10_000);
    program.kill("SIGTERM");
    expect(await program.ended()).toBe(0);
  });

  test("what it keeps is for its own user only, and no secret stands outside the token's file", async () => {
    const { world, env } = await house();
    const program = startProgram({ env: { ...env, ENVOY2MQTT_LOG_LEVEL: "debug" } });
    await online(world);
    program.kill("SIGTERM");
    await program.ended();
    const files = await readdir(folder);
    expect(files.some((name) => name.startsWith("token-"))).toBe(true);
    for (const name of files) {
      expect((await stat(join(folder, name))).mode & 0o077).toBe(0);
      const text = await readFile(join(folder, name), "utf8");
      expect(text).not.toContain(ACCOUNT.password);
      if (!name.startsWith("token-")) expect(text).not.toMatch(/eyJ[\w-]+\./);
    }
    const said = program.out() + program.err() + world.watch.heard.map(({ payload }) => payload).join("\n");
    expect(said).not.toContain(ACCOUNT.password);
    expect(said).not.toMatch(/eyJ[\w-]+\./);
  });

  test("a changed configuration file is taken over; a wrong one is told, and the bridge goes on", async () => {
    const { world, env } = await house();
    const file = join(folder, "c.yaml");
    await writeFile(file, "mqtt:\n  base_topic: one\n");
    const program = startProgram({ env: { ...env, ENVOY2MQTT_CONFIG: file } });
    await world.watch.until("the first base topic", () => world.watch.last("one/bridge/state") === "online", 20_000);
    await writeFile(file, "mqtt:\n  base_topics: two\n");
    await program.until("told", (out) => out.includes("base_topics"), 15_000);
    expect(world.watch.last("one/bridge/state")).toBe("online");
    await writeFile(file, "mqtt:\n  base_topic: two\n");
    await world.watch.until("the second base topic", () => world.watch.last("two/bridge/state") === "online", 20_000);
    expect(world.watch.last("one/bridge/state")).toBe("offline");
    program.kill("SIGTERM");
    expect(await program.ended()).toBe(0);
  });
});

describe("the demo", () => {
  test("shows lifecycle, devices and live values, ends by itself after the seconds it was given, and leaves nothing behind", async () => {
    const program = startProgram({ args: ["demo", "--seconds", "8"], env: { TMPDIR: folder } });
    expect(await program.ended(30_000)).toBe(0);
    expect(program.out()).toMatch(/authenticated: /);
    expect(program.out()).toMatch(/13 devices/);
    expect(program.out()).toMatch(/production \d+ W/);
    expect(program.out()).toContain("mosquitto_sub");
    expect(await readdir(folder)).toEqual([]);
  });

  test("goes on until Ctrl-C", async () => {
    const program = startProgram({ args: ["demo"], env: { TMPDIR: folder } });
    await program.until("values", (out) => out.includes("production "));
    program.kill("SIGINT");
    expect(await program.ended()).toBe(0);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe("check", () => {
  test("all is well", async () => {
    const { env } = await house();
    const program = startProgram({ args: ["check"], env });
    expect(await program.ended(30_000)).toBe(0);
    expect(program.out()).toContain("All is well");
  });

  test("says what is wrong: password, and a gateway that is not there", async () => {
    const { env } = await house();
    const program = startProgram({ args: ["check"], env: { ...env, ENVOY2MQTT_PASSWORD: "a wrong one" } });
    expect(await program.ended(30_000)).toBe(1);
    expect(program.out()).toMatch(/WRONG login and reading: .*password/i);
    const away = startProgram({ args: ["check"], env: { ...env, ENVOY2MQTT_HOST: "127.0.0.1:9" } });
    expect(await away.ended(40_000)).toBe(1);
    expect(away.out()).toMatch(/WRONG gateway: /);
  });
});
