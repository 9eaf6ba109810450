import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../../..");

it("lists every error code of every package in the README, and none that is gone", () => {
  const thrown = new Set<string>();
  for (const file of globSync("packages/*/src/**/*.ts", { cwd: root })) {
    if (file.endsWith(".test.ts")) continue;
    const text = readFileSync(path.join(root, file), "utf8");
    for (const [, code] of text.matchAll(/new UserError\(\s*"([A-Z0-9_]+)"/gu)) thrown.add(code ?? "");
    for (const [, code] of text.matchAll(/"([A-Z]+(?:_[A-Z0-9]+)*): /gu)) thrown.add(code ?? "");
  }
  const readme = readFileSync(path.join(root, "packages/cli/README.md"), "utf8");
  const listed = new Set([...readme.matchAll(/^\| `([A-Z0-9_]+)` \|/gmu)].map(([, code]) => code ?? ""));
  expect([...listed].toSorted()).toEqual([...thrown].toSorted());
  expect(thrown.size).toBeGreaterThan(20);
});
