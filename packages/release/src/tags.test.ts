import { expect, it } from "vitest";
import type { LedgerEntry } from "./ledger.ts";
import { entryOf } from "./sample-ledger.ts";
import { type TagPolicy, immutableTag, tagsFor } from "./tags.ts";

const policy: TagPolicy = { default: "13.0", oldstable: "0.12", variants: ["", "full"] };

/** tag → the immutable tag of the same digest. */
function readable(tags: ReadonlyMap<string, string>, ledger: readonly LedgerEntry[]): Record<string, string> {
  const names = new Map(ledger.map((entry) => [entry.digest, immutableTag(entry)]));
  return Object.fromEntries([...tags].map(([tag, digest]) => [tag, names.get(digest) ?? digest]));
}

const build = "trunk-20261119-0971c99bfbc9";

it("the scheme is exactly this", () => {
  const ledger = [
    entryOf("13.0.7", 3),
    entryOf("13.0.7", 2),
    entryOf("0.12.5"),
    entryOf("0.12.3", 9),
    entryOf(build),
    entryOf("13.0.7", 1, { variant: "full" }),
    entryOf("0.12.5", 2, { variant: "full" }),
    entryOf(build, 1, { variant: "full" }),
  ];
  expect(readable(tagsFor(policy, ledger), ledger)).toEqual({
    "13.0.7-r3": "13.0.7-r3",
    "13.0.7-r2": "13.0.7-r2",
    "13.0.7": "13.0.7-r3",
    "13.0": "13.0.7-r3",
    "13": "13.0.7-r3",
    latest: "13.0.7-r3",
    stable: "13.0.7-r3",
    "0.12.5-r1": "0.12.5-r1",
    "0.12.3-r9": "0.12.3-r9",
    "0.12.5": "0.12.5-r1",
    "0.12.3": "0.12.3-r9",
    "0.12": "0.12.5-r1",
    oldstable: "0.12.5-r1",
    [`${build}-r1`]: `${build}-r1`,
    edge: `${build}-r1`,
    trunk: `${build}-r1`,
    "13.0.7-r1-full": "13.0.7-r1-full",
    "13.0.7-full": "13.0.7-r1-full",
    "13.0-full": "13.0.7-r1-full",
    "13-full": "13.0.7-r1-full",
    full: "13.0.7-r1-full",
    "stable-full": "13.0.7-r1-full",
    "0.12.5-r2-full": "0.12.5-r2-full",
    "0.12.5-full": "0.12.5-r2-full",
    "0.12-full": "0.12.5-r2-full",
    "oldstable-full": "0.12.5-r2-full",
    [`${build}-r1-full`]: `${build}-r1-full`,
    "edge-full": `${build}-r1-full`,
    "trunk-full": `${build}-r1-full`,
  });
});

it.each([
  ["a version by number", ["13.0.9-r1", "13.0.10-r1"], "13.0.10-r1"],
  ["a revision by number", ["13.0.9-r9", "13.0.9-r10"], "13.0.9-r10"],
  ["a version before a revision", ["13.0.9-r12", "13.0.10-r1"], "13.0.10-r1"],
])("what is newest is judged %s", (_, names, newest) => {
  const ledger = names.map((name) => entryOf(name.replace(/-r\d+$/u, ""), Number(/\d+$/u.exec(name)?.[0])));
  expect(readable(tagsFor(policy, ledger), ledger)).toMatchObject({ latest: newest, "13.0": newest, "13": newest });
});

it("a patch of the old series moves only that series' tags", () => {
  const before = [entryOf("13.0.3"), entryOf("0.12.5")];
  const added = entryOf("0.12.6");
  const old = tagsFor(policy, before);
  const moved = [...tagsFor(policy, [...before, added])].filter(([tag, digest]) => old.get(tag) !== digest);
  expect(moved.map(([tag]) => tag)).toEqual(["0.12", "0.12.6", "0.12.6-r1", "oldstable"]);
});

it("of two trunk builds of one day the one published later is the newer", () => {
  const ledger = [
    entryOf("trunk-20261119-000000000000", 2, { date: "2026-11-19T20:00:00Z" }),
    entryOf("trunk-20261119-ffffffffffff", 3, { date: "2026-11-19T10:00:00Z" }),
  ];
  expect(readable(tagsFor(policy, ledger), ledger)).toMatchObject({ edge: "trunk-20261119-000000000000-r2" });
});

it.each(["latest", "stable", "oldstable", "edge", "trunk", "13", "r2"])("no variant can be called %s", (variant) => {
  expect(() => tagsFor({ ...policy, variants: ["", variant] }, [])).toThrow(
    expect.objectContaining({ code: "VARIANT_RESERVED" }),
  );
});
