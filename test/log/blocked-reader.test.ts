import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";

const LOG = new URL("../../src/log.ts", import.meta.url).href;
const PROGRAM = `
  const { createLog } = await import(${JSON.stringify(LOG)});
  const log = createLog({ level: "info", format: "json", secrets: () => [], stream: process.stdout, limit: 100_000 });
  let rounds = 0;
  const timer = setInterval(() => {
    for (let i = 0; i < 100; i++) log.info({}, "x".repeat(10_000));
    if (++rounds < 5) return;
    clearInterval(timer);
    process.stderr.write("alive, dropped " + log.dropped(), () => process.exit(0));
  }, 10);
`;

/** Runs the program with an output that `reader` treats; gives exit code and what it said on standard error. */
async function runWith(reader: (child: ReturnType<typeof spawn>) => void): Promise<{ code: unknown; said: string }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], { stdio: ["ignore", "pipe", "pipe"], timeout: 20_000 });
  reader(child);
  let said = "";
  child.stderr?.on("data", (part) => {
    said += part;
  });
  const [code] = await once(child, "exit");
  return { code, said };
}

test("F-54: a process whose standard output nobody reads goes on, and counts what it dropped", async () => {
  const { code, said } = await runWith((child) => child.stdout?.pause());
  expect(code).toBe(0);
  expect(Number(/alive, dropped (\d+)/.exec(said)?.[1])).toBeGreaterThan(400);
});

test("F-54: a process whose standard output is closed (EPIPE) goes on", async () => {
  const { code, said } = await runWith((child) => child.stdout?.destroy());
  expect(code).toBe(0);
  expect(said).toMatch(/alive, dropped \d+/);
});
