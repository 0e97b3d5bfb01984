import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { holdStateFolder, type StateLockOptions } from "../../src/cli/state-lock.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { remember } from "../support/bridge-link.ts";

let folder = "";
let log = remember();
const held: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "lock-"));
  log = remember();
});
afterEach(async () => {
  await Promise.all(held.splice(0).map((letGo) => letGo()));
  await rm(folder, { recursive: true, force: true });
});

async function hold(more: Partial<StateLockOptions> = {}, directory = folder): Promise<() => Promise<void>> {
  const options = { clock: systemClock, logger: log, signal: new AbortController().signal, patienceMs: 500, ...more };
  const letGo = await holdStateFolder(directory, options);
  held.push(letGo);
  return letGo;
}

describe("F-51: the state folder is held by one process", () => {
  test("a second one is told which process has it and what to do", async () => {
    await hold();
    await expect(hold()).rejects.toMatchObject({ code: "config" });
    await expect(hold({ patienceMs: 0 })).rejects.toThrow(
      `Another envoy2mqtt (process ${process.pid}) uses the state folder ${folder}: stop it`,
    );
  });

  test("let go, it is free, and nothing stays behind; a folder that is not there is made", async () => {
    const letGo = await hold({}, join(folder, "new"));
    expect((await stat(join(folder, "new"))).mode & 0o077).toBe(0);
    expect((await stat(join(folder, "new", "in-use"))).mode & 0o077).toBe(0);
    await letGo();
    expect(await readdir(join(folder, "new"))).toEqual([]);
    await hold({}, join(folder, "new"));
  });

  test("one that is just ending is waited for", async () => {
    const letGo = await hold();
    const second = hold({ patienceMs: 20_000 });
    await systemClock.sleep(300);
    await letGo();
    await second;
  });

  test("a wait ends when the process is told to stop", async () => {
    await hold();
    const stop = new AbortController();
    const second = hold({ patienceMs: 20_000, signal: stop.signal });
    stop.abort();
    await expect(second).rejects.toMatchObject({ code: "aborted" });
  });

  test("of several that find the remains of a killed process, one gets it", async () => {
    await writeFile(join(folder, "in-use"), "");
    const all = await Promise.allSettled([hold(), hold(), hold()]);
    expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("who holds it but does not answer holds it all the same", async () => {
    const silent = createServer(() => {}).listen(join(folder, "in-use"));
    await expect(hold({ patienceMs: 0 })).rejects.toThrow("process unknown");
    silent.close();
  });

  test("whoever asks and goes costs nothing", async () => {
    await hold();
    for (let at = 0; at < 20; at++)
      connect(join(folder, "in-use"))
        .on("error", () => {})
        .destroy();
    await expect(hold()).rejects.toThrow("Another envoy2mqtt");
  });

  test("where no socket can be made, the bridge runs all the same", async () => {
    await hold({}, join(folder, "x".repeat(200)));
    expect(log.said(/cannot be held/, "debug")).toHaveLength(1);
  });
});
