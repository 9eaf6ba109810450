import { sha256 } from "@prosody-foundry/kit";
import { describe, expect, it } from "vitest";
import { type Part, attestationBlobs, indexAnnotations, indexBlob } from "./assemble.ts";
import { ImageIndex, ImageManifestFile, attestationFor, imagesOf } from "./layout.ts";
import { unknownOrigin } from "./origin.ts";
import { sampleTarget } from "./sample-target.ts";
import { predicateTypes, statementOf } from "./statement.ts";

const image = { mediaType: "application/vnd.oci.image.manifest.v1+json", digest: `sha256:${"1".repeat(64)}`, size: 9 };
const statements = [predicateTypes.provenance, predicateTypes.sbom].map((predicateType) =>
  statementOf(image, { name: "prosody-13-0-arm64", predicateType, predicate: {} }),
);

describe("attestationBlobs", () => {
  const blobs = attestationBlobs(image, statements);
  const manifest = ImageManifestFile.parse(JSON.parse(blobs.at(-1)?.bytes.toString() ?? ""));

  it("has a layer for each statement, which says its type and is about the image's manifest", () => {
    expect(manifest.layers.map(({ annotations }) => annotations)).toEqual([
      { "in-toto.io/predicate-type": "https://slsa.dev/provenance/v1" },
      { "in-toto.io/predicate-type": "https://spdx.dev/Document" },
    ]);
    const [first] = blobs;
    expect(JSON.parse(first?.bytes.toString() ?? "")).toMatchObject({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ digest: { sha256: "1".repeat(64) } }],
    });
  });

  it("names every blob by its content, and refers only to blobs that are there", () => {
    for (const { descriptor, bytes } of blobs) {
      expect(descriptor).toMatchObject({ digest: `sha256:${sha256(bytes)}`, size: bytes.length });
    }
    const digests = blobs.map(({ descriptor }) => descriptor.digest);
    expect(digests).toEqual(expect.arrayContaining([manifest.config.digest, ...manifest.layers.map((l) => l.digest)]));
  });
});

function part(platform: Part["platform"], digit: string): Part {
  const own = { ...image, digest: `sha256:${digit.repeat(64)}`, annotations: { left: "out" } };
  const attestation = attestationBlobs(own, []).at(-1)?.descriptor;
  if (attestation === undefined) throw new Error("no attestation");
  return { platform, image: own, attestation };
}

describe("indexBlob", () => {
  const parts = [part("linux/s390x", "3"), part("linux/arm/v7", "2"), part("linux/amd64", "1")];
  const index = ImageIndex.parse(JSON.parse(indexBlob(parts, { a: "b" }).bytes.toString()));

  it("sorts the images by platform, and has the attestation of each behind them", () => {
    expect(imagesOf(index).map(({ platform }) => platform)).toEqual(["linux/amd64", "linux/arm/v7", "linux/s390x"]);
    expect(index.manifests[1]).toEqual({
      ...image,
      digest: `sha256:${"2".repeat(64)}`,
      platform: { os: "linux", architecture: "arm", variant: "v7" },
    });
    for (const { descriptor } of imagesOf(index)) {
      expect(attestationFor(index, descriptor)).toMatchObject({ platform: { os: "unknown", architecture: "unknown" } });
    }
    expect(index).toMatchObject({ schemaVersion: 2, annotations: { a: "b" } });
    expect(index.manifests).toHaveLength(6);
  });

  it("is the same whatever order its parts come in", () => {
    expect(indexBlob(parts.toReversed(), { a: "b" })).toEqual(indexBlob(parts, { a: "b" }));
  });
});

describe("indexAnnotations", () => {
  const target = sampleTarget();
  const at = new Date("2026-11-20T01:02:03Z");
  const source = { url: "https://git.example/foundry", commit: "d".repeat(40), dirty: false };

  it("say what the image is, its id, its contract, and what it was built from", () => {
    const annotations = indexAnnotations(target, { ...unknownOrigin, source, contracts: { prosody: "1.2.3" } }, at);
    expect(annotations).toMatchObject({
      "org.opencontainers.image.version": "13.0.7",
      "org.opencontainers.image.created": "2026-09-12T00:00:00Z",
      "org.opencontainers.image.source": "https://git.example/foundry",
      "org.opencontainers.image.revision": "d".repeat(40),
      "org.prosody-foundry.built": "2026-11-20T01:02:03.000Z",
      "org.prosody-foundry.id": "3".repeat(64),
      "org.prosody-foundry.contract": "1.2.3",
    });
    expect(Object.keys(annotations)).toHaveLength(16);
  });

  it("say so when files differed from the commit, and nothing of what nobody knows", () => {
    const dirty = indexAnnotations(target, { ...unknownOrigin, source: { ...source, dirty: true } }, at);
    expect(dirty["org.opencontainers.image.revision"]).toBe(`${"d".repeat(40)}-dirty`);
    expect(Object.keys(indexAnnotations(target, unknownOrigin, at)).join(" ")).not.toMatch(/source|revision|contract/u);
  });
});
