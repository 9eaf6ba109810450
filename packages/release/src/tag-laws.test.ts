import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LedgerEntry } from "./ledger.ts";
import { entryOf } from "./sample-ledger.ts";
import { type TagPolicy, immutableTag, tagsFor } from "./tags.ts";

const build = "trunk-20261119-0971c99bfbc9";
const numbered = ["0.12.3", "0.12.9", "0.12.10", "13.0.1", "13.0.9", "13.0.10", "13.1.0", "14.0.0", "14.0.11"];
const builds = ["trunk-20250513-f14f1b331f0f", build, "trunk-20261119-ffffffffffff", "trunk-20261201-000000000001"];
const entry = fc
  .record({
    version: fc.constantFrom(...numbered, ...builds),
    rev: fc.integer({ min: 1, max: 12 }),
    variant: fc.constantFrom("", "full"),
    yanked: fc.boolean(),
    date: fc.constantFrom("2026-11-19", "2026-11-19T12:00:00Z", "2026-12-01"),
  })
  .map(({ version, rev, ...more }) => entryOf(version, rev, more));
const ledgers = fc.uniqueArray(entry, { maxLength: 25, selector: immutableTag });
const policies: fc.Arbitrary<TagPolicy> = fc.record({
  default: fc.constantFrom("0.12", "13.0", "13.1", "14.0", "trunk"),
  oldstable: fc.constantFrom("0.12", "13.0", null),
  variants: fc.constantFrom(["", "full"], [""]),
});
const shuffled = ledgers.chain((ledger) =>
  fc.tuple(fc.constant(ledger), fc.shuffledSubarray(ledger, { minLength: ledger.length })),
);

/** Independent of the code under test: numbers of a version and its revision, as one number. */
function rank({ version, rev }: LedgerEntry): number {
  const day = /^trunk-(\d{8})/u.exec(version)?.[1];
  const [major = 0, minor = 0, patch = 0] = version.split(".").map(Number);
  return day === undefined ? ((major * 1000 + minor) * 1000 + patch) * 1000 + rev : Number(day);
}

describe("whatever was published, in whatever order", () => {
  it("the tags are the same for every order of the ledger", () => {
    fc.assert(
      fc.property(policies, shuffled, (rules, [ledger, other]) => {
        expect(tagsFor(rules, other)).toEqual(tagsFor(rules, ledger));
      }),
    );
  });

  it("publishing the same revision again changes nothing", () => {
    fc.assert(
      fc.property(policies, ledgers, (rules, ledger) => {
        expect(tagsFor(rules, [...ledger, ...ledger])).toEqual(tagsFor(rules, ledger));
      }),
    );
  });

  it("every revision has its immutable tag, yanked or not, under every policy", () => {
    fc.assert(
      fc.property(policies, ledgers, (rules, ledger) => {
        const tags = tagsFor(rules, ledger);
        for (const one of ledger) expect(tags.get(immutableTag(one))).toBe(one.digest);
      }),
    );
  });

  it("a second digest for a revision is refused, wherever it stands", () => {
    fc.assert(
      fc.property(policies, entry, shuffled, (rules, one, [ledger]) => {
        const second = { ...one, digest: `sha256:${"0".repeat(64)}` };
        const rest = ledger.filter((other) => immutableTag(other) !== immutableTag(one));
        const message = expect.objectContaining({ code: "TAG_IMMUTABLE", hint: expect.any(String) });
        expect(() => tagsFor(rules, [one, ...rest, second])).toThrow(message);
        expect(() => tagsFor(rules, [second, ...rest, one])).toThrow(message);
      }),
    );
  });

  it("a release moves tags to itself and to nothing else, and never to something older", () => {
    fc.assert(
      fc.property(policies, ledgers, (rules, ledger) => {
        const byDigest = new Map(ledger.map((one) => [one.digest, one]));
        let before = new Map<string, string>();
        for (const [at, one] of ledger.entries()) {
          const after = tagsFor(rules, ledger.slice(0, at + 1));
          for (const [tag, digest] of after) {
            const old = byDigest.get(before.get(tag) ?? "");
            const moved = old !== undefined && old.digest !== digest;
            expect([before.get(tag), one.digest]).toContain(digest);
            expect(moved && rank(one) < rank(old), `${tag} back to ${immutableTag(one)}`).toBe(false);
          }
          expect([...before.keys()].filter((tag) => !after.has(tag))).toEqual([]);
          before = after;
        }
      }),
    );
  });

  it("a floating tag is at the newest of its series, major or version", () => {
    fc.assert(
      fc.property(policies, ledgers, (rules, ledger) => {
        const tags = tagsFor(rules, ledger);
        const standing = ledger.filter(
          (one) => !one.yanked && rules.variants.includes(one.variant) && one.series !== "trunk",
        );
        for (const one of standing) {
          const suffix = one.variant === "" ? "" : `-${one.variant}`;
          const names = [one.version, one.series, ...(one.series === "0.12" ? [] : [one.version.split(".")[0]])];
          for (const name of names) {
            const at = standing.find(({ digest }) => digest === tags.get(`${name}${suffix}`));
            expect(at && rank(at), `${name}${suffix}`).toBeGreaterThanOrEqual(rank(one));
            expect(at?.version === name || at?.version.startsWith(`${name}.`)).toBe(true);
          }
        }
      }),
    );
  });

  it("a yanked revision floats nowhere: the tags are those of a ledger without it", () => {
    fc.assert(
      fc.property(policies, ledgers, (rules, ledger) => {
        const yanked = tagsFor(rules, ledger);
        const never = tagsFor(
          rules,
          ledger.filter((one) => !one.yanked),
        );
        expect(floatsOf(yanked)).toEqual(floatsOf(never));
      }),
    );
  });

  it("a retired variant keeps its immutable tags and no other, and disturbs nobody", () => {
    fc.assert(
      fc.property(policies, ledgers, (rules, ledger) => {
        const tags = tagsFor({ ...rules, variants: [""] }, ledger);
        const full = [...floatsOf(tags).keys()].filter((tag) => tag.includes("full"));
        expect(full).toEqual([]);
        const alone = tagsFor(
          { ...rules, variants: [""] },
          ledger.filter(({ variant }) => variant === ""),
        );
        expect(floatsOf(tags)).toEqual(floatsOf(alone));
      }),
    );
  });

  it("`latest` and `stable` follow the policy's series alone, so a new major waits for it", () => {
    fc.assert(
      fc.property(policies, ledgers, (rules, ledger) => {
        const major = [entryOf("15.0.0"), entryOf("15.0.0", 1, { variant: "full" })];
        const [before, after] = [tagsFor(rules, ledger), tagsFor(rules, [...ledger, ...major])];
        for (const tag of ["latest", "stable", "full", "stable-full"]) expect(after.get(tag)).toBe(before.get(tag));
        const flipped = tagsFor({ ...rules, default: "15.0" }, [...ledger, ...major]);
        expect([flipped.get("latest"), flipped.get("stable")]).toEqual([major[0]?.digest, major[0]?.digest]);
        expect(after.get("15")).toBe(major[0]?.digest);
      }),
    );
  });

  it("`latest` is `stable`, `edge` is `trunk`, `oldstable` is its series, for each variant", () => {
    fc.assert(
      fc.property(policies, ledgers, (rules, ledger) => {
        const tags = tagsFor(rules, ledger);
        const series = rules.oldstable ?? "none";
        for (const [one, other] of [
          ["latest", "stable"],
          ["edge", "trunk"],
          ["oldstable", series],
        ] as const) {
          expect(tags.get(one)).toBe(tags.get(other));
          expect(tags.get(one === "latest" ? "full" : `${one}-full`)).toBe(tags.get(`${other}-full`));
        }
      }),
    );
  });

  it("there is never a bare 0, a `latest` of a variant, or a tag a registry refuses", () => {
    fc.assert(
      fc.property(policies, ledgers, (rules, ledger) => {
        for (const tag of tagsFor(rules, ledger).keys()) {
          expect(tag).toMatch(/^\w[\w.-]{0,127}$/u);
          expect(tag).not.toMatch(/^0(-|$)|latest.|-latest/u);
        }
      }),
    );
  });
});

function floatsOf(tags: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...tags].filter(([tag]) => !/-r\d+(-|$)/u.test(tag)));
}
