import type { Target } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import { entryOf } from "./sample-ledger.ts";
import { planVersion, type VersionRequest } from "./version.ts";

const targetOf = (series: Target["series"], version: string): Target => ({
  name: `prosody-${series.replace(".", "-")}`,
  image: "prosody",
  variant: "",
  title: "",
  description: "",
  series,
  release: {
    kind: "tarball",
    version,
    suite: "trixie",
    url: "https://example.org/p.tar.gz",
    sha256: "a".repeat(64),
    mirrors: [],
  },
  platforms: ["linux/amd64"],
  epoch: 0,
  packages: [],
  debs: { root: {}, dev: {}, build: {}, snapshots: { root: "", dev: "", build: "" } },
  modules: [],
  unshipped: [],
  inputs: {},
  id: (series === "13.0" ? "b" : "c").repeat(64),
});

const changelog =
  "# prosody\n\n## 1.3.0\n\n### Minor Changes\n\n- mod_x is in it\n\n## 1.2.0\n\n### Patch Changes\n\n- Old\n";
const request: VersionRequest = {
  releases: [{ name: "@images/prosody", folder: "images/prosody", bump: "minor", from: "1.2.0", to: "1.3.0" }],
  files: { "images/prosody/CHANGELOG.md": { before: null, after: changelog } },
  news: [],
  targets: [targetOf("0.12", "0.12.5"), targetOf("13.0", "13.0.7"), { ...targetOf("13.0", "13.0.7"), image: "full" }],
  policy: { default: "13.0", oldstable: "0.12", variants: [""] },
  ledger: [
    entryOf("0.12.5", 2, { contract: "1.2.0" }),
    entryOf("13.0.1", 4, { contract: "1.2.0" }),
    entryOf("13.0.8", 1, { contract: "1.2.0", yanked: true }),
  ],
  date: "2026-11-29",
};

const notesOf = (head: string) => `${head}, contract 1.3.0 (was 1.2.0).

## What changed for you

### New

- mod_x is in it

## Modules

It has 0 community modules.

## Packages

It has 0 Debian packages.
`;

describe("a version plan", () => {
  it("has the new contract, what changed, and the next publication of each target of the image", () => {
    expect(planVersion(request).images).toEqual([
      {
        image: "prosody",
        bump: "minor",
        from: "1.2.0",
        to: "1.3.0",
        changes: "### New\n\n- mod_x is in it\n",
        targets: [
          {
            target: "prosody-0-12",
            series: "0.12",
            version: "0.12.5",
            from: "0.12.5",
            rev: 3,
            tag: "0.12.5-r3",
            tags: ["0.12", "0.12.5", "0.12.5-r3", "oldstable"],
            published: null,
            notes: notesOf("Prosody 0.12.5, image revision 3"),
          },
          {
            target: "prosody-13-0",
            series: "13.0",
            version: "13.0.7",
            from: "13.0.1",
            rev: 1,
            tag: "13.0.7-r1",
            tags: ["13", "13.0", "13.0.7", "13.0.7-r1", "latest", "stable"],
            published: null,
            notes: notesOf("Prosody 13.0.7 (was 13.0.1), image revision 1"),
          },
        ],
      },
    ]);
  });

  it("says so where the content is published already: that keeps its tag", () => {
    const ledger = [entryOf("13.0.7", 5, { id: "b".repeat(64) }), entryOf("13.0.7", 6)];
    const [image] = planVersion({ ...request, ledger }).images;
    expect(image?.targets[1]).toMatchObject({ rev: 5, tag: "13.0.7-r5", tags: ["13.0.7-r5"], published: "13.0.7-r5" });
  });

  it("has no image where nothing is released", () => {
    expect(planVersion({ ...request, releases: [], files: {} })).toEqual({
      versionPlanVersion: 1,
      images: [],
      news: [],
      files: {},
    });
  });
});
