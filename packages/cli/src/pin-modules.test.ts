import type { Evidence } from "@prosody-foundry/lockfile";
import { expect, it } from "vitest";
import type { Candidate } from "./candidates.ts";
import { pinModule, type SeriesFinding } from "./pin-modules.ts";

const candidate: Candidate = {
  name: "mod_x",
  source: "prosody-modules",
  node: "1".repeat(40),
  date: "2025-06-01",
  revision: 7,
  content: { name: "mod_x", files: [] },
  tree: "2".repeat(40),
  integrity: "3".repeat(64),
  facts: { layout: "standard", licence: "MIT", stage: "beta", depends: [], optional: [], libraries: {} },
};

const loaded = (date: string): Evidence => ({ kind: "loaded", says: "loads", because: "it loads", date });

function finding(change: Partial<SeriesFinding>): SeriesFinding {
  return {
    series: "13.0",
    release: "13.0.7",
    verdict: "loads",
    evidence: [loaded("2026-11-20")],
    hosts: ["muc"],
    ...change,
  };
}

function pin(findings: SeriesFinding[], before?: ReturnType<typeof pinModule>) {
  return pinModule({ candidate, findings, series: ["0.12", "13.0"], before, hold: false });
}

it.each(["works", "loads", "doubtful"] as const)("pins what %s on the newest release of a series", (verdict) => {
  const { pins } = pin([finding({ verdict }), finding({ release: "13.0.1", verdict: "broken", hosts: ["pubsub"] })]);
  expect(pins["13.0"]).toMatchObject({ node: candidate.node, revision: 7, hosts: ["muc", "pubsub"], refused: [] });
});

it.each(["broken", "core", "tombstone", "unknown"] as const)(
  "gives no pin and the reason for what is %s",
  (verdict) => {
    const evidence: Evidence[] = [
      { kind: "header", says: "broken", because: "refused by its header", date: "2026-01-01" },
    ];
    const { pins } = pin([finding({ verdict, evidence })]);
    const because = verdict === "broken" ? "refused by its header" : "nothing is known about it";
    expect(pins["13.0"]).toEqual({ none: `${verdict} on 13.0.7: ${because}` });
  },
);

it("pins the newest revision for a series that no release could be had of", () => {
  expect(pin([]).pins["0.12"]).toMatchObject({ node: candidate.node, hosts: [] });
});

it("leaves series that were not asked for, patches and a hold as they were", () => {
  const before = { ...pin([]), hold: true, patches: [{ file: "patches/mod_x/a.patch", sha256: "4".repeat(64) }] };
  const none = { none: "broken on trunk" };
  const after = pin([finding({})], { ...before, pins: { ...before.pins, trunk: none } });
  expect(after).toMatchObject({ hold: true, patches: before.patches, pins: { trunk: none } });
});

it("keeps the day of an observation that is made again, and takes the day upstream wrote", () => {
  const declared: Evidence = { kind: "declared", says: "works", because: "it says so", date: "2024-01-01" };
  const before = pin([finding({ evidence: [declared, loaded("2026-01-01")] })]);
  const again = [{ ...declared, date: "2023-01-01" }, loaded("2026-11-20")];
  const [judgement] = pin([finding({ evidence: again })], before).judgements;
  expect(judgement?.evidence).toEqual([{ ...declared, date: "2023-01-01" }, loaded("2026-01-01")]);
});

it("keeps what was found on other releases while the content is the same, and drops it when it is not", () => {
  const before = pin([finding({ release: "13.0.1" })]);
  const releasesOf = (entry: typeof before) => entry.judgements.flatMap(({ releases }) => releases);
  expect(releasesOf(pin([finding({})], before))).toEqual(["13.0.1", "13.0.7"]);
  const moved = { ...candidate, integrity: "5".repeat(64) };
  const request = { candidate: moved, findings: [finding({})], series: ["0.12", "13.0"] as const, before, hold: false };
  expect(releasesOf(pinModule(request))).toEqual(["13.0.7"]);
});
