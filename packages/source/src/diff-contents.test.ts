import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { runCommand } from "@prosody-foundry/kit";
import { expect, it } from "vitest";
import { makeContent, type ModuleContent } from "./content.ts";
import { diffContents } from "./diff-contents.ts";

/** A path that ends with "*" is executable. */
function contentOf(files: Readonly<Record<string, string | Uint8Array>>): ModuleContent {
  const made = Object.entries(files).map(([name, body]) => ({
    path: name.replace(/\*$/u, ""),
    executable: name.endsWith("*"),
    bytes: Buffer.from(body),
  }));
  return makeContent("mod_x", made);
}

const numbers = Array.from({ length: 20 }, (_, index) => `${index + 1}\n`).join("");
const before = contentOf({
  "mod_x.lua": numbers,
  "same.lua": "same\n",
  "gone.lua": "gone\n",
  "mode.sh": "#!/bin/sh\n",
  "icon.png": Buffer.from([0, 1]),
  "open.txt": "no end",
  "crlf.lua": "a\r\nb\r\n",
  "a b/é.lua": "Grüße\n",
  empty: "",
  "README.markdown": `title\n${numbers}`,
});
const after = contentOf({
  "mod_x.lua": `0\n${numbers.replace("15\n", "15b\n")}`,
  "same.lua": "same\n",
  "new.lua*": "new\n",
  "mode.sh*": "#!/bin/sh\n",
  "icon.png": Buffer.from([0, 2]),
  "open.txt": "an end\n",
  "crlf.lua": "a\r\nc\r\n",
  "a b/é.lua": "Grüß dich\n",
  fresh: "",
  "README.md*": `new title\n${numbers}`,
});

it("counts lines and says which files are binary", () => {
  expect(diffContents(before, after).files).toMatchObject([
    { path: "README.md", from: "README.markdown", added: 1, removed: 1, binary: false },
    { path: "a b/é.lua", added: 1, removed: 1, binary: false },
    { path: "crlf.lua", added: 1, removed: 1, binary: false },
    { path: "empty", added: 0, removed: 0, binary: false },
    { path: "fresh", added: 0, removed: 0, binary: false },
    { path: "gone.lua", added: 0, removed: 1, binary: false },
    { path: "icon.png", added: 0, removed: 0, binary: true },
    { path: "mod_x.lua", added: 2, removed: 1, binary: false },
    { path: "mode.sh", added: 0, removed: 0, binary: false },
    { path: "new.lua", added: 1, removed: 0, binary: false },
    { path: "open.txt", added: 1, removed: 1, binary: false },
  ]);
});

it("writes patches that git applies", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "foundry-diff-"));
  const git = async (...args: string[]) =>
    (await runCommand("git", ["-c", "core.autocrlf=false", ...args], { cwd: folder })).stdout.trim();
  try {
    await git("init", "--quiet");
    await writeContent(folder, before);
    const text = diffContents(before, after).files.filter(({ binary }) => !binary);
    await writeFile(path.join(folder, ".git/x.patch"), text.map(({ patch }) => patch).join(""));
    await git("apply", "--whitespace=nowarn", ".git/x.patch");
    await writeFile(path.join(folder, "icon.png"), Buffer.from([0, 2]));
    await git("add", "--all");
    const applied = await git("write-tree");
    await rm(path.join(folder, ".git/index"));
    for (const { path: name } of before.files) await rm(path.join(folder, name), { force: true });
    await writeContent(folder, after);
    await git("add", "--all");
    expect(applied).toBe(await git("write-tree"));
  } finally {
    await rm(folder, { recursive: true });
  }
});

it("names a binary file and does not show it", () => {
  const [file] = diffContents(null, contentOf({ "icon.png": Buffer.from([0, 2]) })).files;
  expect(file?.patch).toBe(
    "diff --git a/icon.png b/icon.png\nnew file mode 100644\nBinary files /dev/null and b/icon.png differ\n",
  );
});

it("shows what has bytes of no UTF-8 as Latin-1", () => {
  const [file] = diffContents(null, contentOf({ "mod_x.lua": Buffer.from([0x6a, 0xf6, 0x0a]) })).files;
  expect(file?.patch).toContain("\n+jö\n");
});

it("has nothing to say of equal contents", () => {
  expect(diffContents(before, before).files).toEqual([]);
});

it("replaces the whole of a large file that has nothing in common with its next revision", () => {
  const lines = Array.from({ length: 8000 }, (_, index) => `a ${index}\n`).join("");
  const [file] = diffContents(contentOf({ x: lines }), contentOf({ x: lines.replaceAll("a", "b") })).files;
  expect(file).toMatchObject({ added: 8000, removed: 8000 });
  expect(file?.patch).toContain("@@ -1,8000 +1,8000 @@\n-a 0\n");
});

async function writeContent(folder: string, content: ModuleContent): Promise<void> {
  for (const { path: name, bytes, executable } of content.files) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), bytes, { mode: executable ? 0o755 : 0o644 });
  }
}
