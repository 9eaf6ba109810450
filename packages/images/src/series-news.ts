import { canonicalJson, type Series } from "@prosody-foundry/kit";
import { compareDebian } from "./debian-version.ts";
import { type DebianRelease, type Release, type SeriesFile, type TarballRelease, upstreamVersion } from "./manifest.ts";
import { compareUpstream, seriesOfVersion } from "./versions.ts";

/** A source package of Debian's, as its signed index has it. */
export interface DebianSource {
  suite: string;
  package: string;
  /** Debian's: `13.0.7-1`. */
  version: string;
  /** SHA-256 of the orig tarball, which is upstream's file when it was not repacked. */
  orig: string;
}

/** Prosody's version of a Debian one: what stands before the last dash. */
export function upstreamOfDebian(version: string): string {
  return version.replace(/-[^-]*$/u, "");
}

/** Prosody versions of a series that are newer than all of its declared releases, each once, newest first. */
export function newerVersions(seriesFile: SeriesFile, series: Series, versions: readonly string[]): string[] {
  const newest = newestVersion(seriesFile.series[series].releases);
  const newer = versions.filter((version) => seriesOfVersion(version) === series && isNewer(version, newest));
  return [...new Set(newer)].toSorted((a, b) => compareUpstream(b, a));
}

function isNewer(version: string, than: string | undefined): boolean {
  return than === undefined || compareUpstream(version, than) > 0;
}

function newestVersion(releases: readonly Release[]): string | undefined {
  return releases.map(upstreamVersion).toSorted(compareUpstream).at(-1);
}

/**
 * True for a suite's binary package that is newer than every one declared of that suite, and no newer than a release that
 * is made from source, where the series has one: a binary package alone would move the images to another suite.
 */
export function isNewBinary(releases: readonly Release[], found: Pick<DebianRelease, "suite" | "version">): boolean {
  const known = releases.filter((one): one is DebianRelease => one.kind === "debian" && one.suite === found.suite);
  return known.every(({ version }) => compareDebian(found.version, version) > 0);
}

/** True where a binary package would be the newest of a series whose newest is made from source. */
export function isAheadOfSources(releases: readonly Release[], version: string): boolean {
  const sources = releases.filter(({ kind }) => kind !== "debian").map(upstreamVersion);
  const newest = sources.toSorted(compareUpstream).at(-1);
  return newest !== undefined && compareUpstream(upstreamOfDebian(version), newest) > 0;
}

/** A tarball and the Debian source packages that have the same bytes, each once: two archives of a suite may have one. */
export function withMirrors(release: TarballRelease, sources: readonly DebianSource[]): TarballRelease {
  const mirrors = [...release.mirrors];
  for (const { orig, ...mirror } of sources) {
    const isKnown = mirrors.some((one) => canonicalJson(one) === canonicalJson(mirror));
    if (orig === release.sha256 && !isKnown) mirrors.push(mirror);
  }
  return { ...release, mirrors };
}

/** Newest Prosody version first; of one version what is made from source, then Debian's, newest first. */
export function compareReleases(a: Release, b: Release): number {
  const [left, right] = [Number(a.kind === "debian"), Number(b.kind === "debian")];
  return compareUpstream(upstreamVersion(b), upstreamVersion(a)) || left - right || compareDebian(b.version, a.version);
}
