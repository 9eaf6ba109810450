import { expect, it } from "vitest";
import { builderBelow, judgeAttestations, judgeProvenances } from "./judge-provenance.ts";
import type { FoundStatement, PublishedPlatform } from "./published.ts";
import { provenanceType, spdxType } from "./statement.ts";

const digest = `sha256:${"a".repeat(64)}`;
const source = "https://github.com/a/b";

function found(predicateType: string, predicate: object = {}, about = digest): FoundStatement {
  const subject = [{ digest: { sha256: about.slice("sha256:".length) } }];
  return {
    annotated: predicateType,
    statement: { _type: "https://in-toto.io/Statement/v1", subject, predicateType, predicate },
  };
}

function platformWith(...attestations: FoundStatement[][]): PublishedPlatform {
  return { platform: "linux/amd64", digest, attestations, files: undefined };
}

const whole = [found(provenanceType), found(spdxType)];

it.each<[string, PublishedPlatform, string[]]>([
  ["all that belongs there", platformWith(whole), []],
  ["none", platformWith(), ["linux/amd64 has no attestation"]],
  ["two manifests of them", platformWith(whole, whole), ["linux/amd64 has 2 attestation manifests"]],
  ["no SBOM", platformWith([found(provenanceType)]), [`linux/amd64 has not one attestation ${spdxType}`]],
  ["two of one type", platformWith([...whole, found(spdxType)]), [`linux/amd64 has not one attestation ${spdxType}`]],
  [
    "one that is no statement",
    platformWith([...whole, { annotated: "x", statement: undefined }]),
    ["an attestation of linux/amd64 is no in-toto statement"],
  ],
  [
    "one about something else",
    platformWith([found(provenanceType), found(spdxType, {}, `sha256:${"b".repeat(64)}`)]),
    [`the attestation ${spdxType} of linux/amd64 is about ${"b".repeat(64)}, not about ${digest}`],
  ],
  [
    "one that is announced as another",
    platformWith([found(provenanceType), { ...found(spdxType), annotated: provenanceType }]),
    [`an attestation of linux/amd64 is announced as ${provenanceType} and is something else`],
  ],
])("finds among a platform's attestations %s", (_, platform, faults) => {
  expect(judgeAttestations({ platforms: [platform], strays: [] }).faults).toEqual(faults);
});

it("does not pass over what belongs to no image of the index", () => {
  const stray = { mediaType: "m", digest: "sha256:stray", size: 1 };
  expect(judgeAttestations({ platforms: [platformWith(whole)], strays: [stray] }).faults).toEqual([
    "sha256:stray in the index is neither an image for a platform of ours nor about one",
  ]);
});

function provenance(more: { uri?: string; commit?: string; builder?: string } = {}): object {
  const { uri = `git+${source}`, commit = "c".repeat(40), builder = `${source}/actions/runs/1` } = more;
  const resolvedDependencies = uri === "" ? [] : [{ name: "source", uri, digest: { gitCommit: commit } }];
  return {
    buildDefinition: { buildType: "t", externalParameters: {}, resolvedDependencies },
    runDetails: { builder: { id: builder } },
  };
}

it.each<[string, object, string[]]>([
  ["as it should be", provenance(), []],
  ["no provenance v1", { builder: { id: "x" } }, ["the provenance of linux/amd64 is none of SLSA's v1"]],
  ["no source", provenance({ uri: "" }), ["the provenance of linux/amd64 names no source"]],
  [
    "another source",
    provenance({ uri: "git+https://github.com/a/c" }),
    [`linux/amd64 comes from https://github.com/a/c, not from ${source}`],
  ],
  [
    "another commit",
    provenance({ commit: "d".repeat(40) }),
    [`linux/amd64 comes from commit ${"d".repeat(40)}, and the index says ${"c".repeat(40)}`],
  ],
  ["no builder", provenance({ builder: "" }), ["the provenance of linux/amd64 names no builder"]],
  [
    "a builder whose address only begins alike",
    provenance({ builder: `${source}-evil/actions/runs/1` }),
    [expect.stringMatching(/^linux\/amd64 was built by .*-evil\/actions/u)],
  ],
])("judges provenance: %s", (_, predicate, faults) => {
  const expected = { source, builder: builderBelow(source), revision: "c".repeat(40) };
  const platforms = [platformWith([found(provenanceType, predicate)])];
  expect(judgeProvenances(platforms, expected).faults).toEqual(faults);
});

it("tells of changes that were not committed", () => {
  const expected = { source, builder: builderBelow(source), revision: `${"c".repeat(40)}-dirty` };
  const { faults, good } = judgeProvenances([platformWith([found(provenanceType, provenance())])], expected);
  expect(faults).toEqual([]);
  expect(good).toContain("at cccccccccccc with changes that were not committed");
});

it("takes an address for a pattern of itself and what is below it", () => {
  const pattern = new RegExp(`^(?:${builderBelow("https://a.example/b")})$`, "u");
  expect(
    ["https://a.example/b", "https://a.example/b/c", "https://axexample/b", "https://a.example/bc"].map((id) =>
      pattern.test(id),
    ),
  ).toEqual([true, true, false, false]);
});
