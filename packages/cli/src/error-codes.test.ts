import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../../..");

// Written the same way, and no codes: variables of the environment and of /etc/os-release, options of the image, a name
// of git.
const environment =
  /^(?:FOUNDRY_|PROSODY_|ACTIONS_|VERSION_|XDG_|DOCKER_HOST$|GIT_TERMINAL_PROMPT$|MERGE_HEAD$|GH_TOKEN$|GITHUB_(?:API_URL|OUTPUT|REPOSITORY|RUN_ATTEMPT|STEP_SUMMARY|TOKEN)$)/u;

it("lists every error code of every package in the README, and none that is gone", () => {
  const files = globSync("packages/*/src/**/*.ts", { cwd: root }).filter((file) => !file.endsWith(".test.ts"));
  const thrown = new Set(files.flatMap((file) => codesIn(readFileSync(path.join(root, file), "utf8"))));
  const readme = readFileSync(path.join(root, "packages/cli/README.md"), "utf8");
  const listed = new Set([...readme.matchAll(/^\| `([A-Z0-9_]+)` \|/gmu)].map(([, code]) => code ?? ""));
  expect([...listed].toSorted()).toEqual([...thrown].toSorted());
  expect(thrown.size).toBeGreaterThan(20);
});

function codesIn(text: string): string[] {
  const words = [...text.matchAll(/"([A-Z]{2,}(?:_[A-Z0-9]+)+|BUSY)"/gu)].map(([, word = ""]) => word);
  return words.filter((word) => !environment.test(word));
}
