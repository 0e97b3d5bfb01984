import { Writable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { REMOVED } from "../../src/log/scrub.ts";
import { createLog, type LogOptions } from "../../src/log.ts";

/** A stream that remembers what it was given; `read: false` never takes anything. */
function sink({ read = true } = {}): { readonly stream: Writable; readonly lines: () => string[] } {
  let all = "";
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _encoding, done) {
      all += chunk;
      if (read) done();
    },
  });
  return { stream, lines: () => all.split("\n").slice(0, -1) };
}

function logged(write: (log: ReturnType<typeof createLog>) => void, options: Partial<LogOptions> = {}): string[] {
  const { stream, lines } = sink();
  write(createLog({ level: "debug", format: "json", secrets: () => [], stream, ...options }));
  return lines();
}

test("JSON: one object a line with time, level, message and fields", () => {
  const [line] = logged((log) => log.info({ gateway: "122", state: "setup" }, "hello"));
  expect(JSON.parse(line as string)).toEqual({
    level: "info",
    time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    gateway: "122",
    state: "setup",
    msg: "hello",
  });
});

test("levels below the wished one are not logged", () => {
  const lines = logged(
    (log) => {
      log.debug({}, "a");
      log.info({}, "b");
      log.warn({}, "c");
      log.error({}, "d");
    },
    { level: "warn" },
  );
  expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["c", "d"]);
});

test("text: one readable line, whatever is in it", () => {
  const [line, ...more] = logged(
    (log) => log.warn({ gateway: "122", why: "a b", n: 3, none: null, err: new Error("broke\nhere") }, "two\nlines \x1b[31m\x7f"),
    { format: "text" },
  );
  expect(more).toEqual([]);
  expect(line).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d WARN {2}two\\nlines \\u001b\[31m\\u007f gateway=122 why="a b" n=3 none=null err="broke\\nhere \(at .*log\.test\.ts.*\)"$/,
  );
});

test("an error shows its causes and none of its other properties", () => {
  const inner = Object.assign(new Error("refused"), { code: "ECONNREFUSED", headers: { cookie: "canary" } });
  const outer = Object.assign(new TypeError("no connection", { cause: inner }), { request: { password: "canary" } });
  const [json] = logged((log) => log.error({ err: outer }, "away"));
  expect(JSON.parse(json as string).err).toMatchObject({
    type: "TypeError",
    message: "no connection",
    cause: { type: "Error", code: "ECONNREFUSED", message: "refused" },
  });
  expect(json).not.toContain("canary");
  const [text] = logged((log) => log.error({ error: outer, err: "text", ring: ring() }, "away"), { format: "text" });
  expect(text).toMatch(/no connection \(at .*\): refused/);
  expect(text).not.toContain("canary");
});

/** Not an error, and without end. */
function ring(): object {
  const one: Record<string, unknown> = {};
  one["self"] = one;
  return one;
}

test("a thrown thing that is no error", () => {
  const [line] = logged((log) => {
    log.error({ err: { cookie: "canary" } }, "odd");
  });
  expect(JSON.parse(line as string).err).toBe("(not an error)");
});

test("causes without end come to one", () => {
  const error = new Error("again");
  error.cause = error;
  const [line] = logged((log) => log.error({ err: error }, "x"));
  expect(JSON.parse(line as string).err.cause.cause.cause.cause).toBeUndefined();
});

describe("secrets", () => {
  const secret = 'p@ss "wörd"/+1';
  const forms = [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64"),
    Buffer.from(secret).toString("base64url"),
    JSON.stringify(secret),
  ];
  const write = (log: ReturnType<typeof createLog>) => {
    for (const form of forms) {
      log.info({ deep: { er: [{ form }] }, [form]: 1 }, `message ${form}`);
      const error = new Error(`failed with ${form}`, { cause: new Error(form) });
      log.error({ err: error }, "x");
    }
  };

  test.each(["json", "text"] as const)("a known one is taken out of message, fields, keys, errors, stacks: %s", (format) => {
    const all = logged(write, { format, secrets: () => [secret] }).join("\n");
    expect(all).toContain(REMOVED);
    for (const form of forms) expect(all).not.toContain(form);
    expect(all).not.toContain("wörd");
  });

  test("one learnt later counts from then on; very short ones would hide everything", () => {
    const secrets = ["abc"];
    const lines = logged(
      (log) => {
        log.info({}, "abc session-1");
        secrets.push("session-1");
        log.info({ pin: 12_345_678 }, "abc session-1");
        secrets.push("12345678");
        log.info({ pin: 12_345_678 }, "x");
      },
      { secrets: () => secrets },
    );
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(["abc session-1", `abc ${REMOVED}`, "x"]);
    expect(lines.map((line) => JSON.parse(line).pin)).toEqual([undefined, 12_345_678, REMOVED]);
  });

  test.each([
    ["eyJhbGciOiJFUzI1NiJ9.eyJhdWQiOiIxMjIifQ.c2lnbmF0dXJl", REMOVED],
    ["cut off: eyJhbGciOiJFUzI1NiJ9.eyJhd", `cut off: ${REMOVED}`],
    ["to mqtt://me:hush@broker:1883/x", `to mqtt://${REMOVED}@broker:1883/x`],
    ["at https://envoy/x?session_id=0a1b&y=1", `at https://envoy/x?session_id=${REMOVED}&y=1`],
    ["cookie sessionId=abcdef; Path=/", `cookie sessionId=${REMOVED}; Path=/`],
    ["Authorization: Bearer 0123456789abc", `Authorization: Bearer ${REMOVED}`],
    ['said {"session_id": "0a1b2c", "is_consumer": true}', `said {"session_id": "${REMOVED}", "is_consumer": true}`],
    ["mail me@example.org about https://x.org/a@b", "mail me@example.org about https://x.org/a@b"],
  ])("what looks like one: %s", (given, expected) => {
    expect(JSON.parse(logged((log) => log.info({}, given))[0] as string).msg).toBe(expected);
  });

  test("fields that are named like one", () => {
    const [line] = logged((log) =>
      log.info({ request: { headers: { Authorization: "x", cookie: "y", accept: "z" } }, password: "q", token: null }, "m"),
    );
    expect(JSON.parse(line as string)).toMatchObject({
      request: { headers: { Authorization: REMOVED, cookie: REMOVED, accept: "z" } },
      password: REMOVED,
      token: null,
    });
  });

  test("no text around it brings a secret back", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, unit: "grapheme" }), fc.string(), fc.string(), (mark, before, after) => {
        const canary = `${mark}q7`;
        const line = logged((log) => log.info({ a: before + canary + after }, canary), { secrets: () => [canary] }).join("");
        expect(line).not.toContain(canary);
      }),
    );
  });
});

describe("F-54: a reader that is not there never stops the daemon", () => {
  test("a stream that stands still: lines beyond the limit are dropped, counted, and said when it goes on", () => {
    const taken: string[] = [];
    let go: (() => void) | null = null;
    const stream = new Writable({
      decodeStrings: false,
      write(chunk: string, _encoding, done) {
        taken.push(chunk);
        if (taken.length === 1) go = done;
        else done();
      },
    });
    const log = createLog({ level: "info", format: "text", secrets: () => [], stream, limit: 10_000 });
    for (let i = 0; i < 1000; i++) log.info({ i }, "x".repeat(100));
    expect(log.dropped()).toBeGreaterThan(800);
    expect(stream.writableLength).toBeLessThan(11_000);
    (go as unknown as () => void)();
    log.info({}, "again");
    expect(taken.join("")).toContain(`lines of the log are missing: nobody read them dropped=${log.dropped()}`);
    expect(taken.at(-1)).toContain("again");
    log.info({}, "and again");
    expect(taken.at(-1)).not.toContain("missing");
  });

  test("a closed stream", async () => {
    const stream = new Writable({ write: (_chunk, _encoding, done) => done(Object.assign(new Error("write EPIPE"), { code: "EPIPE" })) });
    const log = createLog({ level: "info", format: "json", secrets: () => [], stream });
    log.info({}, "one");
    await new Promise((resolve) => stream.once("close", resolve));
    log.info({}, "two");
    expect(log.dropped()).toBe(1);
  });

  test("an ended stream", () => {
    const { stream, lines } = sink();
    const log = createLog({ level: "info", format: "json", secrets: () => [], stream });
    stream.end();
    log.info({}, "late");
    expect([lines(), log.dropped()]).toEqual([[], 1]);
  });
});
