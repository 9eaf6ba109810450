import { type Series, UserError, didYouMean } from "@prosody-foundry/kit";
import { type Release, type SeriesFile, upstreamVersion } from "./manifest.ts";
import { compareUpstream, seriesOfVersion } from "./versions.ts";

export interface ReleaseChoice {
  /** Full version as in images/series.json, or Prosody's own: `13.0.1` is `13.0.1-1+deb131u` too. */
  release?: string;
}

/**
 * The releases a series may be built from, the one to take first: newest first, all of them, or those of one version.
 * A strict build takes the first and no other; `--available` goes down the list.
 * @throws UserError RELEASE_UNKNOWN.
 */
export function releasesOf(seriesFile: SeriesFile, series: Series, choice: ReleaseChoice = {}): Release[] {
  const { releases } = seriesFile.series[series];
  const { release: wanted } = choice;
  if (wanted === undefined) return [...releases];
  const exact = releases.filter((release) => release.version === wanted);
  const found = exact.length > 0 ? exact : releases.filter((release) => upstreamVersion(release) === wanted);
  if (found.length > 0) return found;
  const known = [...new Set(releases.flatMap((release) => [release.version, upstreamVersion(release)]))];
  throw new UserError("RELEASE_UNKNOWN", `images/series.json has no release ${wanted} of ${series}`, {
    hint: didYouMean(wanted, known) ?? `Known: ${known.join(", ")}.`,
  });
}

/** The newest release of a series. */
export function newestRelease(seriesFile: SeriesFile, series: Series): Release {
  const [newest] = releasesOf(seriesFile, series);
  if (newest === undefined) throw new Error(`The schema lets no series be without a release: ${series}`);
  return newest;
}

/**
 * What the schema cannot say about images/series.json.
 * @throws UserError SERIES_MALFORMED: a release under another series, or out of order.
 */
export function checkSeries(seriesFile: SeriesFile, file: string): SeriesFile {
  const faults = Object.entries(seriesFile.series).flatMap(([series, { releases }]) =>
    releases.flatMap((release, at) => {
      const fault = faultOf(release, { series, before: releases[at - 1] });
      return fault === undefined ? [] : [`series[${JSON.stringify(series)}].releases[${at}]${fault}`];
    }),
  );
  const fault = faults[0] ?? namedAlthoughRetired(seriesFile);
  if (fault === undefined) return seriesFile;
  throw new UserError("SERIES_MALFORMED", `${file}: ${fault}`, { hint: "Mend it there." });
}

function namedAlthoughRetired(seriesFile: SeriesFile): string | undefined {
  const field = (["default", "oldstable"] as const).find((name) => isRetired(seriesFile, seriesFile[name]));
  return field === undefined ? undefined : `${field}: ${seriesFile[field]} is retired; name another series`;
}

/** True for a series that is not planned and published any more. */
export function isRetired({ series }: SeriesFile, name: Series | null): boolean {
  return name !== null && series[name].retired === true;
}

interface Place {
  series: string;
  before: Release | undefined;
}

function faultOf(release: Release, { series, before }: Place): string | undefined {
  const version = upstreamVersion(release);
  if (seriesOfVersion(version) !== series) return `.version: ${release.version} is no release of ${series}`;
  if (before !== undefined && compareUpstream(upstreamVersion(before), version) < 0) {
    return `.version: ${release.version} is newer than the one before it; the newest stands first`;
  }
  return undefined;
}
