import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { sha256 } from "@prosody-foundry/kit";
import { afterAll, beforeAll, expect, it } from "vitest";
import { readPatches } from "./read-patches.ts";

let root = "";

beforeAll(async () => {
  root = await mkdtemp(path.join(os.tmpdir(), "foundry-patches-"));
  await mkdir(path.join(root, "patches/mod_x"), { recursive: true });
  await mkdir(path.join(root, "patches/mod_y"), { recursive: true });
  await writeFile(path.join(root, "patches/mod_x/02-b.patch"), Buffer.from([0x2b, 0xff]));
  await writeFile(path.join(root, "patches/mod_x/01-a.patch"), "+a\n");
  await writeFile(path.join(root, "patches/mod_x/README.md"), "Why\n");
  await symlink("/etc/passwd", path.join(root, "patches/mod_y/a.patch"));
});

afterAll(() => rm(root, { recursive: true }));

it("reads a module's patches in the order of their names, one character per byte", async () => {
  expect(await readPatches(root, "mod_x")).toEqual([
    { file: "patches/mod_x/01-a.patch", text: "+a\n", sha256: sha256("+a\n") },
    { file: "patches/mod_x/02-b.patch", text: "+\xff", sha256: sha256(Buffer.from([0x2b, 0xff])) },
  ]);
});

it("finds none for a module without a folder of patches", async () => {
  expect(await readPatches(root, "mod_z")).toEqual([]);
});

it("follows no link", async () => {
  await expect(readPatches(root, "mod_y")).rejects.toMatchObject({ code: "PATCH_UNSAFE" });
});
