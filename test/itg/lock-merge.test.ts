import { readFile, rm } from "node:fs/promises";
import path from "node:path";
import { sha256 } from "@prosody-foundry/kit";
import { formatLock, type Lock, type LockedModule, mergeLocks, readLock, writeLock } from "@prosody-foundry/lockfile";
import { beforeEach, describe, expect, it } from "vitest";
import { type LockRepository, moduleOf, repository, type Upstream, useLocks } from "../fixtures/lock-repository.ts";

let upstream: Upstream;
let clone: LockRepository;

useLocks({ mod_a: 0, mod_d: 0 }, (scene) => {
  ({ upstream, clone } = scene);
});

describe("with the merge driver", () => {
  beforeEach(() => clone.install());

  it("two branches that pin neighbours merge without a conflict", async () => {
    await clone.branch("left", await upstream.lockOf({ mod_a: 0, mod_b: 1, mod_d: 0 }));
    await clone.branch("right", await upstream.lockOf({ mod_a: 0, mod_c: 2, mod_d: 0 }));
    expect((await clone.merge("left", "right")).exitCode).toBe(0);
    expect(await readLock(clone.file)).toEqual(await upstream.lockOf({ mod_a: 0, mod_b: 1, mod_c: 2, mod_d: 0 }));
    expect((await clone.git("status", "--porcelain")).stdout).toBe("");
  });

  it("one that changes a series and one that changes another series of a module merge", async () => {
    const base = await upstream.lockOf({ mod_a: 0, mod_d: 0 });
    const withPins = async (pins: LockedModule["pins"]): Promise<Lock> => {
      const module = { ...moduleOf(await upstream.pinAt("mod_a", 0)), pins };
      return { ...base, modules: { ...base.modules, mod_a: module } };
    };
    const [old, one, other] = [
      await upstream.pinAt("mod_a", 0),
      await upstream.pinAt("mod_a", 1),
      await upstream.pinAt("mod_a", 2),
    ];
    await clone.branch("left", await withPins({ "13.0": one, trunk: old }));
    await clone.branch("right", await withPins({ "13.0": old, trunk: other }));
    expect((await clone.merge("left", "right")).exitCode).toBe(0);
    expect(await readLock(clone.file)).toEqual(await withPins({ "13.0": one, trunk: other }));
  });

  it("what both change is left to git, with the markers", async () => {
    await clone.branch("left", await upstream.lockOf({ mod_a: 1, mod_d: 0 }));
    await clone.branch("right", await upstream.lockOf({ mod_a: 2, mod_d: 0 }));
    const merged = await clone.merge("left", "right");
    expect(merged.exitCode).toBe(1);
    expect(merged.stderr).toContain("LOCK_CONFLICT: Both sides changed mod_a (13.0), mod_a (trunk)");
    expect(await readFile(clone.file, "utf8")).toMatch(/^<{7} ours$[^]*^\|{7} base$[^]*^={7}$[^]*^>{7} theirs$/mu);
  });

  it("telling git of it twice changes nothing, and outside of a repository it is not told", async () => {
    const config = await readFile(path.join(clone.root, ".git/config"), "utf8");
    await clone.install();
    expect(await readFile(path.join(clone.root, ".git/config"), "utf8")).toBe(config);
    await rm(path.join(clone.root, ".git"), { recursive: true });
    expect(await clone.install()).toMatchObject({ stdout: "", stderr: "" });
  });
});

describe("a text merge", () => {
  it("of changes to different modules of the real lock is clean and canonical", async () => {
    const base = await readLock(path.join(repository, "modules.lock.json"));
    await writeLock(clone.file, base);
    await clone.git("commit", "--all", "--quiet", "--message=real");
    const keys = Object.keys(base.modules);
    for (const at of [0, 17, 50, 104]) {
      // Neighbours are the hardest pair there is.
      const [left, right] = [move(base, keys[at]), move(base, keys[at + 1])];
      await clone.branch(`left-${at}`, left);
      await clone.branch(`right-${at}`, right);
      expect((await clone.merge(`left-${at}`, `right-${at}`)).exitCode).toBe(0);
      expect(await readFile(clone.file, "utf8")).toBe(formatLock(mergeLocks(base, left, right).lock));
      await clone.git("checkout", "--quiet", "main");
    }
  });
});

describe("foundry module verify --fix", () => {
  const both = { mod_a: 2, mod_b: 1, mod_c: 1, mod_d: 0 };

  beforeEach(async () => {
    await clone.branch("left", await upstream.lockOf({ mod_a: 1, mod_b: 1, mod_d: 0 }));
    await clone.branch("right", await upstream.lockOf({ mod_a: 2, mod_c: 1, mod_d: 0 }));
    await clone.merge("left", "right");
  });

  it("is what a conflict asks for; without --fix nothing is written", async () => {
    const before = await readFile(clone.file, "utf8");
    const { exitCode, stderr } = await clone.foundry.run(["module", "verify"]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/LOCK_CONFLICT: .*\n.*foundry module verify --fix/u);
    expect(await readFile(clone.file, "utf8")).toBe(before);
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ["of git's index", "index", async () => {}],
    ["of the heads, where the conflict was called resolved", "heads", () => clone.git("add", ".")],
    [
      "between the markers, where it was committed",
      "markers",
      () => clone.git("commit", "--all", "--quiet", "--message=hasty"),
    ],
  ])("takes the sides %s", async (_, from, resolve) => {
    await resolve();
    const report = await clone.foundry.json(["module", "verify", "--fix"]);
    expect(await readLock(clone.file)).toEqual(await upstream.lockOf(both));
    expect(report).toMatchObject({ from, wrong: [], recheck: expect.arrayContaining(["mod_a", "mod_b", "mod_c"]) });
  });

  it("says what it took and what it checked", async () => {
    const { exitCode, stdout } = await clone.foundry.run(["module", "verify", "--fix"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("mod_a, 13.0: both sides changed it, theirs was taken");
    expect(stdout).toMatch(/mod_c +[0-9a-f]{12} +local +same/u);
    await clone.git("add", ".");
    await clone.git("commit", "--quiet", "--message=merged");
    expect((await clone.foundry.run(["module", "verify", "--fix"])).exitCode).toBe(0);
    expect((await clone.git("status", "--porcelain")).stdout).toBe("");
  });

  it("finds a side whose pin is a lie", async () => {
    await clone.git("merge", "--abort");
    const lock = await upstream.lockOf({ mod_a: 2, mod_c: 1, mod_d: 0 });
    await clone.git("checkout", "--quiet", "right");
    const lie = { ...(await upstream.pinAt("mod_c", 1)), integrity: "0".repeat(64) };
    await clone.commitLock({ ...lock, modules: { ...lock.modules, mod_c: moduleOf(lie) } });
    expect((await clone.merge("left", "right")).exitCode).toBe(1);
    const { exitCode, stdout } = await clone.foundry.run(["module", "verify", "--fix"]);
    expect(exitCode).toBe(3);
    expect(stdout).toContain("Not in order: mod_c");
  });
});

/** The lock with one module at a revision of later. */
function move(lock: Lock, key = ""): Lock {
  const moved = structuredClone(lock);
  for (const pin of Object.values(moved.modules[key]?.pins ?? {})) {
    if ("none" in pin) continue;
    Object.assign(pin, { node: sha256(key).slice(0, 40), date: "2026-11-19", integrity: sha256(key + key) });
  }
  return moved;
}
