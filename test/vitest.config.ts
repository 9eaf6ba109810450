import { defineConfig } from "vitest/config";

const setup = `${import.meta.dirname}/setup.ts`;

// Tests that need an engine, a real Prosody, a real upstream or the command itself. Files run one after another: they
// share one engine and two cores. Those of the running image mostly wait, so three of them run side by side.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    testTimeout: 600_000,
    hookTimeout: 900_000,
    fileParallelism: false,
    maxConcurrency: 2,
    reporters: ["default", "json"],
    projects: [
      { extends: true, test: { name: "itg", include: ["itg/**/*.test.ts"], globalSetup: setup } },
      { extends: true, test: { name: "e2e", include: ["e2e/**/*.test.ts"], globalSetup: setup } },
      {
        extends: true,
        test: {
          name: "image",
          include: ["image/**/*.test.ts"],
          globalSetup: `${import.meta.dirname}/image-setup.ts`,
          fileParallelism: true,
          maxWorkers: 3,
        },
      },
    ],
  },
});
