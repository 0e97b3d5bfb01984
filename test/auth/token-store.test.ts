import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createTokenStore } from "../../src/auth/token-store.ts";
import { diskFiles } from "../../src/lib/files.ts";
import { memoryFiles, recordingLogger, SERIAL, tokenAt } from "./support.ts";

const TOKEN = tokenAt(Date.UTC(2026, 5, 1));
const PATH = `/state/token-${SERIAL}.jwt`;

function store() {
  const files = memoryFiles();
  const logger = recordingLogger();
  return { files, logger, make: () => createTokenStore({ directory: "/state", files, logger }) };
}

test("a token outlives the process, in its own file, mode 0600", async () => {
  const directory = await mkdtemp(join(tmpdir(), "envoy2mqtt-store-"));
  const make = () => createTokenStore({ directory: join(directory, "state"), files: diskFiles, logger: recordingLogger() });
  await make().save(SERIAL, TOKEN);
  expect(await make().load(SERIAL)).toBe(TOKEN);
  expect(await make().load("122000000002")).toBeNull();
  expect((await stat(join(directory, "state", `token-${SERIAL}.jwt`))).mode & 0o777).toBe(0o600);
  await rm(directory, { recursive: true });
});

test("a serial that is a path stays in the folder", async () => {
  const { files, make } = store();
  await make().save("../../etc/passwd", TOKEN);
  expect([...files.contents.keys()]).toEqual(["/state/token-______etc_passwd.jwt"]);
});

test("F-50: a file that holds no token is moved aside, said once, and counts as none", async () => {
  const { files, logger, make } = store();
  for (let length = 0; length < TOKEN.indexOf(".", 40); length += 5) {
    files.contents.set(PATH, TOKEN.slice(0, length));
    expect(await make().load(SERIAL)).toBeNull();
    expect(files.contents.has(PATH)).toBe(false);
  }
  expect(logger.texts("warn")[0]).toBe(`${PATH} holds no readable token: moved aside to ${PATH}.unreadable, going on without it`);
});

test.each(["ENOSPC", "EROFS", "EACCES"])(
  "F-49: %s: one clear line, the token stays in memory, and goes to the disk as soon as that takes it",
  async (code) => {
    const { files, logger, make } = store();
    files.failing.write = code;
    const it = make();
    await it.save(SERIAL, TOKEN);
    await it.save(SERIAL, TOKEN);
    expect(await it.load(SERIAL)).toBe(TOKEN);
    expect(logger.texts("warn")).toEqual([
      `the state folder /state cannot be written (${code}): the token is kept in memory until a restart; make room, or make it writable for this user`,
    ]);
    expect(JSON.stringify(logger.lines)).not.toContain(TOKEN);
    files.failing = {};
    expect(await it.load(SERIAL)).toBe(TOKEN);
    expect(files.contents.get(PATH)).toBe(`${TOKEN}\n`);
  },
);

test("a folder that cannot be read, or cannot be tidied, gives no token and one line", async () => {
  const { files, logger, make } = store();
  files.failing.read = "EACCES";
  const it = make();
  expect([await it.load(SERIAL), await it.load(SERIAL)]).toEqual([null, null]);
  expect(logger.texts("warn")).toHaveLength(1);
  files.failing = { write: "EROFS" };
  files.contents.set(PATH, "cut off");
  expect(await make().load(SERIAL)).toBeNull();
});
