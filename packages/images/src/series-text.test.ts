import { describe, expect, it } from "vitest";
import type { DebianRelease, RevisionRelease, SeriesFile, TarballRelease } from "./manifest.ts";
import { isAheadOfSources, isNewBinary, newerVersions, withMirrors } from "./series-news.ts";
import { changeSeries, changeSeriesText } from "./series-text.ts";

const tarball = (version: string, mirrors: TarballRelease["mirrors"] = []): TarballRelease => ({
  kind: "tarball",
  version,
  suite: "trixie",
  url: `https://example.org/prosody-${version}.tar.gz`,
  sha256: "a".repeat(64),
  mirrors,
});
const debian = (version: string, suite = "trixie"): DebianRelease => ({
  kind: "debian",
  version,
  suite,
  package: "prosody",
  sha256: { "linux/amd64": "b".repeat(64) },
});
const trunk: RevisionRelease = {
  kind: "hg",
  version: "trunk-20250513-f14f1b331f0f",
  suite: "trixie",
  url: "https://hg.example.org/trunk/",
  node: "f14f1b331f0f123589386fef4a5620e284dcb5b3",
  tree: "a0b67f781983a8bcd1e40be1a83518e58bb0c8b1",
};
const seriesFile: SeriesFile = {
  default: "13.0",
  oldstable: null,
  series: {
    "0.12": { releases: [tarball("0.12.5", [{ suite: "trixie", package: "prosody", version: "0.12.5-1" }])] },
    "13.0": { releases: [tarball("13.0.7"), debian("13.0.7-1"), debian("13.0.1-1+deb13u1", "bookworm")] },
    trunk: { releases: [trunk] },
  },
};

// As a formatter has it: a mirror on one line.
const mirror = { suite: "trixie", package: "prosody", version: "0.12.5-1" };
const inline = JSON.stringify(mirror).replaceAll(/[:,]/gu, "$& ").replace("{", "{ ").replace("}", " }");
const text = `${JSON.stringify(seriesFile, null, 2)}\n`.replace(/\[\s*\{\s*"suite"[^}]*\}\s*\]/u, `[${inline}]`);

describe("a change of images/series.json", () => {
  it("is made on a text with a line as people write it", () => {
    expect(text).toContain(`"mirrors": [${inline}]`);
    expect(JSON.parse(text)).toEqual(seriesFile);
  });

  it("puts each release in its place, and keeps every other line", () => {
    const newer = { ...trunk, version: "trunk-20261119-0971c99bfbc9" };
    const added = [
      { series: "13.0" as const, release: debian("13.0.8-1") },
      { series: "13.0" as const, release: tarball("13.0.8") },
      { series: "13.0" as const, release: debian("13.0.7-2", "forky") },
      { series: "13.0" as const, release: debian("13.0.7-1") },
      { series: "trunk" as const, release: newer },
    ];
    const after = changeSeriesText(text, seriesFile, { added, mirrored: [] });
    const read: SeriesFile = JSON.parse(after);
    expect(read).toEqual(changeSeries(seriesFile, { added, mirrored: [] }));
    expect(read.series["13.0"].releases.map(({ version }) => version)).toEqual([
      "13.0.8",
      "13.0.8-1",
      "13.0.7",
      "13.0.7-2",
      "13.0.7-1",
      "13.0.1-1+deb13u1",
    ]);
    expect(read.series.trunk.releases[0]).toEqual(newer);
    const kept = new Set(after.split("\n").map((line) => line.replace(/,$/u, "")));
    for (const line of text.split("\n")) expect(kept).toContain(line.replace(/,$/u, ""));
  });

  it("fills in mirrors, and with nothing to change gives the same text", () => {
    const source = { suite: "forky", package: "prosody", version: "13.0.7-1", orig: "a".repeat(64) };
    const other = { ...source, suite: "sid", orig: "c".repeat(64) };
    const release = withMirrors(tarball("13.0.7"), [source, other, source]);
    expect(release.mirrors).toEqual([{ suite: "forky", package: "prosody", version: "13.0.7-1" }]);
    expect(withMirrors(release, [source])).toEqual(release);
    const after = changeSeriesText(text, seriesFile, { added: [], mirrored: [{ series: "13.0", release }] });
    expect(JSON.parse(after)).toMatchObject({ series: { "13.0": { releases: [release, {}, {}] } } });
    expect(changeSeriesText(text, seriesFile, { added: [], mirrored: [] })).toBe(text);
  });
});

describe("what is new", () => {
  it("are versions of the series newer than all declared, by number", () => {
    const listed = ["13.0.10", "13.0.8", "13.0.7", "13.0.1", "13.1.0", "0.12.6", "13.0.8"];
    expect(newerVersions(seriesFile, "13.0", listed)).toEqual(["13.0.10", "13.0.8"]);
    expect(newerVersions(seriesFile, "0.12", listed)).toEqual(["0.12.6"]);
  });

  it.each([
    ["13.0.7-1", "trixie", false],
    ["13.0.7-1+deb13u1", "trixie", true],
    ["13.0.7-1~bpo13+1", "trixie", false],
    ["13.0.1-1+deb13u2", "bookworm", true],
    ["13.0.1-1+deb13u1", "bookworm", false],
    ["13.0.0-1", "sid", true],
  ])("is a binary %s of %s: %s", (version, suite, expected) => {
    expect(isNewBinary(seriesFile.series["13.0"].releases, { version, suite })).toBe(expected);
  });

  it("is no binary package alone of a series that is made from source", () => {
    expect(isAheadOfSources(seriesFile.series["13.0"].releases, "13.0.8-1")).toBe(true);
    expect(isAheadOfSources(seriesFile.series["13.0"].releases, "13.0.7-2")).toBe(false);
    expect(isAheadOfSources([debian("13.0.1-1")], "13.0.8-1")).toBe(false);
  });
});
