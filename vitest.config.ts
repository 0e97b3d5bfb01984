import { basename, join } from "node:path";
import { defineConfig } from "vitest/config";

/** Suites that start programs or take long; each has a script of its own in package.json. */
const OWN_SUITES = ["test/processes/**", "test/mqtt/brokers/slow/**", "test/homeassistant/real/**", "test/node-red/**"];

/** Where CI gathers what each suite counted, to add it up. */
const reports = process.env["TEST_REPORTS"];
const suite = process.env["TEST_SUITE"] ?? "all";

export default defineConfig({
  test: {
    include: suite === "all" ? ["test/**/*.test.ts"] : [`${suite}/**/*.test.ts`],
    exclude: ["**/node_modules/**", ...(suite === "all" ? OWN_SUITES : [])],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    reporters:
      reports === undefined ? ["default"] : ["default", ["json", { outputFile: join(reports, `${basename(suite)}-${process.pid}.json`) }]],
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text-summary"],
    },
  },
});
