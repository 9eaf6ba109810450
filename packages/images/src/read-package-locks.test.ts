import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { emptyPackageLock, readPackageLock, readPackageLocks } from "./read-package-locks.ts";
import { packageLockOf } from "./sample-lock.ts";
import { writePackageLock } from "./write-package-lock.ts";

let root = "";
beforeEach(async () => {
  root = await mkdtemp(path.join(tmpdir(), "package-locks-"));
});
afterEach(() => rm(root, { recursive: true }));

const [builder, own] = [packageLockOf(["make"]), packageLockOf(["lua5.4"])];

it("package locks are read as they were written, and not written again", async () => {
  expect(await writePackageLock(root, builder)).toBe(true);
  expect(await writePackageLock(root, own, "prosody")).toBe(true);
  expect(await readPackageLocks(root, ["prosody"])).toEqual({ builder, images: { prosody: own } });
  expect(await writePackageLock(root, structuredClone(own), "prosody")).toBe(false);
  const text = await readFile(path.join(root, "images/prosody/packages.lock.json"), "utf8");
  expect(text.endsWith("}\n")).toBe(true);
});

it.each([
  ["the builder's", []],
  ["an image's", ["prosody"]],
])("%s lock that is missing is an error", async (_, images) => {
  if (images.length > 0) await writePackageLock(root, builder);
  await expect(readPackageLocks(root, images)).rejects.toMatchObject({
    code: "PACKAGES_MISSING",
    hint: expect.stringContaining("foundry packages update") as unknown,
  });
});

it("a lock that is to be made anew may be missing", async () => {
  expect(await readPackageLock(root, "prosody")).toEqual(emptyPackageLock());
});

const valid = JSON.stringify(own);
it.each([
  ["malformed JSON", "{", /prosody\/packages\.lock\.json:1:2 is no JSON/u],
  ["another version", valid.replace('"lockVersion":1', '"lockVersion":2'), /lockVersion/u],
  ["a hash cut short", valid.replace(/[0-9a-f]{64} 1000/u, "abc 1000"), /sha256\.a\w+64: is no SHA-256 and size/u],
  ["a misspelt field", valid.replace('"lists"', '"list"'), /list/u],
  ["a package that leaves its folder", valid.replace('"lua5.4"', '"../x"'), /lists/u],
  ["a moment that is none", valid.replace("2026-11-02T00:00:00Z", "yesterday"), /trixie\.snapshot/u],
])("a lock with %s is refused, naming the place", async (...row) => {
  const [, text, message] = row;
  await mkdir(path.join(root, "images/prosody"), { recursive: true });
  await writeFile(path.join(root, "images/prosody/packages.lock.json"), text);
  await expect(readPackageLock(root, "prosody")).rejects.toMatchObject({
    code: "PACKAGES_MALFORMED",
    message: expect.stringMatching(message) as unknown,
    hint: expect.stringMatching(/git checkout|Did you mean/u) as unknown,
  });
});
