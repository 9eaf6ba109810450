import { defineConfig } from "vitest/config";

// For the packages' unit tests: each package runs `vitest run` in its own folder with this file.
export default defineConfig({
  test: {
    include: ["**/*.test.ts"],
    reporters: ["default", "json"],
    outputFile: { json: "test-results.json" },
    testTimeout: 60_000,
  },
});
