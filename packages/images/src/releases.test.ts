import { expect, it } from "vitest";
import { checkSeries, newestRelease, releasesOf } from "./releases.ts";
import { debian, seriesFile, tarball } from "./sample-lock.ts";
import { compareUpstream, nearestVersions } from "./versions.ts";

it("the releases of a series are those declared, the newest first", () => {
  expect(releasesOf(seriesFile, "13.0").map(({ version }) => version)).toEqual([
    "13.0.7",
    "13.0.1",
    "13.0.1-1+deb131u",
  ]);
  expect(newestRelease(seriesFile, "13.0").version).toBe("13.0.7");
});

it.each([
  ["13.0.1", ["13.0.1"]],
  ["13.0.1-1+deb131u", ["13.0.1-1+deb131u"]],
  ["13.0.7", ["13.0.7"]],
] as const)("--release %s is that version alone", (release, versions) => {
  expect(releasesOf(seriesFile, "13.0", { release }).map(({ version }) => version)).toEqual(versions);
});

it("--release takes Prosody's own version of a Debian package", () => {
  expect(releasesOf(seriesFile, "0.12", { release: "0.12.3" })).toEqual([debian]);
});

it.each([
  ["13.0.2", "Did you mean 13.0.7?"],
  ["14", "Known: 13.0.7, 13.0.1, 13.0.1-1+deb131u."],
])("an unknown release %s is answered with the known ones", (release, hint) => {
  expect(() => releasesOf(seriesFile, "13.0", { release })).toThrow(
    expect.objectContaining({ code: "RELEASE_UNKNOWN", hint }),
  );
});

const withReleases = (releases: typeof seriesFile.series.trunk.releases) => ({
  ...seriesFile,
  series: { ...seriesFile.series, "13.0": { releases } },
});

it.each([
  [
    "a release under another series",
    withReleases([debian]),
    /releases\[0\]\.version: 0\.12\.3-1\+deb12u1 is no release of 13\.0/u,
  ],
  [
    "a newer release after an older",
    withReleases([tarball, { ...tarball, version: "13.0.10" }]),
    /releases\[1\].*newest stands first/u,
  ],
])("%s is refused", (_, file, message) => {
  expect(() => checkSeries(file, "images/series.json")).toThrow(
    expect.objectContaining({ code: "SERIES_MALFORMED", message: expect.stringMatching(message) }),
  );
});

it("versions are ordered by number, trunk by day and last", () => {
  const sorted = [
    "0.12.3",
    "0.12.10",
    "13.0.0",
    "13.0.9",
    "13.0.10",
    "13.1.0",
    "14.0.0",
    "trunk-20250513-f14f1b331f0f",
    "trunk-20261119-0971c99bfbc9",
  ];
  expect(sorted.toReversed().toSorted(compareUpstream)).toEqual(sorted);
  expect(compareUpstream("13.0", "13.0.0")).toBe(0);
});

it("the nearest versions are those of the series, itself first", () => {
  const others = ["0.12.3", "13.0.1", "13.0.7", "13.0.6", "trunk-20250513-f14f1b331f0f"];
  expect(nearestVersions("13.0.7", others)).toEqual(["13.0.7", "13.0.6", "13.0.1"]);
  const days = ["trunk-20261119-aaaaaaaaaaaa", "trunk-20261119-0971c99bfbc9", "trunk-20261001-0971c99bfbc9"];
  expect(nearestVersions("trunk-20261119-0971c99bfbc9", days)[0]).toBe("trunk-20261119-0971c99bfbc9");
  expect(nearestVersions("trunk-20261002-0971c99bfbc9", days)[0]).toBe("trunk-20261001-0971c99bfbc9");
});
