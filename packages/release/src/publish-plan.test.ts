import { sha256 } from "@prosody-foundry/kit";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { LedgerEntry } from "./ledger.ts";
import { claimTag, idTag, parseImmutable, unionOf, yankTag } from "./marks.ts";
import { planPublish, type PublishFacts, type TargetFacts } from "./publish-plan.ts";
import { entryOf } from "./sample-ledger.ts";
import { compareRevisions, floatingTagsFor, immutableTag } from "./tags.ts";

const policy = { default: "13.0", oldstable: "0.12", variants: ["", "full"] };
const repository = "registry.example:5000/prosody";
const id = sha256("target");
const index = `sha256:${sha256("index")}`;

function target(more: Partial<TargetFacts> = {}): TargetFacts {
  const built = {
    index,
    upload: { blobs: [{ digest: `sha256:${sha256("blob")}`, size: 7 }], manifests: [{ digest: index, size: 99 }] },
  };
  const names = { name: "prosody-13-0", id, image: "prosody", variant: "", series: "13.0", version: "13.0.7" };
  const rest = { contract: "1.0.0", platforms: ["linux/amd64"], checked: false, signed: false } as const;
  return { ...names, ...rest, built, ...more };
}

function facts(more: Partial<PublishFacts> = {}, registry: Partial<PublishFacts["registry"]> = {}): PublishFacts {
  const nothing = { names: [], digests: {}, learnt: [], unproven: [], blobs: [] };
  return {
    repository,
    policy,
    ledger: [],
    targets: [target()],
    signing: true,
    ...more,
    registry: { ...nothing, ...registry },
  };
}

const stepsOf = (given: PublishFacts): string =>
  planPublish(given)
    .targets.map(({ steps }) => steps.map(({ step }) => step).join(" "))
    .join("; ");

/** A registry in which these entries are published, each under its tag and the floating tags as they should be. */
function registryOf(entries: readonly LedgerEntry[]): PublishFacts["registry"] {
  const tags = Object.fromEntries(entries.map((entry) => [immutableTag(entry), entry.digest]));
  const digests = { ...tags, ...Object.fromEntries(floatingTagsFor(policy, entries)) };
  return { names: Object.keys(digests), digests, learnt: [], unproven: [], blobs: [] };
}

describe("what is left of a target", () => {
  const done = entryOf("13.0.7", 1, { digest: index });
  const there = { names: [idTag(id)], digests: { [idTag(id)]: index } };
  const tagged = { ...there, names: [...there.names, claimTag("13.0.7-r1"), "13.0.7-r1"], learnt: [done] };
  it.each([
    ["everything, where nothing is there", facts(), "check push id claim tag sign verify announce ledger"],
    [
      "the build too, where there is none",
      facts({ targets: [target({ built: null })] }),
      "build check push id claim tag sign verify announce ledger",
    ],
    ["no signature, where somebody said so", facts({ signing: false }), "check push id claim tag announce ledger"],
    [
      "all after the id; unsigned content has to be built again for comparison",
      facts({ targets: [target({ built: null })] }, there),
      "build check claim tag sign verify announce ledger",
    ],
    ["signing on, where it is tagged", facts({}, tagged), "check sign verify announce ledger"],
    [
      "the ledger on, where it is signed",
      facts({ targets: [target({ built: null, signed: true })] }, tagged),
      "verify announce ledger",
    ],
    ["nothing, where the ledger has it", facts({ ledger: [done], targets: [target({ built: null })] }, tagged), ""],
    [
      "the tag, where it went missing",
      facts({ ledger: [done] }, { ...there, names: [...there.names, claimTag("13.0.7-r1")] }),
      "tag",
    ],
    [
      "nothing, where it is withdrawn",
      facts({ ledger: [done] }, { ...tagged, names: [...tagged.names, yankTag("13.0.7-r1")] }),
      "",
    ],
  ])("%s", (_, given, steps) => {
    expect(stepsOf(given)).toBe(steps);
  });

  it("goes on with the revision it claimed, and passes over one that another claimed", () => {
    const names = [idTag(id), claimTag("13.0.7-r1"), claimTag("13.0.7-r2")];
    const digests = {
      [idTag(id)]: index,
      [claimTag("13.0.7-r1")]: `sha256:${sha256("other")}`,
      [claimTag("13.0.7-r2")]: index,
    };
    expect(planPublish(facts({}, { names, digests })).targets[0]).toMatchObject({
      tag: "13.0.7-r2",
      state: "unfinished",
    });
  });

  it("names every write with its bytes, and no blob the registry has", () => {
    const [plan] = planPublish(facts({}, { blobs: [`sha256:${sha256("blob")}`] })).targets;
    expect(plan?.steps.find(({ step }) => step === "push")?.requests).toEqual([
      { method: "PUT", reference: `${repository}@${index}`, bytes: 99 },
    ]);
    expect(plan?.steps.find(({ step }) => step === "tag")?.requests).toEqual([
      { method: "PUT", reference: `${repository}:13.0.7-r1`, bytes: 99 },
    ]);
  });
});

const versions = [
  "0.12.5",
  "13.0.6",
  "13.0.7",
  "13.0.10",
  "trunk-20261119-0971c99bfbc9",
  "trunk-20261120-0971c99bfbc9",
];
const entry = fc
  .record({
    version: fc.constantFrom(...versions),
    rev: fc.integer({ min: 1, max: 12 }),
    variant: fc.constantFrom("", "full"),
    yanked: fc.boolean(),
  })
  .map(({ version, rev, ...more }) => entryOf(version, rev, more));
const ledger = fc.uniqueArray(entry, { selector: immutableTag, maxLength: 15 });

describe("for any history", () => {
  it("two publishers with different ledgers and one registry move the floating tags to the same places", () => {
    fc.assert(
      fc.property(ledger, fc.array(fc.boolean(), { minLength: 15, maxLength: 15 }), (entries, own) => {
        const marks = entries.filter(({ yanked }) => yanked).map((each) => yankTag(immutableTag(each)));
        const names = [...entries.map(immutableTag), ...marks];
        const plans = [(at: number) => own[at] === true, (at: number) => own[at] !== true].map((mine) => {
          const known = entries.filter((_, at) => mine(at));
          const learnt = entries.filter((_, at) => !mine(at)).map((each) => ({ ...each, yanked: false }));
          return planPublish(facts({ ledger: known, targets: [] }, { names, learnt })).floating;
        });
        expect(plans[0]).toEqual(plans[1]);
      }),
    );
  });

  it("no tag moves to an older release when one more is published, and none at all when it is the oldest", () => {
    fc.assert(
      fc.property(ledger, entry, (entries, added) => {
        fc.pre(!added.yanked && !entries.some((each) => immutableTag(each) === immutableTag(added)));
        const before = registryOf(entries);
        const registry = { ...before, names: [...before.names, immutableTag(added)] };
        const all = [...entries, added];
        for (const { from, to } of planPublish(facts({ ledger: all, targets: [] }, registry)).floating) {
          expect(to).toBe(added.digest);
          const old = all.find(({ digest }) => digest === from);
          expect(old === undefined || compareRevisions(added, old) > 0).toBe(true);
        }
      }),
    );
  });

  it("what is done is no work: after the planned moves there are none", () => {
    fc.assert(
      fc.property(ledger, (entries) => {
        const names = entries.map(immutableTag);
        const { floating } = planPublish(facts({ ledger: entries, targets: [] }, { names }));
        const digests = Object.fromEntries(floating.map(({ tag, to }) => [tag, to ?? ""]));
        expect(planPublish(facts({ ledger: entries, targets: [] }, { names, digests })).floating).toEqual([]);
      }),
    );
  });

  it("exactly the tags that are elsewhere move, from where they are", () => {
    fc.assert(
      fc.property(ledger, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), (entries, astray) => {
        const { names, digests } = registryOf(entries);
        const elsewhere = `sha256:${sha256("elsewhere")}`;
        const moved = [...floatingTagsFor(policy, entries).keys()].filter((_, at) => astray[at] === true);
        const now = { ...digests, ...Object.fromEntries(moved.map((tag) => [tag, elsewhere])) };
        const { floating } = planPublish(facts({ ledger: entries, targets: [] }, { names, digests: now }));
        expect(floating.map(({ tag, from, to }) => [tag, from, to])).toEqual(
          moved.map((tag) => [tag, elsewhere, digests[tag]]),
        );
      }),
    );
  });

  it("a new target never gets a revision that anybody has or claims", () => {
    fc.assert(
      fc.property(ledger, fc.array(fc.integer({ min: 1, max: 14 })), (entries, claims) => {
        const names = [...entries.map(immutableTag), ...claims.map((rev) => claimTag(`13.0.7-r${rev}`))];
        const [plan] = planPublish(facts({ ledger: entries }, { names })).targets;
        expect(names).not.toContain(plan?.tag);
        expect(names).not.toContain(claimTag(plan?.tag ?? ""));
      }),
    );
  });

  it("no tag goes to a revision whose tag is gone, or that nobody signed", () => {
    fc.assert(
      fc.property(ledger, fc.array(fc.boolean(), { minLength: 15, maxLength: 15 }), (entries, there) => {
        const names = entries.map(immutableTag);
        const unproven = names.filter((_, at) => there[at] === false);
        const { floating } = planPublish(facts({ targets: [] }, { names, learnt: entries, unproven }));
        const refused = entries.filter((each) => unproven.includes(immutableTag(each))).map(({ digest }) => digest);
        for (const { to } of floating) expect(refused).not.toContain(to);
      }),
    );
  });
});

describe("immutable tags", () => {
  it("are read back as what they were made of", () => {
    fc.assert(
      fc.property(entry, ({ version, rev, variant }) => {
        expect(parseImmutable(immutableTag({ version, rev, variant }))).toEqual({ version, rev, variant });
      }),
    );
  });

  it.each(["latest", "13.0.7", "13.0.7-r0", "13.0.7-r1-Full", "claim-13.0.7-r1", "yanked-13.0.7-r1", "trunk", "id-00"])(
    "%s is none",
    (tag) => {
      expect(parseImmutable(tag)).toBeUndefined();
    },
  );
});

it("a revision is withdrawn when ledger or registry say so", () => {
  const [ours, theirs] = [entryOf("13.0.7", 1), entryOf("13.0.7", 2)];
  const union = unionOf([ours], { names: [yankTag("13.0.7-r2")], learnt: [theirs] });
  expect(new Map(union.map(({ rev, yanked }) => [rev, yanked]))).toEqual(
    new Map([
      [2, true],
      [1, false],
    ]),
  );
});

function announcements(more: Partial<PublishFacts>): string[] {
  return planPublish(facts(more)).targets.flatMap(({ steps }) =>
    steps
      .filter(({ step }) => step === "announce")
      .flatMap(({ requests }) => (requests ?? []).map(({ method, reference }) => `${method} ${reference}`)),
  );
}

it("where releases are made on GitHub, each request there is named too", () => {
  expect(announcements({})).toEqual([]);
  expect(announcements({ github: "github:a/b" })).toEqual([
    "POST github:a/b/releases (13.0.7-r1)",
    "POST github:a/b/releases/13.0.7-r1/assets (ledger-entry.json)",
    "POST github:a/b/releases/13.0.7-r1/assets (modules.lock.json)",
    "POST github:a/b/releases/13.0.7-r1/assets (packages.lock.json)",
    "POST github:a/b/releases/13.0.7-r1/assets (sbom-linux-amd64.spdx.json)",
    "POST github:a/b/git/refs (refs/tags/13.0.7-r1)",
    "PATCH github:a/b/releases/13.0.7-r1",
    "PUT github:a/b/contents/images/ledger.json",
  ]);
});
