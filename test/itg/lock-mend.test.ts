import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { sha256 } from "@prosody-foundry/kit";
import { type Pin, readLock, writeLock } from "@prosody-foundry/lockfile";
import { describe, expect, it } from "vitest";
import { type LockRepository, moduleOf, type Upstream, useLocks } from "../fixtures/lock-repository.ts";

let upstream: Upstream;
let clone: LockRepository;

useLocks({ mod_a: 0, mod_d: 0 }, (scene) => {
  ({ upstream, clone } = scene);
});

describe("a lock changed by hand", () => {
  it("only in its form is written again in its own", async () => {
    const before = await readFile(clone.file, "utf8");
    const value: Record<string, unknown> = JSON.parse(before);
    await writeFile(clone.file, JSON.stringify(Object.fromEntries(Object.entries(value).toReversed())));
    expect(await clone.foundry.json(["module", "verify", "--fix"])).toMatchObject({
      from: "form",
      recheck: [],
      checks: [],
    });
    expect(await readFile(clone.file, "utf8")).toBe(before);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    [
      "to a hash that is not upstream's",
      (text) => text.replace(/"integrity": "\w+"/u, `"integrity": "${"0".repeat(64)}"`),
      /mod_a: other at local/u,
    ],
    [
      "to a dependency it has not",
      (text) => text.replace('"depends": []', '"depends": ["mod_d"]'),
      /mod_a: lies at local: depends \[\], locked \["mod_d"\]/u,
    ],
    [
      "in what no source can tell",
      (text) => text.replace('"licence": null', '"licence": "MIT"'),
      /changed by hand: sources\.local/u,
    ],
  ])("%s is refused, and left as it is", async (_, change, sentence) => {
    const edited = change(await readFile(clone.file, "utf8"));
    await writeFile(clone.file, edited);
    const { exitCode, stderr } = await clone.foundry.run(["module", "verify", "--fix"]);
    expect(stderr).toMatch(sentence);
    expect(stderr).toContain("LOCK_CHANGED");
    expect(exitCode).toBe(1);
    expect(await readFile(clone.file, "utf8")).toBe(edited);
  });

  it("to another pin that its source confirms is taken, without the verdicts of the old one", async () => {
    const judged = { verdict: "works" as const, evidence: [], releases: ["13.0.1"] };
    const lock = await upstream.lockOf({ mod_a: 0, mod_d: 0 });
    const withVerdict = { ...lock.modules["mod_a"]!, judgements: [judged] };
    await clone.commitLock({
      ...lock,
      modules: { ...lock.modules, mod_a: withVerdict, mod_d: { ...withVerdict, pins: lock.modules["mod_d"]!.pins } },
    });
    const text = await readFile(clone.file, "utf8");
    const [from, to] = [await upstream.pinAt("mod_a", 0), await upstream.pinAt("mod_a", 1)];
    const fields = ["node", "date", "tree", "integrity"] as const;
    let edited = text.slice(0, text.indexOf('"mod_d"'));
    for (const field of fields) edited = edited.replace(from[field], to[field]);
    await writeFile(clone.file, edited.replace('"revision": 1', '"revision": 2') + text.slice(text.indexOf('"mod_d"')));
    expect(await clone.foundry.json(["module", "verify", "--fix"])).toMatchObject({ unproven: ["mod_a"], wrong: [] });
    const { modules } = await readLock(clone.file);
    expect(modules["mod_a"]).toMatchObject({ pins: { "13.0": { node: upstream.nodes[1] } }, judgements: [] });
    expect(modules["mod_d"]?.judgements).toEqual([judged]);
  });

  it("so that an entry stands twice is refused", async () => {
    const text = await readFile(clone.file, "utf8");
    const [entry = ""] = /^ {4}"mod_a": \{[^]*?^ {4}\},\n/mu.exec(text) ?? [];
    await writeFile(clone.file, text.replace(entry, entry + entry));
    const { exitCode, stderr } = await clone.foundry.run(["module", "verify", "--fix"]);
    expect({ exitCode, stderr }).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/LOCK_MALFORMED: .* entry twice/u),
    });
  });
});

describe("a lock that lies", () => {
  it("about a tree, a licence, libraries or content is found", async () => {
    const lies: Record<string, Partial<Pin>> = {
      mod_a: { tree: "0".repeat(40) },
      mod_b: { licence: "GPL-3.0-only" },
      mod_c: { libraries: { lfs: "lua-filesystem" } },
      mod_d: { integrity: "0".repeat(64) },
    };
    const lock = await upstream.lockOf({ mod_a: 0, mod_b: 0, mod_c: 0, mod_d: 0 });
    for (const [name, lie] of Object.entries(lies)) {
      lock.modules[name] = moduleOf({ ...(await upstream.pinAt(name, 0)), ...lie });
    }
    await writeLock(clone.file, lock);
    const { exitCode, stdout } = await clone.foundry.run(["module", "verify"]);
    expect(stdout).toMatch(/mod_a .*lies .*tree \w{40}, locked 0{40}/u);
    expect(stdout).toMatch(/mod_b .*lies .*licence "NOASSERTION", locked "GPL-3\.0-only"/u);
    expect(stdout).toMatch(/mod_c .*lies .*libraries \{\}, locked \{"lfs"/u);
    expect(stdout).toMatch(/mod_d .*other .*integrity \w{64}, locked 0{64}/u);
    expect(stdout).toContain("Not in order: mod_a, mod_b, mod_c, mod_d.");
    expect(exitCode).toBe(3);
  });

  it("about a patch is found, and a patch it does not know", async () => {
    const lock = await upstream.lockOf({ mod_a: 0, mod_d: 0 });
    const patches = [{ file: "patches/mod_a/one.patch", sha256: sha256("one") }];
    await writeLock(clone.file, {
      ...lock,
      modules: { ...lock.modules, mod_a: { ...lock.modules["mod_a"]!, patches } },
    });
    await mkdir(path.join(clone.root, "patches/mod_d"), { recursive: true });
    await writeFile(path.join(clone.root, "patches/mod_d/stray.patch"), "stray");
    const report = await clone.foundry.json(["module", "verify"], [3]);
    expect(report).toMatchObject({ wrong: ["mod_a", "mod_d"] });
  });
});
