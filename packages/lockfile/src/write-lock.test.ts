import { mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readLock } from "./read-lock.ts";
import { type Lock, type LockedSource, emptyLock } from "./schema.ts";
import { updateLock, writeLock } from "./write-lock.ts";

let folder = "";
let file = "";
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "lockfile-"));
  file = path.join(folder, "modules.lock.json");
});
afterEach(() => rm(folder, { recursive: true }));

const local: LockedSource = {
  kind: "directory",
  url: "modules",
  folder: "",
  debian: [],
  licence: null,
};
const withSource: Lock = { ...emptyLock(), sources: { local } };

it("a lock is written once and left alone while it says the same", async () => {
  expect(await writeLock(file, withSource)).toBe(true);
  const before = await stat(file, { bigint: true });
  expect(await writeLock(file, withSource)).toBe(false);
  expect((await stat(file, { bigint: true })).ino).toBe(before.ino);
  expect(await readLock(file)).toEqual(withSource);
});

it("a lock that could not be read back is not written", async () => {
  await writeLock(file, withSource);
  const bad: Lock = { ...withSource, sources: { "No name": local } };
  await expect(writeLock(file, bad)).rejects.toMatchObject({ code: "LOCK_MALFORMED" });
  expect(await readLock(file)).toEqual(withSource);
});

it("a missing lock is an error, or an empty lock where that is asked for", async () => {
  await expect(readLock(file)).rejects.toMatchObject({
    code: "LOCK_MISSING",
    hint: expect.stringContaining("module add"),
  });
  expect(await readLock(file, { missing: "empty" })).toEqual(emptyLock());
});

it("an update that fails leaves the lock and no mark behind", async () => {
  await writeLock(file, withSource);
  const failing = updateLock(file, () => Promise.reject(new Error("upstream is gone")));
  await expect(failing).rejects.toThrow("upstream is gone");
  expect(await readLock(file)).toEqual(withSource);
  expect(await readdir(folder)).toEqual(["modules.lock.json"]);
});

it("an update clears away what a killed writer left, and nothing else", async () => {
  await writeLock(file, withSource);
  await writeFile(`${file}.1234567`, "half");
  await writeFile(`${file}.orig`, "somebody's own");
  await updateLock(file, (lock) => lock);
  expect(await readdir(folder)).toEqual(["modules.lock.json", "modules.lock.json.orig"]);
});

it("an update says what was before, what is after, and whether it wrote", async () => {
  const update = await updateLock(file, () => withSource);
  expect(update).toEqual({ before: emptyLock(), after: withSource, written: true });
  expect((await updateLock(file, (lock) => lock)).written).toBe(false);
});

it("an update of a changed lock is refused and writes nothing", async () => {
  await writeFile(file, "{}\n");
  await expect(updateLock(file, () => withSource)).rejects.toMatchObject({ code: "LOCK_VERSION" });
  expect(await readFile(file, "utf8")).toBe("{}\n");
});
