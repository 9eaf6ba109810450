import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../../..");

// Written the same way, and no codes: variables of the environment and of /etc/os-release.
const environment = /^(?:FOUNDRY_|VERSION_|XDG_|DOCKER_HOST$|GIT_TERMINAL_PROMPT$)/u;

it("lists every error code of every package in the README, and none that is gone", () => {
  const thrown = new Set<string>();
  for (const file of globSync("packages/*/src/**/*.ts", { cwd: root })) {
    if (file.endsWith(".test.ts")) continue;
    const text = readFileSync(path.join(root, file), "utf8");
    for (const [, code = ""] of text.matchAll(/"([A-Z]{2,}(?:_[A-Z0-9]+)+|BUSY)"/gu)) {
      if (!environment.test(code)) thrown.add(code);
    }
  }
  const readme = readFileSync(path.join(root, "packages/cli/README.md"), "utf8");
  const listed = new Set([...readme.matchAll(/^\| `([A-Z0-9_]+)` \|/gmu)].map(([, code]) => code ?? ""));
  expect([...listed].toSorted()).toEqual([...thrown].toSorted());
  expect(thrown.size).toBeGreaterThan(20);
});
