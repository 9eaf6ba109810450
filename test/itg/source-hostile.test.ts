import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { openSource, type Source } from "@prosody-foundry/source";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeSmallTree } from "../fixtures/small-tree.ts";
import { makeSourceContext } from "../fixtures/source-context.ts";
import { type HgServer, installMercurial, serveHg } from "../fixtures/upstreams.ts";

let root: string;
let count = 0;
let server: HgServer;
let hgNode: string;

beforeAll(async () => {
  await installMercurial();
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-hostile-"));
  const { dir, run, commit } = await makeSmallTree("hg", path.join(root, "hg"));
  await mkdir(path.join(dir, "mod_link"));
  await symlink("/etc/passwd", path.join(dir, "mod_link/mod_link.lua"));
  await mkdir(path.join(dir, "mod_huge"));
  await writeFile(path.join(dir, "mod_huge/mod_huge.lua"), Buffer.alloc(33 * 1024 * 1024));
  await commit({ "mod_case/a.lua": "a", "mod_case/A.lua": "A", "mod_sound/mod_sound.lua": "s" }, "Hostile");
  hgNode = await run("log", "--rev=tip", "--template={node}");
  server = await serveHg(dir);
});

afterAll(async () => {
  await server.stop();
  await rm(root, { recursive: true });
});

describe.each(["hg", "hg over HTTP"] as const)("%s", (kind) => {
  it.each([
    ["mod_link", "is a symlink"],
    ["mod_huge", "more than"],
    ["mod_case", "clash"],
  ])("refuses %s, which %s, and reads others beside it", async (name, why) => {
    const source = open("hg", kind === "hg" ? path.join(root, "hg") : server.url);
    await expect(source.readModule(hgNode, name)).rejects.toMatchObject({
      code: "CONTENT_UNSAFE",
      message: expect.stringContaining(why) as unknown,
    });
    expect((await source.readModule(hgNode, "mod_sound")).files).toHaveLength(1);
  });
});

describe("git", () => {
  // The empty blob is the same in every repository, and need not be there to be named.
  const blob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391";

  it.each<[string, [string, string, string][]]>([
    ["leaves its folder", [["100644", blob, ".."]]],
    ["is git's own", [["100644", blob, ".git"]]],
    ["has a backslash", [["100644", blob, "a\\..\\b"]]],
    ["has a control character", [["100644", blob, "a\u0007"]]],
    [
      "clash",
      [
        ["100644", blob, "A.lua"],
        ["100644", blob, "a.lua"],
      ],
    ],
    ["is a symlink", [["120000", blob, "a"]]],
    ["is a commit", [["160000", blob, "a"]]],
    ["is absolute", [["100644", blob, "/etc/passwd"]]],
  ])("refuses a module in which a path %s", async (why, entries) => {
    const { dir } = await makeSmallTree("git", path.join(root, `blob-${(count += 1)}`));
    expect(await writeObject(dir, "blob", Buffer.alloc(0))).toBe(blob);
    const source = await commitTree(entries);
    await runCommand("git", ["hash-object", "-w", "--stdin"], { cwd: source.location });
    const { node } = await source.readNewest();
    await expect(source.readModule(node, "mod_x")).rejects.toMatchObject({
      code: "CONTENT_UNSAFE",
      message: expect.stringContaining(why) as unknown,
    });
  });

  it("refuses a tree of ten trees of ten trees, and so on, in bounded time", async () => {
    const { dir, run } = await makeSmallTree("git", path.join(root, "bomb"));
    let [mode, id] = ["100644", await writeObject(dir, "blob", Buffer.from("boom"))];
    for (let depth = 0; depth < 9; depth += 1) {
      const parts = "abcdefghij"
        .split("")
        .flatMap((name) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]);
      [mode, id] = ["40000", await writeObject(dir, "tree", Buffer.concat(parts))];
    }
    const top = Buffer.concat([Buffer.from("40000 mod_x\0"), Buffer.from(id, "hex")]);
    const commit = await run("commit-tree", "-m", "Bomb", await writeObject(dir, "tree", top));
    await run("update-ref", "refs/heads/main", commit);
    const source = open("git", dir);
    await expect(source.readModule(commit, "mod_x")).rejects.toMatchObject({ code: "CONTENT_UNSAFE" });
  });

  it("refuses a file of many megabytes before it is read", async () => {
    const { dir, commit } = await makeSmallTree("git", path.join(root, "huge"));
    await mkdir(path.join(dir, "mod_x"));
    await writeFile(path.join(dir, "mod_x/mod_x.lua"), Buffer.alloc(33 * 1024 * 1024));
    const node = await commit({}, "Huge");
    await expect(open("git", dir).readModule(node, "mod_x")).rejects.toMatchObject({ code: "CONTENT_UNSAFE" });
  });
});

describe("directory", () => {
  it.each<[string, (folder: string) => Promise<unknown>]>([
    ["a link", (folder) => symlink("/etc/passwd", path.join(folder, "a"))],
    ["a link to a folder", (folder) => symlink("/etc", path.join(folder, "a"))],
    ["a pipe", (folder) => runCommand("mkfifo", [path.join(folder, "a")])],
    ["names that clash", (folder) => writeBoth(folder, "a.lua", "A.lua")],
    ["a backslash", (folder) => writeFile(path.join(folder, "a\\b"), "")],
    [
      "five gigabytes that are not there",
      (folder) => writeBoth(folder, "a").then(() => truncate(path.join(folder, "a"), 5e9)),
    ],
  ])("refuses a module with %s, without reading it", async (_title, spoil) => {
    const folder = path.join(root, `directory-${(count += 1)}`);
    await mkdir(path.join(folder, "mod_x/deeper"), { recursive: true });
    await writeBoth(path.join(folder, "mod_x"), "mod_x.lua");
    await spoil(path.join(folder, "mod_x/deeper"));
    await expect(open("directory", folder).readNewest()).rejects.toMatchObject({ code: "CONTENT_UNSAFE" });
  });

  it("refuses libraries beside a module in the same way", async () => {
    const folder = path.join(root, `directory-${(count += 1)}`);
    await mkdir(folder);
    await writeFile(path.join(folder, "mod_x.lua"), 'module:require "big"; module:require "link"');
    await symlink("/etc/passwd", path.join(folder, "link.lib.lua"));
    const { node } = await open("directory", folder).readNewest();
    expect((await open("directory", folder).readModule(node, "mod_x")).files).toHaveLength(1);
    await writeBoth(folder, "big.lib.lua");
    await truncate(path.join(folder, "big.lib.lua"), 5e9);
    await expect(open("directory", folder).readNewest()).rejects.toMatchObject({ code: "CONTENT_UNSAFE" });
  });
});

/** A module's tree made of raw entries, as no `git add` would make it. */
async function commitTree(entries: readonly [mode: string, id: string, name: string][]): Promise<Source> {
  count += 1;
  const { dir, run } = await makeSmallTree("git", path.join(root, `git-${count}`));
  const parts = entries.flatMap(([mode, id, name]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(id, "hex")]);
  const module = await writeObject(dir, "tree", Buffer.concat(parts));
  const top = await writeObject(dir, "tree", Buffer.concat([Buffer.from("40000 mod_x\0"), Buffer.from(module, "hex")]));
  await run("update-ref", "refs/heads/main", await run("commit-tree", "-m", "Hostile", top));
  return open("git", dir);
}

async function writeObject(dir: string, type: "blob" | "tree", bytes: Uint8Array): Promise<string> {
  const file = path.join(root, `object-${(count += 1)}`);
  await writeFile(file, bytes);
  const { stdout } = await runCommand("git", ["hash-object", "-w", "--literally", "-t", type, file], { cwd: dir });
  return stdout.trim();
}

async function writeBoth(folder: string, ...names: string[]): Promise<void> {
  for (const name of names) await writeFile(path.join(folder, name), name);
}

function open(kind: "hg" | "git" | "directory", url: string): Source {
  return openSource({ name: "test", kind, url, folder: "" }, makeSourceContext(root));
}
