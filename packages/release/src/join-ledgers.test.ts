import { array, assert, boolean, integer, property, record } from "fast-check";
import { expect, it } from "vitest";
import { formatLedger, joinLedgers } from "./join-ledgers.ts";
import type { LedgerEntry } from "./ledger.ts";
import { immutableTag } from "./tags.ts";

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
      const joined = joinLedgers(a, b);
      expect(formatLedger(joinLedgers(b, a))).toBe(formatLedger(joined));
      expect(formatLedger(joinLedgers(joined, a))).toBe(formatLedger(joined));
      expect(new Set(joined.map(immutableTag)).size).toBe(joined.length);
    }),
  );
});

it("what one side does not know is taken from the other", () => {
  const known = entryOf({ id: "a".repeat(64), contract: "1.0.0" });
  expect(joinLedgers([entryOf({ yanked: true })], [known])).toEqual([{ ...known, yanked: true }]);
});

it("one revision with two digests is refused", () => {
  const other = entryOf({ digest: `sha256:${"f".repeat(64)}` });
  expect(() => joinLedgers([entryOf({})], [other])).toThrow(/is sha256:0+1 and cannot become sha256:f+/u);
});
