import { expect, it } from "vitest";
import { builderIdOf, publicAddress } from "./origin.ts";

const run = { GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "o/r", GITHUB_RUN_ID: "7" };

it.each([
  [{}, undefined, "urn:prosody-foundry:builder:local"],
  [run, undefined, "https://github.com/o/r/actions/runs/7"],
  [{ ...run, GITHUB_RUN_ATTEMPT: "2" }, undefined, "https://github.com/o/r/actions/runs/7"],
  [{ GITHUB_RUN_ID: "7" }, undefined, "urn:prosody-foundry:builder:local"],
  [run, "https://builds.example/1", "https://builds.example/1"],
])("the builder of %j, named %s, is %s", (env, named, id) => {
  expect(builderIdOf(env, named)).toBe(id);
});

it.each([
  ["https://github.com/o/r.git", "https://github.com/o/r"],
  ["https://user:token@github.com/o/r", "https://github.com/o/r"],
  ["git@github.com:o/r.git", "https://github.com/o/r"],
  ["ssh://git@git.example:2222/o/r", "https://git.example:2222/o/r"],
  ["https://github.com/o/r.git?token=secret", "https://github.com/o/r"],
  ["https://github.com/o/r#secret", "https://github.com/o/r"],
  ["git@github.com:o/r.git?token=secret", "https://github.com/o/r"],
  ["/srv/git/r.git", null],
  ["file:///srv/git/r.git", null],
  ["../r", null],
])("the remote %s is %s for everybody", (remote, address) => {
  expect(publicAddress(remote)).toBe(address);
});
