import { basename, join } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Suites that start programs or take long; each has a script of its own in package.json. */
const OWN_SUITES = ["test/processes/**", "test/mqtt/brokers/slow/**", "test/homeassistant/real/**", "test/node-red/**"];

/** Rooms that decide what is published, and how much of each the tests must go through, percent. */
const ROOMS = ["auth", "envoy", "energy", "entities", "homeassistant", "mqtt"];
const ENOUGH = { lines: 95, branches: 95 };

/** Where CI gathers what each suite counted, to add it up. */
const reports = process.env["TEST_REPORTS"];
const suite = process.env["TEST_SUITE"] ?? "all";

/** Those that wait for Home Assistant's statistics, made every five minutes, begin first. */
const WAITING = ["moving", "energy", "recordings", "life"];
class WaitingFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => WAITING.indexOf(basename(moduleId, ".test.ts"));
    return [...files].sort((one, other) => place(one) - place(other));
  }
}
const isHome = suite === "test/homeassistant/real";

export default defineConfig({
  test: {
    include: suite === "all" ? ["test/**/*.test.ts"] : [`${suite}/**/*.test.ts`],
    exclude: ["**/node_modules/**", ...(suite === "all" ? OWN_SUITES : [])],
    // Many tests wait for sockets rather than for the processor: more of them at once than cores end sooner.
    maxWorkers: isHome ? 3 : 4,
    ...(isHome ? { sequence: { sequencer: WaitingFirst } } : {}),
    testTimeout: 30_000,
    // On a busy machine a test of real programs and real time may miss its moment; the report names what needed another try.
    retry: process.env["CI"] === undefined ? 0 : 2,
    hookTimeout: 60_000,
    reporters:
      reports === undefined ? ["default"] : ["default", ["json", { outputFile: join(reports, `${basename(suite)}-${process.pid}.json`) }]],
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text-summary", "json-summary"],
      // Held for the whole run only: a single file covers what it is about.
      ...(suite === "all" && process.argv.length <= 4
        ? { thresholds: Object.fromEntries(ROOMS.map((room) => [`src/${room}/**`, ENOUGH])) }
        : {}),
    },
  },
});
