import { expect, test } from "vitest";
import { type CheckStep, check } from "../../src/cli/check.ts";
import { BridgeError } from "../../src/model/errors.ts";

const good = (name: string): CheckStep => ({ name, run: () => Promise.resolve(`${name} found`) });
const bad = (name: string, error: unknown, needs: string[] = []): CheckStep => ({ name, needs, run: () => Promise.reject(error) });

async function run(
  steps: CheckStep[],
  signal = new AbortController().signal,
  timeout?: number,
): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const code = await check(steps, (line) => lines.push(line), signal, timeout);
  return { code, lines };
}

test("says what each step found", async () => {
  expect(await run([good("host"), good("info")])).toEqual({
    code: 0,
    lines: ["  ok  host: host found", "  ok  info: info found"],
  });
});

test("says what is wrong and what to do, and does not try what needs it; the rest goes on", async () => {
  const { code, lines } = await run([
    bad("gateway", new BridgeError("unreachable", "no answer from 192.168.1.20")),
    { ...good("token"), needs: ["gateway"] },
    { ...good("probe"), needs: ["token"] },
    good("broker"),
  ]);
  expect(code).toBe(1);
  expect(lines).toEqual([
    " WRONG gateway: no answer from 192.168.1.20",
    "       Is the address right, is it on, and is it on the same network as this machine?",
    "  –   token: not tried, since this failed: gateway",
    "  –   probe: not tried, since this failed: token",
    "  ok  broker: broker found",
  ]);
});

test("an error of another kind has its message only", async () => {
  expect(
    (await run([bad("a", new Error("odd")), bad("b", "text"), bad("c", new BridgeError("config", "key x"))])).lines.slice(0, 3),
  ).toEqual([" WRONG a: odd", " WRONG b: text", " WRONG c: key x"]);
});

test("a step that does not end is given up", async () => {
  const stuck: CheckStep = { name: "stuck", run: () => new Promise(() => {}) };
  expect((await run([stuck], new AbortController().signal, 10)).lines[0]).toBe(" WRONG stuck: no result after 0.01 s");
});

test("stopped by the user", async () => {
  const stop = new AbortController();
  const stuck: CheckStep = { name: "stuck", run: () => new Promise(() => stop.abort()) };
  expect((await run([stuck, good("next")], stop.signal)).lines).toEqual([" WRONG stuck: stopped"]);
});
