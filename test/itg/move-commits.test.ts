import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { emptyLock, type Lock } from "@prosody-foundry/lockfile";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openSources, sourceOf } from "../../packages/cli/src/open-sources.ts";
import { readMoveCommits } from "../../packages/cli/src/read-pin-history.ts";
import { makeSmallTree, type SmallTree } from "../fixtures/small-tree.ts";
import { contextOf } from "../fixtures/test-context.ts";

let folder: string;
let tree: SmallTree;
const nodes: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-moves-"));
  tree = await makeSmallTree("git", path.join(folder, "tree"));
  for (const text of ["first", "second", "third"]) {
    nodes.push(await tree.commit({ "mod_x/mod_x.lua": `-- ${text}\n` }, `mod_x: ${text}`));
    await tree.commit({ "mod_y/mod_y.lua": `-- ${text}\n` }, `mod_y: ${text}`);
  }
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function read(from: string, to: string, url = tree.dir) {
  const source = { kind: "git" as const, url, folder: "", licence: null, debian: [] };
  const lock: Lock = { ...emptyLock(), sources: { own: source } };
  const context = contextOf({ foundry: { root: folder }, cacheDir: path.join(folder, "cache") });
  return readMoveCommits(sourceOf(openSources(context, lock), "own"), { name: "mod_x", from, to });
}

it("between two revisions of a module are its own changesets only, newest first, without the older revision's", async () => {
  const [first = "", , third = ""] = nodes;
  const { commits, link } = await read(first, third);
  expect(commits?.map(({ subject }) => subject)).toEqual(["mod_x: third", "mod_x: second"]);
  expect(link).toBeNull();
  expect((await read(third, third)).commits).toEqual([]);
});

it("nobody knows them where upstream has the older revision no more, or is away", async () => {
  const [, , third = ""] = nodes;
  expect((await read("0".repeat(40), third)).commits).toBeNull();
  expect(await read("0".repeat(40), third, path.join(folder, "absent"))).toEqual({ commits: null, link: null });
});
