import { attestationBlobs, indexBlob } from "@prosody-foundry/bake";
import { expect, it } from "vitest";
import { type Vouched, type VouchedPlatform, vouchedDifferences } from "./compare-vouched.ts";
import { provenanceType, spdxType } from "./statement.ts";

const commit = "c".repeat(40);
const other = "d".repeat(40);

interface Build {
  run: number | string;
  commit: string;
  base: string;
  more?: object;
  /** By its provenance; the same commit unless given. */
  built?: string;
  dirty?: boolean;
}

function imageOf(letter: string): VouchedPlatform["image"] {
  return { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: `sha256:${letter.repeat(64)}`, size: 3 };
}

function vouchedOf(build: Build): Vouched {
  const annotations = {
    "org.opencontainers.image.source": "https://git.example/prosody",
    "org.opencontainers.image.revision": `${build.commit}${build.dirty === true ? "-dirty" : ""}`,
    "org.prosody-foundry.built": `2026-11-29T00:00:0${build.run}.000Z`,
  };
  return whole(annotations, [
    platformOf("linux/amd64", imageOf("a"), build),
    platformOf("linux/arm64", imageOf("b"), build),
  ]);
}

function platformOf(platform: VouchedPlatform["platform"], image: VouchedPlatform["image"], build: Build) {
  const subject = [{ digest: { sha256: image.digest.slice("sha256:".length) } }];
  const statement = { _type: "https://in-toto.io/Statement/v1", subject };
  const provenance = {
    buildDefinition: {
      externalParameters: { request: { args: { "build-arg:A": "1", "context:base": `local-${build.run}` } } },
      internalParameters: { builderPlatform: `linux/${build.run}` },
      resolvedDependencies: [
        { name: "source", uri: "git+https://git.example/prosody", digest: { gitCommit: build.built ?? build.commit } },
        { uri: build.base, ...build.more },
      ],
    },
    runDetails: {
      builder: { id: `https://git.example/prosody/actions/runs/${build.run}` },
      metadata: {
        invocationId: `i${build.run}`,
        buildkit_metadata: { layers: build.run },
        buildkit_reproducible: false,
      },
    },
  };
  const statements = [
    { ...statement, predicateType: provenanceType, predicate: provenance },
    { ...statement, predicateType: spdxType, predicate: { packages: [{ SPDXID: "lua" }] } },
  ];
  return { platform, image, statements };
}

function whole(annotations: Vouched["annotations"], platforms: Vouched["platforms"]): Vouched {
  const parts = platforms.map(({ platform, image, statements }) => {
    const attestation = attestationBlobs(image, statements).at(-1)?.descriptor ?? image;
    return { platform, image, attestation };
  });
  return { index: indexBlob(parts, annotations).descriptor.digest, annotations, platforms, faults: [] };
}

const ours = vouchedOf({
  run: 1,
  commit,
  base: "pkg:docker/debian@trixie-slim?digest=sha256:1&platform=linux%2Famd64",
});
const elsewhere = { run: 2, commit: other, base: "pkg:oci/base?digest=sha256:2" };

it("finds nothing in another run, at another commit, on another base", () => {
  expect(vouchedDifferences(ours, vouchedOf(elsewhere), true)).toEqual([]);
});

const theirs = vouchedOf(elsewhere);
const [amd64, arm64] = theirs.platforms;
if (amd64 === undefined || arm64 === undefined) throw new Error("both are there");

it.each<[string, Vouched, string]>([
  [
    "a commit with changes",
    vouchedOf({ ...elsewhere, dirty: true }),
    `annotation org.opencontainers.image.revision is ${other}-dirty, here ${commit}`,
  ],
  [
    "a revision that is no commit",
    whole({ ...theirs.annotations, "org.opencontainers.image.revision": "main" }, theirs.platforms),
    `annotation org.opencontainers.image.revision is main, which is no commit that git knows here`,
  ],
  [
    "another Debian than Debian's",
    vouchedOf({ ...elsewhere, base: "pkg:docker/evil/debian@trixie-slim" }),
    'provenance of linux/amd64: buildDefinition resolvedDependencies has {"uri":"pkg:docker/evil/debian@trixie-slim"}, which is not there here',
  ],
  [
    "a base of which more is said",
    vouchedOf({ ...elsewhere, base: "pkg:oci/base", more: { name: "x" } }),
    'provenance of linux/amd64: buildDefinition resolvedDependencies has {"name":"x","uri":"pkg:oci/base"}, which is not there here',
  ],
  [
    "the words that stand for a run",
    vouchedOf({ ...elsewhere, run: "RUN" }),
    'provenance of linux/amd64: runDetails builder id is {"id":"https://git.example/prosody/actions/runs/RUN"}, here "https://git.example/prosody/actions/runs/RUN"',
  ],
  [
    "the words that stand for the commit",
    vouchedOf({ ...elsewhere, built: "the commit of the index" }),
    'provenance of linux/amd64: buildDefinition resolvedDependencies has {"digest":{"gitCommit":{"found":"the commit of the index"}},"name":"source","uri":"git+https://git.example/prosody"}, which is not there here',
  ],
  [
    "an image that is there twice",
    whole(theirs.annotations, [amd64, { ...amd64, statements: [] }, arm64]),
    "index has another order, or something twice",
  ],
  [
    "an image that is not there",
    whole(theirs.annotations, [amd64]),
    `index lacks "linux/arm64 sha256:${"b".repeat(64)}"`,
  ],
  [
    "a third statement",
    whole(theirs.annotations, [amd64, { ...arm64, statements: [...arm64.statements, ...arm64.statements.slice(1)] }]),
    "attestations of linux/arm64 has another order, or something twice",
  ],
  [
    "what the index has beside all that",
    { ...theirs, index: `sha256:${"0".repeat(64)}` },
    "it is put together otherwise than an index of ours: it holds more, or in another form",
  ],
  ["what cannot be read", { ...theirs, faults: ["x is no manifest"] }, "x is no manifest"],
])("names %s", (_, read, words) => {
  expect(vouchedDifferences(ours, read, true)[0]).toBe(words);
});
