import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFileWhole } from "./write-file.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "foundry-write-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("writeFileWhole", () => {
  it("makes the folders, writes the bytes and leaves nothing else behind", async () => {
    const file = path.join(folder, "deep", "down", "file.json");
    expect(await writeFileWhole(file, "{}\n")).toBe(true);
    expect(await readFile(file, "utf8")).toBe("{}\n");
    expect(await readdir(path.dirname(file))).toEqual(["file.json"]);
  });

  it("does not touch a file that has these bytes already", async () => {
    const file = path.join(folder, "same");
    await writeFileWhole(file, new Uint8Array([1, 2]));
    const before = await stat(file, { bigint: true });
    expect(await writeFileWhole(file, new Uint8Array([1, 2]))).toBe(false);
    const after = await stat(file, { bigint: true });
    expect([after.mtimeNs, after.ino]).toEqual([before.mtimeNs, before.ino]);
    expect(await writeFileWhole(file, new Uint8Array([1, 3]))).toBe(true);
  });

  it("refuses a path that is a folder", async () => {
    await expect(writeFileWhole(folder, "x")).rejects.toMatchObject({ code: "EISDIR" });
  });
});
