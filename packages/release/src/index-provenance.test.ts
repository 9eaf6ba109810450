import { expect, it } from "vitest";
import { indexBuildType, type IndexFacts, indexProvenance } from "./index-provenance.ts";
import { Provenance, sourcesOf } from "./statement.ts";

const source = "https://github.com/a/b";
const own = { name: "source", uri: `git+${source}`, digest: { gitCommit: "c" } };
const base = { uri: "pkg:docker/debian@trixie-slim", digest: { sha256: "1" } };

function provenanceOf(id: string, [startedOn, finishedOn]: [string, string]): Provenance {
  return {
    buildDefinition: { buildType: "t", externalParameters: {}, resolvedDependencies: [own, base] },
    runDetails: { builder: { id }, metadata: { startedOn, finishedOn } },
  };
}

const facts: IndexFacts = {
  source,
  revision: "c",
  dirty: false,
  annotations: { "org.prosody-foundry.series": "13.0", "org.opencontainers.image.title": "Prosody" },
  platforms: [
    { platform: "linux/amd64", digest: "sha256:a", provenance: provenanceOf("run/1", ["2026-01-01", "2026-01-04"]) },
    { platform: "linux/arm64", digest: "sha256:b", provenance: provenanceOf("run/1", ["2026-01-02", "2026-01-03"]) },
  ],
};

it("says from what an index was put together, by whom and when", () => {
  const provenance = indexProvenance(facts);
  expect(provenance).toEqual({
    buildDefinition: {
      buildType: indexBuildType,
      externalParameters: { source: own, target: { series: "13.0" } },
      resolvedDependencies: [
        own,
        { name: "linux/amd64", digest: { sha256: "a" } },
        { name: "linux/arm64", digest: { sha256: "b" } },
        base,
      ],
    },
    runDetails: { builder: { id: "run/1" }, metadata: { startedOn: "2026-01-01", finishedOn: "2026-01-04" } },
  });
  expect(Provenance.safeParse(provenance).success).toBe(true);
  expect(new Set(sourcesOf(provenance).map(({ url }) => url))).toEqual(new Set([source]));
});

it("names no builder where the platforms had several, unless it is told one", () => {
  const [first, second] = facts.platforms;
  if (first === undefined || second === undefined) throw new Error("the sample has two platforms");
  const other = { ...second, provenance: provenanceOf("run/2", ["", ""]) };
  const mixed = { ...facts, platforms: [first, other] };
  expect(indexProvenance(mixed).runDetails.builder.id).toBe("");
  expect(indexProvenance({ ...mixed, builder: "run/3" }).runDetails.builder.id).toBe("run/3");
});

it("marks sources that were changed after the commit", () => {
  const provenance = indexProvenance({ ...facts, dirty: true });
  expect(provenance.buildDefinition.externalParameters.source).toEqual({ ...own, annotations: { dirty: true } });
});
