import type { SeriesFile, TarballRelease } from "@prosody-foundry/images";
import { describe, expect, it } from "vitest";
import type { ReleaseCompatibility } from "./judge-releases.ts";
import { seriesReport } from "./report-series.ts";
import { versionReport } from "./report-version.ts";
import { renderSeriesNews } from "./render-series-news.ts";
import { changesetName, changesetText, isReplaced, newestChanges } from "./series-changeset.ts";

const tarball = (version: string): TarballRelease => ({
  kind: "tarball",
  version,
  suite: "trixie",
  url: `https://example.org/prosody-${version}.tar.gz`,
  sha256: "a".repeat(64),
  mirrors: [],
});
const seriesFile = (...versions: string[]): SeriesFile => ({
  default: "13.0",
  oldstable: null,
  series: {
    "0.12": { releases: [tarball("0.12.5")] },
    "13.0": { releases: versions.map(tarball) },
    trunk: { releases: [{ ...tarball("0.0"), version: "trunk-20260101-000000000000" }] },
  },
});
const change = { series: "13.0" as const, from: "13.0.7", to: "13.0.8" };
const compatibility: ReleaseCompatibility[] = [
  {
    series: "13.0",
    release: "13.0.8",
    against: "13.0.7",
    modules: [
      { name: "mod_same", before: "loads", after: "loads", because: [] },
      { name: "mod_worse", before: "works", after: "broken", because: ["loaded broken: error: no such function"] },
    ],
  },
  {
    series: "13.0",
    release: "13.0.9",
    against: "13.0.7",
    modules: [{ name: "mod_other", before: "works", after: "broken", because: [] }],
  },
];

describe("the changeset of a new release", () => {
  it("is for series whose newest release is another", () => {
    expect(newestChanges(seriesFile("13.0.7"), seriesFile("13.0.8", "13.0.7"))).toEqual([change]);
    expect(newestChanges(seriesFile("13.0.7"), seriesFile("13.0.7", "13.0.6"))).toEqual([]);
  });

  it("is a patch for each package, and names the modules that fare otherwise", () => {
    expect(changesetText(["prosody", "@x/full"], change, compatibility)).toBe(
      '---\n"prosody": patch\n"@x/full": patch\n---\n\nProsody 13.0.8 in place of 13.0.7\n\n- mod_worse: works → broken\n',
    );
    expect(changesetText(["prosody"], change, [])).toBe(
      '---\n"prosody": patch\n---\n\nProsody 13.0.8 in place of 13.0.7\n',
    );
  });

  it.each([
    ["prosody-13.0-13.0.7.md", true],
    ["prosody-13.0-13.0.8.md", false],
    ["prosody-0.12-0.12.6.md", false],
    ["prosody-13.0-notes.md", false],
    ["prosody-13x0-13.0.7.md", false],
  ])("takes the place of %s: %s", (name, expected) => {
    expect(changesetName(change)).toBe("prosody-13.0-13.0.8.md");
    expect(isReplaced(name, change)).toBe(expected);
  });
});

describe("news of releases, for people,", () => {
  const none = { found: [], mirrored: [], left: [], newest: [], compatibility: [], changesets: {} };

  it("say that there are none", () => {
    expect(renderSeriesNews(none)).toBe("Nothing new: images/series.json has the newest release of each series.\n");
  });

  it("say how each was verified, what is not proposed, and which modules fare otherwise", () => {
    const release = tarball("13.0.8");
    const found = [
      {
        series: "13.0" as const,
        release,
        proof: { kind: "two places" as const, places: ["a site", "Debian"] },
        because: null,
      },
      { series: "13.0" as const, release: tarball("13.0.9"), proof: null, because: "it has no signature" },
    ];
    const left = [{ what: "the 14.0 series", because: "it is not declared" }];
    expect(renderSeriesNews({ ...none, found, left, compatibility: compatibility.slice(0, 1) })).toBe(
      `series  release  from     verified by
13.0    13.0.8   tarball  the same bytes from a site and from Debian
13.0    13.0.9   tarball  nothing: it has no signature

Not proposed: the 14.0 series, because it is not declared.

From Prosody 13.0.7 to 13.0.8:
  mod_worse  works → broken  loaded broken: error: no such function
  1 pinned module is as before
`,
    );
  });

  it("have the same as a report, with what upstream's servers logged in code", () => {
    const left = [{ what: "the 14.0 series", because: "it is not declared" }];
    expect(seriesReport({ ...none, left, compatibility: compatibility.slice(0, 1) })).toBe(
      `- Not proposed: the 14.0 series, because it is not declared

### Pinned modules on Prosody 13.0.8, against 13.0.7

| module | verdict | because |
| --- | --- | --- |
| mod_worse | works → **broken** | \`loaded broken: error: no such function\` |

1 of 2 as before.
`,
    );
    expect(seriesReport(none)).toMatch(/^Nothing new/u);
  });
});

it("the report of a version has what is next for each series, then what changed", () => {
  const next = { target: "prosody-13-0", series: "13.0", version: "13.0.8", from: "13.0.7", rev: 1, tag: "13.0.8-r1" };
  const targets = [{ ...next, tags: ["13", "13.0.8-r1"], published: null, notes: "" }];
  const image = {
    image: "prosody",
    bump: "patch" as const,
    from: "1.2.0",
    to: "1.2.1",
    changes: "### Changed\n\n- It\n",
    targets,
  };
  expect(versionReport({ images: [image] })).toBe(`## prosody 1.2.0 → 1.2.1 (patch)

| series | Prosody | next | and |
| --- | --- | --- | --- |
| 13.0 | 13.0.7 → 13.0.8 | \`13.0.8-r1\` | \`13\` |

### Changed

- It
`);
});
