import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { createTokenKey } from "../../src/simulator/token.ts";
import { type Life, live } from "./life.ts";
import { runLives, type Task } from "./pool.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    first: { type: "string", default: "1" },
    days: { type: "string" },
    years: { type: "string" },
    minutes: { type: "string" },
    log: { type: "boolean", default: false },
  },
});
const DAYS = 30;
/** The run ends at so many violations. */
const ENOUGH = 3;
const days = Number(values.days ?? DAYS);
const first = Number(values.seed ?? values.first);
const seeds =
  values.seed !== undefined
    ? 1
    : Number(values.seeds ?? (values.years === undefined ? 20 : Math.ceil((Number(values.years) * 365) / days)));
/** No life begins after this, ms. */
const until = Number(values.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
const key = createTokenKey();
const began = performance.now();
const faults = new Map<string, number>();
const total = { seeds: 0, days: 0, logins: 0, polls: 0, violations: 0 };

function count({ faults: drawn, virtualDays, logins, polls }: Life): void {
  for (const [name, times] of drawn) faults.set(name, (faults.get(name) ?? 0) + times);
  total.seeds += 1;
  total.days += virtualDays;
  total.logins += logins;
  total.polls += polls;
}

function violated(seed: number, what: string, log: readonly string[]): void {
  total.violations += 1;
  for (const line of log) console.log(line.slice(0, 240));
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(
    `VIOLATION: ${what}\nseed ${seed}, commit ${commit()}, after ${seconds} s: npm run simulate -- --seed ${seed} --days ${days} --log`,
  );
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

/** One life on this thread, with its whole log where that is wanted. */
async function one(): Promise<void> {
  process.on("warning", ({ message }) => violated(first, `the machine warns: ${message}`, []));
  const life = await live({ seed: first, days, key, record: values.log });
  count(life);
  if (values.log) for (const line of life.log) console.log(line);
  if (life.violation !== null) violated(first, life.violation, values.log ? [] : life.log);
}

function* tasks(): Generator<Task> {
  for (let seed = first; seed < first + seeds && performance.now() - began < until; seed += 1) yield { seed, days };
}

async function many(): Promise<void> {
  await runLives(tasks(), key, ({ seed, life, error }) => {
    if (life === null) violated(seed, error ?? "the simulation failed", []);
    else {
      count(life);
      if (life.violation !== null) violated(seed, life.violation, life.log);
    }
    if (total.seeds % 100 === 0) console.log(`… ${total.seeds} lives, ${Math.round((performance.now() - began) / 1000)} s`);
    return total.violations < ENOUGH;
  });
}

await (values.seed === undefined ? many() : one());
const seconds = (performance.now() - began) / 1000;
for (const [name, times] of [...faults].sort()) console.log(`${String(times).padStart(7)} ${name}`);
if (total.seeds < seeds && total.violations === 0) console.log(`There was time for ${total.seeds} of ${seeds} lives.`);
const { user, system } = process.cpuUsage();
const busy = (user + system) / 1000;
const sum = [...faults.values()].reduce((a, b) => a + b, 0);
console.log(
  `${total.seeds} seeds, ${Math.round(total.days)} virtual days, ${sum} faults of ${faults.size} kinds, ${total.logins} logins, ` +
    `${total.polls} polls, violations ${total.violations}, ${Math.round(seconds)} s (${Math.round(busy / total.days)} ms of processor time a day)`,
);
process.exitCode = total.violations === 0 ? 0 : 1;
