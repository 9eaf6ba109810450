import type { Evidence, Lock } from "@prosody-foundry/lockfile";
import { expect, it } from "vitest";
import type { Candidate } from "./candidates.ts";
import { type Decision, pinModule, rejudgeModule, type SeriesFinding } from "./pin-modules.ts";

const content = { name: "mod_x", files: [] };
const candidate: Candidate = {
  name: "mod_x",
  source: "prosody-modules",
  node: "1".repeat(40),
  date: "2025-06-01",
  revision: 7,
  content,
  patched: content,
  tree: "2".repeat(40),
  integrity: "3".repeat(64),
  facts: { layout: "standard", licence: "MIT", stage: "beta", depends: [], optional: [], libraries: {} },
};

const release = (series: "0.12" | "13.0") => ({ series, core: [], features: [] });
const releases: Lock["releases"] = {
  "0.12.3": release("0.12"),
  "13.0.1": release("13.0"),
  "13.0.7": release("13.0"),
};

const loaded = (date: string): Evidence => ({ kind: "loaded", says: "loads", because: "it loads", date });

function finding(change: Partial<SeriesFinding>): SeriesFinding {
  return {
    series: "13.0",
    release: "13.0.7",
    verdict: "loads",
    evidence: [loaded("2026-11-20")],
    hosts: ["muc"],
    log: [],
    ...change,
  };
}

const works: Decision = { candidate, refused: [] };

interface Pinning {
  findings?: SeriesFinding[];
  decisions?: Array<["0.12" | "13.0", Decision]>;
  before?: ReturnType<typeof pinModule>;
  patches?: Array<{ file: string; sha256: string }>;
}

function pin({ findings = [finding({})], decisions = [["13.0", works]], before, patches = [] }: Pinning) {
  return pinModule({
    source: "prosody-modules",
    patches,
    decisions: new Map(decisions),
    findings,
    releases,
    before,
    hold: undefined,
  });
}

const releasesOf = (entry: ReturnType<typeof pinModule>) => entry.judgements.flatMap((one) => one.releases);
const patch = { file: "patches/mod_x/a.patch", sha256: "4".repeat(64) };

it("pins what was decided, with the hosts of all releases of the series", () => {
  const { pins } = pin({
    findings: [finding({}), finding({ release: "13.0.1", verdict: "broken", hosts: ["pubsub"] })],
  });
  expect(pins).toEqual({
    "13.0": expect.objectContaining({
      node: candidate.node,
      revision: 7,
      hosts: ["muc", "pubsub"],
      refused: [],
    }) as unknown,
  });
});

it("says which newer contents were refused and why, newest first, once for each reason running", () => {
  const libraryX = "this release has no library util.x";
  const libraryY = "this release has no library util.y";
  const refused = Object.entries({ a: libraryX, b: libraryX, c: libraryY }).map(([digit, because]) => {
    return { node: digit.repeat(40), date: "2025-07-01", because, cause: "release" as const };
  });
  const { pins } = pin({ decisions: [["13.0", { candidate, refused }]] });
  expect(pins["13.0"]).toMatchObject({
    refused: [
      { node: "a".repeat(40), because: libraryX },
      { node: "c".repeat(40), because: libraryY },
    ],
  });
});

it("gives a series on which nothing works the reason", () => {
  const none = { none: "broken on 13.0.7: it ends the server" };
  expect(pin({ decisions: [["13.0", none]] }).pins["13.0"]).toEqual(none);
});

it("leaves series without a decision, their judgements and a hold as they were", () => {
  const none = { none: "broken on 0.12.3" };
  const first = pin({
    decisions: [["0.12", none]],
    findings: [finding({ series: "0.12", release: "0.12.3", verdict: "broken" })],
  });
  const after = pin({ before: { ...first, hold: true } });
  expect(after).toMatchObject({ hold: true, pins: { "0.12": none, "13.0": { node: candidate.node } } });
  expect(releasesOf(after)).toEqual(["0.12.3", "13.0.7"]);
});

it("takes no judgement on a series whose pin stays for want of a decision", () => {
  const before = pin({ findings: [finding({ evidence: [loaded("2026-01-01")] })] });
  const after = pin({ decisions: [], findings: [finding({ verdict: "broken", evidence: [] })], before });
  expect(after).toEqual(before);
});

it("keeps the day of an observation that is made again, and takes the day upstream wrote", () => {
  const declared: Evidence = { kind: "declared", says: "works", because: "it says so", date: "2024-01-01" };
  const before = pin({ findings: [finding({ evidence: [declared, loaded("2026-01-01")] })] });
  const again = [{ ...declared, date: "2023-01-01" }, loaded("2026-11-20")];
  const [judgement] = pin({ findings: [finding({ evidence: again })], before }).judgements;
  expect(judgement?.evidence).toEqual([{ ...declared, date: "2023-01-01" }, loaded("2026-01-01")]);
});

it("keeps what was found on other releases of a series while its pin is the same, and drops it when it is not", () => {
  const before = pin({ findings: [finding({ release: "13.0.1" })] });
  expect(releasesOf(pin({ before }))).toEqual(["13.0.1", "13.0.7"]);
  const moved: Decision = { candidate: { ...candidate, integrity: "5".repeat(64) }, refused: [] };
  expect(releasesOf(pin({ decisions: [["13.0", moved]], before }))).toEqual(["13.0.7"]);
  expect(releasesOf(pin({ before, patches: [patch] }))).toEqual(["13.0.7"]);
});

it("takes the patches the content was judged with", () => {
  expect(pin({ patches: [patch] }).patches).toEqual([patch]);
});

it("judges anew without moving a pin", () => {
  const before = pin({});
  const after = rejudgeModule(before, before, [finding({ verdict: "doubtful" })]);
  expect(after.pins).toEqual(before.pins);
  expect(after.judgements).toMatchObject([{ releases: ["13.0.7"], verdict: "doubtful" }]);
});

it.each(["pin", "patches"])("does not take what was found about another %s", (what) => {
  const judged = pin({});
  const moved: Decision = { candidate: { ...candidate, integrity: "5".repeat(64) }, refused: [] };
  const now = what === "pin" ? pin({ decisions: [["13.0", moved]] }) : pin({ patches: [patch] });
  expect(rejudgeModule(now, judged, [finding({ verdict: "broken" })])).toEqual(now);
});

it("takes over the hosts it was seen on when it is judged anew", () => {
  const before = pin({});
  const after = rejudgeModule(before, before, [finding({ hosts: ["pubsub"] })]);
  expect(after.pins["13.0"]).toMatchObject({ hosts: ["pubsub"] });
});
