import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand, silent } from "@prosody-foundry/kit";
import { afterEach, beforeEach, expect, it } from "vitest";
import { integrityOf, treeOf } from "./content.ts";
import { ensureContent } from "./ensure-content.ts";
import type { PinnedModule, Source, SourceContext } from "./source.ts";
import { openSource } from "./sources.ts";

let root = "";
let context: SourceContext;
let source: Source;
let pin: PinnedModule;

beforeEach(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-ensure-"));
  await writeModule("modules", { "mod_x.lua": "return 1\n", "README.md": "x\n", "x/run.sh": "#!/bin/sh\n" });
  await chmod(path.join(root, "modules/mod_x/x/run.sh"), 0o755);
  context = {
    root,
    cacheDir: path.join(root, "cache"),
    exec: runCommand,
    fetch,
    env: process.env,
    progress: silent,
    mirrors: {},
    offline: false,
    fetchDebian: async () => Promise.reject(new Error("no Debian here")),
  };
  source = openDirectory("modules");
  const { node } = await source.readNewest();
  const content = await source.readModule(node, "mod_x");
  pin = { name: "mod_x", node, tree: treeOf(content), integrity: integrityOf(content) };
});

afterEach(async () => rm(root, { recursive: true, force: true }));

it("takes content from the first source, and then from the cache alone", async () => {
  expect((await ensureContent(pin, [source], context)).from).toBe(path.join(root, "modules"));
  const again = await ensureContent(pin, [], context);
  expect(again.from).toBe("cache");
  expect(again.content.files.map((file) => [file.path, file.executable])).toEqual([
    ["README.md", false],
    ["mod_x.lua", false],
    ["x/run.sh", true],
  ]);
});

it("takes content that differs in the README alone", async () => {
  await writeModule("modules", { "README.md": "another\n" });
  const { content } = await ensureContent(pin, [source], context);
  expect(treeOf(content)).not.toBe(pin.tree);
  expect(integrityOf(content)).toBe(pin.integrity);
  expect((await ensureContent(pin, [], context)).from).toBe("cache");
});

it("goes on to the next source when one has other content", async () => {
  await writeModule("other", { "mod_x.lua": "return 2\n" });
  const { from } = await ensureContent(pin, [openDirectory("other"), openDirectory("none"), source], context);
  expect(from).toBe(path.join(root, "modules"));
});

it("says of each source why it was of no use", async () => {
  await writeModule("other", { "mod_x.lua": "return 2\n" });
  await writeModule("empty", {}, "mod_y");
  const sources = ["other", "none", "empty"].map(openDirectory);
  await expect(ensureContent(pin, sources, context)).rejects.toMatchObject({
    code: "CONTENT_UNREACHABLE",
    message: expect.stringMatching(/other content of mod_x.*ENOENT.*no module mod_x/su),
  });
});

it("refuses other content from a source that says it is the pinned revision", async () => {
  await writeModule("other", { "mod_x.lua": "return 2\n" });
  const liar: Source = {
    ...source,
    readPinned: async (wanted) => ({ ...(await openDirectory("other").readPinned(wanted)), exact: true }),
  };
  await expect(ensureContent(pin, [liar], context)).rejects.toMatchObject({
    code: "CONTENT_REFUSED",
    message: expect.stringMatching(new RegExp(`expected ${pin.integrity}, got [0-9a-f]{64}`, "u")),
  });
  expect((await ensureContent(pin, [liar, source], context)).content.files).toHaveLength(3);
});

it("refuses a link", async () => {
  await symlink("/etc/passwd", path.join(root, "modules/mod_x/link"));
  await expect(ensureContent(pin, [source], context)).rejects.toMatchObject({ code: "CONTENT_REFUSED" });
});

it("refuses a pin whose hashes contradict each other", async () => {
  const wrong = { ...pin, integrity: "0".repeat(64) };
  await expect(ensureContent(wrong, [source], context)).rejects.toMatchObject({ code: "PIN_INCONSISTENT" });
});

it("notices any changed byte in the cache", async () => {
  await ensureContent(pin, [source], context);
  const folder = path.join(context.cacheDir, "modules", pin.integrity);
  const file = path.join(folder, `${pin.tree}.tar`);
  expect(await readdir(folder)).toEqual([`${pin.tree}.tar`]);
  const bytes = await readFile(file);
  // Headers, content, the padding behind it, and the end: every 97th byte, to be quick.
  for (let at = 0; at < bytes.length; at += 97) {
    const changed = Buffer.from(bytes);
    changed[at] = (changed[at] ?? 0) ^ 1;
    await writeFile(file, changed);
    await expect(ensureContent(pin, [source], context), `byte ${at}`).rejects.toMatchObject({
      code: "CACHE_CORRUPT",
      message: expect.stringContaining(file),
    });
  }
  await writeFile(file, bytes.subarray(0, 700));
  await expect(ensureContent(pin, [source], context)).rejects.toMatchObject({ code: "CACHE_CORRUPT" });
  await rm(file);
  expect((await ensureContent(pin, [source], context)).from).toBe(path.join(root, "modules"));
});

it("fills one cache from many at once", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => ensureContent(pin, [source], context)));
  expect(new Set(answers.map(({ content }) => treeOf(content)))).toEqual(new Set([pin.tree]));
  expect((await ensureContent(pin, [], context)).from).toBe("cache");
});

it("says that the cache cannot be written", async () => {
  await writeFile(context.cacheDir, "a file where the folder should be");
  await expect(ensureContent(pin, [source], context)).rejects.toMatchObject({ code: "CACHE_UNWRITABLE" });
});

it("gives a folder of modules one revision that changes with any of them", async () => {
  expect(await source.listModules(pin.node)).toEqual(["mod_x"]);
  expect(await source.readHistory("mod_x")).toEqual([]);
  expect((await source.resolveRevision(pin.node.slice(0, 12))).node).toBe(pin.node);
  await cp(path.join(root, "modules/mod_x"), path.join(root, "modules/mod_y"), { recursive: true });
  expect((await source.readNewest()).node).not.toBe(pin.node);
  await expect(source.readModule(pin.node, "mod_x")).rejects.toMatchObject({ code: "REVISION_UNKNOWN" });
});

function openDirectory(url: string): Source {
  return openSource({ name: url, kind: "directory", url, folder: "" }, context);
}

async function writeModule(tree: string, files: Record<string, string>, name = "mod_x"): Promise<void> {
  for (const [file, text] of Object.entries({ ...files })) {
    const target = path.join(root, tree, name, file);
    await mkdir(path.dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  await mkdir(path.join(root, tree, name), { recursive: true });
}
