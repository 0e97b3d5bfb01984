import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/processes/**", "test/mqtt/brokers/slow/**", "test/homeassistant/real/**", "test/node-red/**", "**/node_modules/**"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    coverage: {
      provider: "v8",
      include: ["src/**"],
      reporter: ["text-summary"],
    },
  },
});
