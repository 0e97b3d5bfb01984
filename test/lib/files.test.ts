import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { codeOf, diskFiles } from "../../src/lib/files.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "envoy2mqtt-files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("a file is written whole, mode 0600, in a folder that is made, and leaves nothing beside it", async () => {
  const path = join(folder, "state", "token.jwt");
  await diskFiles.write(path, "one");
  await diskFiles.write(path, "two");
  expect(await diskFiles.read(path)).toBe("two");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "state"))).mode & 0o777).toBe(0o700);
  expect(await readdir(join(folder, "state"))).toEqual(["token.jwt"]);
});

test("F-50: a write that fails leaves the old file and no other", async () => {
  const path = join(folder, "taken");
  await diskFiles.write(join(path, "inside"), "a folder where the file should go");
  await expect(diskFiles.write(path, "text")).rejects.toThrow();
  expect(await readdir(folder)).toEqual(["taken"]);
});

test("a folder that cannot be made is the system's error", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  const error = await diskFiles.write(join(file, "inside"), "text").catch((thrown: unknown) => thrown);
  expect(["EEXIST", "ENOTDIR"]).toContain(codeOf(error));
  await expect(diskFiles.read(join(file, "inside"))).rejects.toThrow("ENOTDIR");
});

test("a missing file is null; one is moved aside, a missing one is not", async () => {
  const path = join(folder, "x");
  expect(await diskFiles.read(path)).toBeNull();
  await diskFiles.moveAside(path, "bad");
  await diskFiles.write(path, "text");
  await diskFiles.moveAside(path, "bad");
  expect(await readFile(`${path}.bad`, "utf8")).toBe("text");
  await expect(diskFiles.moveAside(join(path, "\0"), "bad")).rejects.toThrow();
});

test("the code of anything else is unknown", () => {
  expect([codeOf(null), codeOf("text"), codeOf({ code: 1 }), codeOf({ code: "EIO" })]).toEqual(["unknown", "unknown", "unknown", "EIO"]);
});
