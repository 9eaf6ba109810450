import { array, assert, boolean, integer, property, record } from "fast-check";
import { canonicalJson } from "@prosody-foundry/kit";
import { expect, it } from "vitest";
import type { LedgerEntry } from "./ledger.ts";
import { immutableTag } from "./tags.ts";
import { mergeEntries } from "./write-ledger.ts";

function entryOf(changes: Partial<LedgerEntry>): LedgerEntry {
  const rev = changes.rev ?? 1;
  return {
    image: "prosody",
    variant: "",
    series: "13.0",
    version: "13.0.7",
    rev,
    digest: `sha256:${String(rev).padStart(64, "0")}`,
    id: null,
    contract: null,
    platforms: {},
    yanked: false,
    date: "2026-11-29",
    ...changes,
  };
}

const ledgers = array(record({ rev: integer({ min: 1, max: 5 }), yanked: boolean() }).map(entryOf));

it("whoever joins first, and however often, the ledger that comes out is the same", () => {
  assert(
    property(ledgers, ledgers, (a, b) => {
      const joined = mergeEntries(a, b);
      expect(canonicalJson(mergeEntries(b, a))).toBe(canonicalJson(joined));
      expect(canonicalJson(mergeEntries(joined, a))).toBe(canonicalJson(joined));
      expect(new Set(joined.map(immutableTag)).size).toBe(joined.length);
    }),
  );
});

it("what one side does not know is taken from the other", () => {
  const known = entryOf({ id: "a".repeat(64), contract: "1.0.0" });
  expect(mergeEntries([entryOf({ yanked: true })], [known])).toEqual([{ ...known, yanked: true }]);
});

it("one revision with two digests is refused", () => {
  const other = entryOf({ digest: `sha256:${"f".repeat(64)}` });
  expect(() => mergeEntries([entryOf({})], [other])).toThrow(/is sha256:0+1 and cannot become sha256:f+/u);
});
