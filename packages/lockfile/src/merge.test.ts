import { compareText } from "@prosody-foundry/kit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { arbitraryLock } from "./arbitrary-lock.ts";
import { formatLock, normaliseLock } from "./format.ts";
import { mergeLocks } from "./merge.ts";
import { moduleNameOf } from "./module-keys.ts";
import { parseLock } from "./parse.ts";
import { samplePin as old } from "./sample-pin.ts";
import { type Judgement, type Lock, type LockedModule, type Pin, emptyLock, isPin } from "./schema.ts";

type Modules = Lock["modules"];

/** A base, changes of two sides to different names of it, and both changes made one after the other. */
const disjoint = fc
  .record({ base: arbitraryLock, other: arbitraryLock, seed: fc.array(fc.constantFrom("left", "right", "none")) })
  .map(({ base, other, seed }) => {
    const names = [...new Set([base, other].flatMap(({ modules }) => Object.keys(modules).map(moduleNameOf)))];
    const sides = new Map(names.toSorted(compareText).map((name, at) => [name, seed[at] ?? "none"]));
    const [from, to] = [withoutNeeds(base.modules), withoutNeeds(other.modules)];
    // In the other lock, or not: changed, added or removed.
    const change = (...which: string[]): Lock => {
      const isTheirs = (key: string): boolean => which.includes(sides.get(moduleNameOf(key)) ?? "none");
      const kept = Object.entries(from).filter(([key]) => !isTheirs(key));
      const taken = Object.entries(to).filter(([key]) => isTheirs(key));
      return { ...base, modules: Object.fromEntries([...kept, ...taken]) };
    };
    return { base: change(), left: change("left"), right: change("right"), both: change("left", "right") };
  });

// What a change needs and another one takes out is a case of its own, below.
function withoutNeeds(modules: Modules): Modules {
  const entries = Object.entries(modules).map(([key, module]) => {
    const pins = Object.entries(module.pins).map(([series, one]) => [
      series,
      isPin(one) ? { ...one, depends: [] } : one,
    ]);
    return [key, { ...module, pins: Object.fromEntries(pins) }] as const;
  });
  return Object.fromEntries(entries);
}

describe("a merge", () => {
  it("of changes to different modules is both changes, whichever comes first", () => {
    fc.assert(
      fc.property(disjoint, ({ base, left, right, both }) => {
        const whole = { lock: normaliseLock(both), conflicts: [] };
        expect(mergeLocks(base, left, right)).toEqual(whole);
        expect(mergeLocks(base, right, left)).toEqual(whole);
      }),
    );
  });

  it("takes a source for its own, whatever it is called", () => {
    const source = { kind: "git" as const, url: "x", folder: "", debian: [], licence: null };
    const changed = { ...emptyLock(), sources: Object.fromEntries([["constructor", source]]) };
    expect(mergeLocks(emptyLock(), changed, emptyLock())).toEqual({ lock: normaliseLock(changed), conflicts: [] });
  });

  it("of any three locks loses nothing that nobody removed, and reads back as written", () => {
    fc.assert(
      fc.property(arbitraryLock, arbitraryLock, arbitraryLock, (base, ours, theirs) => {
        const { lock } = mergeLocks(base, ours, theirs);
        expect(parseLock(formatLock(lock))).toEqual(lock);
        const known = new Set(identitiesOf(base));
        const present = new Set(identitiesOf(lock));
        const added = [...identitiesOf(ours), ...identitiesOf(theirs)].filter((one) => !known.has(one));
        expect(added.filter((one) => !present.has(one))).toEqual([]);
      }),
    );
  });

  it("with a side that changed nothing is the other side", () => {
    fc.assert(
      fc.property(arbitraryLock, arbitraryLock, (base, changed) => {
        expect(mergeLocks(base, base, changed)).toEqual({ lock: normaliseLock(changed), conflicts: [] });
        expect(mergeLocks(base, changed, base)).toEqual({ lock: normaliseLock(changed), conflicts: [] });
      }),
    );
  });
});

function identitiesOf({ modules }: Lock): string[] {
  return Object.entries(modules).map(([key, { source }]) => `${moduleNameOf(key)} of ${source}`);
}

const newer: Pin = { ...old, node: "d".repeat(40), date: "2025-03-04", revision: 2, integrity: "e".repeat(64) };
const newest: Pin = { ...newer, node: "f".repeat(40), revision: 3, integrity: "0".repeat(64) };

function moduleOf(more: Partial<LockedModule> = {}): LockedModule {
  return { source: "upstream", patches: [], hold: false, pins: { "13.0": old, trunk: old }, judgements: [], ...more };
}

function lockOf(modules: Modules): Lock {
  const releases = {
    "13.0.1": { series: "13.0", core: [], features: [] },
    "trunk-20261119-0971c99bfbc9": { series: "trunk", core: [], features: [] },
  } as const satisfies Lock["releases"];
  return { ...emptyLock(), releases: { ...releases }, modules };
}

function judged(verdict: Judgement["verdict"], releases: string[], date = "2025-01-01"): Judgement {
  return { releases, verdict, evidence: [{ kind: "loaded", says: "silent", because: "seen", date }] };
}

function mergeX(ours: LockedModule, theirs: LockedModule, base = moduleOf()) {
  const merged = mergeLocks(lockOf({ mod_x: base }), lockOf({ mod_x: ours }), lockOf({ mod_x: theirs }));
  return { module: merged.lock.modules["mod_x"], conflicts: merged.conflicts };
}

const trunk = "trunk-20261119-0971c99bfbc9";

describe("a module that both sides changed", () => {
  it("takes each series from the side that changed it, with the judgements made on it", () => {
    const ours = moduleOf({ pins: { "13.0": newer, trunk: old }, judgements: [judged("works", ["13.0.1"])] });
    const theirs = moduleOf({ pins: { "13.0": old, trunk: newest }, judgements: [judged("loads", [trunk, "13.0.1"])] });
    expect(mergeX(ours, theirs)).toEqual({
      conflicts: [],
      module: moduleOf({
        pins: { "13.0": newer, trunk: newest },
        judgements: [judged("works", ["13.0.1"]), judged("loads", [trunk])],
      }),
    });
  });

  it.each<[string, LockedModule["pins"]["trunk"], LockedModule["pins"]["trunk"], "ours" | "theirs"]>([
    ["the later day", newer, { ...newest, date: "2025-03-05" }, "theirs"],
    ["the later day, whichever side it is on", { ...newer, date: "2025-03-05" }, newest, "ours"],
    ["more changesets on one day", newer, newest, "theirs"],
    ["ours where nothing tells", newer, { ...newer, integrity: "1".repeat(64) }, "ours"],
    ["a pin before none", { none: "broken" }, newer, "theirs"],
  ])("and the same series of it takes %s, and says so", (...row) => {
    const [, ours, theirs, taken] = row;
    const pin = { ours, theirs }[taken];
    const merged = mergeX(moduleOf({ pins: { trunk: ours } }), moduleOf({ pins: { trunk: theirs } }));
    expect(merged.module?.pins.trunk).toEqual(pin);
    expect(merged.conflicts).toEqual([{ entry: "mod_x", part: "trunk", taken }]);
  });

  it("keeps the newer observations of one pin, and names verdicts that differ", () => {
    const ours = moduleOf({ judgements: [judged("works", ["13.0.1"], "2026-01-01"), judged("works", [trunk])] });
    const theirs = moduleOf({
      judgements: [judged("works", ["13.0.1"], "2026-02-02"), judged("broken", [trunk], "2026-02-02")],
    });
    const merged = mergeX(ours, theirs);
    expect(merged.module?.judgements).toEqual(theirs.judgements);
    expect(merged.conflicts).toEqual([{ entry: "mod_x", part: `verdict on ${trunk}`, taken: "theirs" }]);
  });

  it("keeps patches of ours and names them, and a hold of either side", () => {
    const merged = mergeX(moduleOf({ patches: patch("a.patch") }), moduleOf({ patches: patch("b.patch"), hold: true }));
    expect(merged.module).toMatchObject({ patches: patch("a.patch"), hold: true });
    expect(merged.conflicts).toEqual([{ entry: "mod_x", part: "patches", taken: "ours" }]);
  });

  it.each<[string, "ours" | "theirs"]>([
    ["our pin and their patch", "ours"],
    ["their pin and our patch", "theirs"],
  ])("names %s, which nobody has seen together, and keeps no verdict on them", (_, pinned) => {
    const withPin = moduleOf({
      pins: { "13.0": newer, trunk: old },
      judgements: [judged("works", ["13.0.1"]), judged("works", [trunk])],
    });
    const patched = moduleOf({
      patches: patch("a.patch"),
      judgements: [judged("loads", ["13.0.1"]), judged("loads", [trunk])],
    });
    expect(pinned === "ours" ? mergeX(withPin, patched) : mergeX(patched, withPin)).toEqual({
      conflicts: [{ entry: "mod_x", part: "patches with the pin on 13.0", taken: "ours" }],
      module: moduleOf({
        patches: patch("a.patch"),
        pins: { "13.0": newer, trunk: old },
        judgements: [judged("loads", [trunk])],
      }),
    });
  });
});

describe("between modules", () => {
  it("one that a side removed and the other changed stays, and is named", () => {
    const changed = lockOf({ mod_x: moduleOf({ pins: { trunk: newer } }) });
    const merged = mergeLocks(lockOf({ mod_x: moduleOf() }), lockOf({}), changed);
    expect(merged.lock).toEqual(changed);
    expect(merged.conflicts).toEqual([{ entry: "mod_x", part: "removed by the other side", taken: "theirs" }]);
  });

  it("one that a side removed and the other newly needs stays", () => {
    const needing = moduleOf({ pins: { trunk: { ...newer, depends: ["mod_x"] } } });
    const merged = mergeLocks(lockOf({ mod_x: moduleOf() }), lockOf({}), lockOf({ mod_x: moduleOf(), mod_y: needing }));
    expect(merged).toEqual({ lock: lockOf({ mod_x: moduleOf(), mod_y: needing }), conflicts: [] });
  });

  it("one name added from two sources is two modules, under the same keys whichever side is ours", () => {
    const [upstream, jitsi] = [moduleOf(), moduleOf({ source: "jitsi" })];
    const both = { lock: lockOf({ mod_x: jitsi, "mod_x@upstream": upstream }), conflicts: [] };
    expect(mergeLocks(lockOf({}), lockOf({ mod_x: upstream }), lockOf({ mod_x: jitsi }))).toEqual(both);
    expect(mergeLocks(lockOf({}), lockOf({ mod_x: jitsi }), lockOf({ mod_x: upstream }))).toEqual(both);
  });

  it("a source that both sides changed keeps ours and is named", () => {
    const merged = mergeLocks(withUrl("a"), withUrl("b"), withUrl("c"));
    expect(merged.lock).toEqual(withUrl("b"));
    expect(merged.conflicts).toEqual([{ entry: "source upstream", part: null, taken: "ours" }]);
  });
});

function patch(file: string): LockedModule["patches"] {
  return [{ file, sha256: "0".repeat(64) }];
}

function withUrl(url: string): Lock {
  return { ...emptyLock(), sources: { upstream: { kind: "hg", url, folder: "", debian: [], licence: null } } };
}
