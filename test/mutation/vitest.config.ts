import { defineConfig } from "vitest/config";

/** The tests that have to notice when the rooms that decide are changed: their own, without processes and browsers. */
export default defineConfig({
  test: {
    include: ["test/{auth,energy,homeassistant}/*.test.ts"],
    testTimeout: 20_000,
  },
});
