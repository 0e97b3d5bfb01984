import { execFileSync } from "node:child_process";
import { parseArgs } from "node:util";
import { createTokenKey } from "../../src/simulator/token.ts";
import { type Life, live } from "./life.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    first: { type: "string", default: "1" },
    days: { type: "string" },
    years: { type: "string" },
    log: { type: "boolean", default: false },
  },
});
const DAYS = 30;
const days = Number(values.days ?? DAYS);
const one = values.seed !== undefined;
const first = Number(values.seed ?? values.first);
const seeds = one ? 1 : Number(values.seeds ?? (values.years === undefined ? 20 : Math.ceil((Number(values.years) * 365) / days)));
const key = createTokenKey();
const began = performance.now();
const faults = new Map<string, number>();
const total = { days: 0, logins: 0, polls: 0, violations: 0 };

process.on("warning", ({ message }) => {
  console.log(`VIOLATION: the machine warns: ${message}`);
  total.violations += 1;
});

function tell(seed: number, { violation, log }: Life): void {
  if (one && values.log) for (const line of log) console.log(line);
  if (violation === null) return;
  total.violations += 1;
  if (!(one && values.log)) for (const line of log) console.log(line.slice(0, 240));
  console.log(`VIOLATION: ${violation}\nseed ${seed}, commit ${commit()}: npm run simulate -- --seed ${seed} --days ${days} --log`);
}

function commit(): string {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], { encoding: "utf8" }).trim();
  } catch {
    return "unknown";
  }
}

for (let seed = first; seed < first + seeds; seed += 1) {
  const life = await live({ seed, days, key, record: one && values.log });
  for (const [name, count] of life.faults) faults.set(name, (faults.get(name) ?? 0) + count);
  total.days += life.virtualDays;
  total.logins += life.logins;
  total.polls += life.polls;
  tell(seed, life);
  if (seed % 50 === 0) console.log(`… seed ${seed}, ${Math.round((performance.now() - began) / 1000)} s`);
  if (total.violations >= 3) break;
}
const seconds = (performance.now() - began) / 1000;
for (const [name, count] of [...faults].sort()) console.log(`${String(count).padStart(7)} ${name}`);
const sum = [...faults.values()].reduce((a, b) => a + b, 0);
console.log(
  `${seeds} seeds, ${Math.round(total.days)} virtual days, ${sum} faults of ${faults.size} kinds, ${total.logins} logins, ` +
    `${total.polls} polls, violations ${total.violations}, ${Math.round(seconds)} s (${Math.round((1000 * seconds) / total.days)} ms a day)`,
);
process.exitCode = total.violations === 0 ? 0 : 1;
