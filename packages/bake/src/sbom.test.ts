import type { Release, ShippedModule } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { debian, sampleTarget, tarball } from "./sample-target.ts";
import { sbomOf } from "./sbom.ts";

const module: ShippedModule = {
  name: "mod_a_b",
  source: "prosody-modules",
  node: "4".repeat(40),
  tree: "5".repeat(40),
  integrity: "6".repeat(64),
  verdict: "works",
  judgedOn: "13.0.7",
  reason: "required",
  bucket: 0,
};
const target = sampleTarget({
  modules: [module, { ...module, name: "mod_a", integrity: "7".repeat(64) }],
  inputs: {
    "package libstdc++6 linux/arm64": `14.2.0-19~x ${"8".repeat(64)}`,
    "package libstdc++6 linux/amd64": `14.2.0-19~x ${"9".repeat(64)}`,
    "patch mod_a 0 patches/mod_a/01-why.patch": "a",
  },
});
const trunk: Release = {
  kind: "hg",
  version: "trunk-20261119-0971c99bfbc9",
  suite: "trixie",
  url: "https://hg.example/trunk/",
  node: "e".repeat(40),
  tree: "f".repeat(40),
};
const record = {
  name: "libstdc++6",
  version: "1:14.2.0+b1",
  architecture: "arm64",
  source: "gcc-14",
  homepage: undefined,
};
const facts = {
  records: [record, { ...record, name: "ca-certificates", architecture: "all" }],
  modules: { mod_a_b: { licence: "MIT", download: "hg+https://hg.example/m@4#mod_a_b" } },
};

// The required fields of SPDX 2.3 (spdx.github.io/spdx-spec/v2.3), for documents without files.
const Id = z.string().regex(/^SPDXRef-[A-Za-z0-9.-]+$/u);
const Package = z.looseObject({
  SPDXID: Id,
  name: z.string().min(1),
  downloadLocation: z.union([
    z.enum(["NOASSERTION", "NONE"]),
    z.url(),
    z.string().regex(/^(git|hg|svn|bzr)\+https:\/\/\S+@\S+$/u),
  ]),
  filesAnalyzed: z.literal(false),
  licenseDeclared: z.string(),
  checksums: z
    .array(z.strictObject({ algorithm: z.literal("SHA256"), checksumValue: z.string().regex(/^[0-9a-f]{64}$/u) }))
    .optional(),
  externalRefs: z
    .array(
      z.union([
        z.strictObject({
          referenceCategory: z.literal("PACKAGE-MANAGER"),
          referenceType: z.literal("purl"),
          referenceLocator: z.string().regex(/^pkg:[a-z]+\/[^@\s]+@[\w.%~-]+(\?[a-z]+=[\w.-]+(&[a-z]+=[\w.-]+)*)?$/u),
        }),
        z.strictObject({
          referenceCategory: z.literal("PERSISTENT-ID"),
          referenceType: z.literal("swh"),
          referenceLocator: z.string().regex(/^swh:1:dir:[0-9a-f]{40}$/u),
        }),
        z.strictObject({
          referenceCategory: z.literal("SECURITY"),
          referenceType: z.literal("cpe23Type"),
          referenceLocator: z.string().regex(/^cpe:2\.3:a(:[^:\s]+){10}$/u),
        }),
      ]),
    )
    .optional(),
});
const Document = z.strictObject({
  spdxVersion: z.literal("SPDX-2.3"),
  dataLicense: z.literal("CC0-1.0"),
  SPDXID: z.literal("SPDXRef-DOCUMENT"),
  name: z.string(),
  documentNamespace: z.url().regex(/^[^#]+$/u),
  creationInfo: z.strictObject({
    created: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/u),
    creators: z.array(z.string().regex(/^(Tool|Organization|Person): \S/u)).min(1),
  }),
  packages: z.array(Package),
  relationships: z.array(
    z.strictObject({ spdxElementId: Id, relationshipType: z.enum(["DESCRIBES", "CONTAINS"]), relatedSpdxElement: Id }),
  ),
});

describe("sbomOf", () => {
  const document = Document.parse(sbomOf(target, "linux/arm64", facts));
  const find = (name: string) => document.packages.find((each) => each.name === name);

  it("is valid, names each thing once, and relates every one to the image", () => {
    const ids = document.packages.map(({ SPDXID }) => SPDXID);
    expect(new Set(ids).size).toBe(ids.length);
    const [first, ...contained] = document.relationships;
    expect(first).toEqual({
      spdxElementId: "SPDXRef-DOCUMENT",
      relationshipType: "DESCRIBES",
      relatedSpdxElement: "SPDXRef-Image",
    });
    expect(contained.map(({ relatedSpdxElement }) => relatedSpdxElement)).toEqual(ids.slice(1));
    expect(document.packages.map(({ name }) => name)).toEqual([
      "prosody-13-0",
      "mod_a",
      "mod_a_b",
      "ca-certificates",
      "libstdc++6",
      "prosody",
    ]);
  });

  it("is of the id and of the epoch, the same each time", () => {
    expect(document.documentNamespace).toContain(target.id);
    expect(document.creationInfo.created).toBe("2026-09-12T00:00:00Z");
    expect(sbomOf(target, "linux/arm64", facts)).toEqual(document);
  });

  it("gives a package of Debian's its purl and the hash that is locked for the platform", () => {
    expect(find("libstdc++6")).toMatchObject({
      versionInfo: "1:14.2.0+b1",
      checksums: [{ algorithm: "SHA256", checksumValue: "8".repeat(64) }],
      externalRefs: [{ referenceLocator: "pkg:deb/debian/libstdc%2B%2B6@1%3A14.2.0%2Bb1?arch=arm64&distro=trixie" }],
    });
    expect(find("ca-certificates")).not.toHaveProperty("checksums");
  });

  it("gives a module its node, licence, upstream, content and patches", () => {
    expect(find("mod_a_b")).toMatchObject({
      versionInfo: "4".repeat(40),
      licenseDeclared: "MIT",
      downloadLocation: "hg+https://hg.example/m@4#mod_a_b",
      checksums: [{ checksumValue: "6".repeat(64) }],
      externalRefs: [{ referenceLocator: `swh:1:dir:${"5".repeat(40)}` }, {}],
    });
    expect(find("mod_a")).toMatchObject({ comment: "changed here by patches/mod_a/01-why.patch" });
    expect(find("mod_a_b")).not.toHaveProperty("comment");
  });

  it.each([
    [tarball, tarball.url, [{ algorithm: "SHA256", checksumValue: "2".repeat(64) }]],
    [trunk, `hg+https://hg.example/trunk/@${"e".repeat(40)}`, undefined],
    [debian, "NOASSERTION", undefined],
  ])("says where Prosody is from (%#)", (release, downloadLocation, checksums) => {
    const of = Document.parse(sbomOf({ ...target, release }, "linux/arm64", facts));
    const prosody = of.packages.find(({ SPDXID }) => SPDXID === "SPDXRef-Prosody");
    expect(prosody).toMatchObject({ downloadLocation, licenseDeclared: "MIT" });
    expect(prosody?.checksums).toEqual(checksums);
  });
});
