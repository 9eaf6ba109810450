import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { expect, it } from "vitest";
import { integrityOf, makeContent, type ModuleContent, shippingFiles, treeOf } from "./content.ts";

/** Contents of files by path; a path that ends with "*" is executable. */
type Shape = Record<string, string | Uint8Array>;

function contentOf(shape: Shape): ModuleContent {
  const files = Object.entries(shape).map(([name, body]) => ({
    path: name.replace(/\*$/u, ""),
    executable: name.endsWith("*"),
    bytes: Buffer.from(body),
  }));
  return makeContent("mod_x", files);
}

const shapes: [string, Shape][] = [
  ["one file", { "mod_x.lua": "return 1\n" }],
  ["an empty file", { "mod_x.lua": "" }],
  ["an executable file", { "mod_x.lua": "x", "get_deps.sh*": "#!/bin/sh\n" }],
  ["folders in folders", { "mod_x.lua": "x", "a/b/c.lua": "c", "a/b/d.lua": "d", "a/z.css": "z", "README.md": "r" }],
  ["names that git sorts in its own way", { "a.lua": "1", "a/b": "2", "a-b": "3", a0: "4", "B.lua": "5" }],
  ["bytes that are no text, and names that are no ASCII", { "tile.png": Buffer.from([0, 255, 13, 10]), "ü/é": "u" }],
  ["nothing", {}],
];

it.each(shapes)("gives %s the tree id that git gives it", async (_, shape) => {
  expect(treeOf(contentOf(shape))).toBe(await writeTree(shape));
});

it("has one integrity for modules that ship the same", () => {
  const plain = integrityOf(contentOf({ "mod_x.lua": "x", "lib/y.lua": "y" }));
  const rest = { "README.md": "r", "README.markdown": "r", README: "r", ".hgignore": "i", ".github/x.yml": "g" };
  expect(integrityOf(contentOf({ "lib/y.lua": "y", "mod_x.lua": "x", ...rest, "lib/README.md": "r" }))).toBe(plain);
});

// SHA-256 of "<sha256 of x> 100644 mod_x.lua\n", by sha256sum: what is in locks must never change.
it("has the integrity that anybody can compute with sha256sum", () => {
  const expected = "f35dc6d345bd7305f0f51208d7664398f8176cb9442ca13e9d99cd7e7482b018";
  expect(integrityOf(contentOf({ "mod_x.lua": "x" }))).toBe(expected);
});

it.each<[string, Shape]>([
  ["a byte", { "mod_x.lua": "X" }],
  ["a name", { "mod_y.lua": "x" }],
  ["the mode", { "mod_x.lua*": "x" }],
  ["a file more", { "mod_x.lua": "x", "READMEs.lua": "" }],
  ["a file less", {}],
])("has another integrity when %s changes", (_, shape) => {
  expect(integrityOf(contentOf(shape))).not.toBe(integrityOf(contentOf({ "mod_x.lua": "x" })));
});

it("ships neither READMEs nor dotfiles", () => {
  const content = contentOf({
    "mod_x.lua": "",
    "README.md": "",
    ".prettierignore": "",
    "a/.b/c": "",
    "README.txt": "",
  });
  expect(shippingFiles(content).map((file) => file.path)).toEqual(["README.txt", "mod_x.lua"]);
});

async function writeTree(shape: Shape): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "foundry-tree-"));
  try {
    const git = async (...args: string[]) =>
      (await runCommand("git", ["-c", "core.autocrlf=false", ...args], { cwd: folder })).stdout.trim();
    await git("init", "--quiet");
    for (const [name, body] of Object.entries(shape)) {
      const file = path.join(folder, name.replace(/\*$/u, ""));
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, body, { mode: name.endsWith("*") ? 0o755 : 0o644 });
    }
    await git("add", "--all", "--force", ".");
    return await git("write-tree");
  } finally {
    await rm(folder, { recursive: true });
  }
}
