import { readNewestRevision, type SuitePackage } from "@prosody-foundry/bake";
import {
  changeSeries,
  type DebianSource,
  newestRelease,
  type Release,
  type SeriesChange,
  type SeriesFile,
  withMirrors,
} from "@prosody-foundry/images";
import { allSeries, compareText, type Series } from "@prosody-foundry/kit";
import { type Context, openBake } from "./context.ts";
import { findBinaries } from "./find-binaries.ts";
import { findTarballs } from "./find-tarballs.ts";
import { createReach, type Reach } from "./reach.ts";
import { readSuiteDaily } from "./read-suite-daily.ts";

/** How it is known that a release is what its makers published. */
export type Proof =
  | { kind: "signature"; by: string; fingerprint: string }
  /** The same bytes from places that have nothing to do with each other. */
  | { kind: "two places"; places: string[] }
  /** Debian's archive signs what is in it. */
  | { kind: "archive"; suite: string }
  /** The repository's own word. */
  | { kind: "revision"; url: string };

/** A release that images/series.json does not have yet. */
export interface FoundRelease {
  series: Series;
  release: Release;
  /** Null: it could not be verified, for the reason that follows. */
  proof: Proof | null;
  because: string | null;
}

export interface SeriesNews {
  /** By series, newest first. */
  found: FoundRelease[];
  /** Declared tarballs that Debian has the same bytes of, with those mirrors. */
  mirrored: SeriesChange["mirrored"];
  /** What was seen and is not proposed. */
  left: { what: string; because: string }[];
}

export interface NewsSearch {
  seriesFile: SeriesFile;
  /** Series with numbered releases to look at. */
  series: readonly Series[];
  /** What the Debian suites that answered have. */
  suites: ReadonlyMap<string, SuitePackage>;
  sources: readonly DebianSource[];
  reach: Reach;
}

/**
 * Looks for releases newer than those declared: on Prosody's download site, in the Debian suites that images/series.json
 * names, in the repository of trunk. A place that does not answer is said, and passed over.
 * @throws UserError INPUT_UNREACHABLE when none answers, SIGNATURE_BAD, KEY_MALFORMED
 */
export async function findSeriesNews(
  context: Context,
  seriesFile: SeriesFile,
  wanted: readonly Series[],
): Promise<SeriesNews> {
  const reach = createReach(context);
  const series = allSeries.filter((one) => one !== "trunk" && wanted.includes(one));
  const suites = await readSuites(context, series.length === 0 ? [] : suitesOf(seriesFile), reach);
  const sources = [...suites.values()].flatMap((suite) => suite.sources);
  const search: NewsSearch = { seriesFile, series, suites, sources, reach };
  const tarballs = series.length === 0 ? nothing : await findTarballs(context, search);
  const known = changeSeries(seriesFile, provenOf(tarballs));
  const binaries = await findBinaries(context, { ...search, seriesFile: known });
  const trunk = wanted.includes("trunk") ? await findTrunk(context, seriesFile, reach) : nothing;
  reach.refuseSilence();
  const parts = [tarballs, binaries, trunk];
  const found = parts.flatMap((part) => part.found);
  return {
    found: found.toSorted((a, b) => allSeries.indexOf(a.series) - allSeries.indexOf(b.series)),
    mirrored: mirroredIn(search),
    left: parts.flatMap(({ left }) => left),
  };
}

/** What of the news may be written. */
export function provenOf({ found, mirrored }: Pick<SeriesNews, "found" | "mirrored">): SeriesChange {
  const proven = found.filter(({ proof }) => proof !== null);
  return { added: proven.map(({ series, release }) => ({ series, release })), mirrored };
}

const nothing: SeriesNews = { found: [], mirrored: [], left: [] };

/** All that images/series.json names. */
function suitesOf({ series }: SeriesFile): string[] {
  const releases = Object.values(series).flatMap((one) => one.releases);
  const mirrors = releases.flatMap((release) => (release.kind === "tarball" ? release.mirrors : []));
  return [...new Set([...releases, ...mirrors].map(({ suite }) => suite))].toSorted(compareText);
}

async function readSuites(
  context: Context,
  suites: readonly string[],
  reach: Reach,
): Promise<Map<string, SuitePackage>> {
  const found = new Map<string, SuitePackage>();
  for (const suite of suites) {
    const answer = await reach.ask(() => readSuiteDaily(context, suite));
    if (answer !== null) found.set(suite, answer);
  }
  return found;
}

function mirroredIn({ seriesFile, series, sources }: NewsSearch): SeriesNews["mirrored"] {
  return series.flatMap((one) =>
    seriesFile.series[one].releases.flatMap((release) => {
      if (release.kind !== "tarball") return [];
      const more = withMirrors(release, sources);
      return more.mirrors.length === release.mirrors.length ? [] : [{ series: one, release: more }];
    }),
  );
}

async function findTrunk(context: Context, seriesFile: SeriesFile, reach: Reach): Promise<SeriesNews> {
  const declared = newestRelease(seriesFile, "trunk");
  if (declared.kind === "tarball" || declared.kind === "debian") return nothing;
  const bake = await openBake(context);
  const newest = await reach.ask(() => readNewestRevision(bake, declared));
  if (newest === null || newest.node === declared.node) return nothing;
  // Days are compared, since nothing else in a version has an order.
  if (newest.version.slice(0, 14) < declared.version.slice(0, 14)) {
    const because = `it is older than ${declared.version}, which is declared`;
    return { ...nothing, left: [{ what: newest.version, because }] };
  }
  const proof: Proof = { kind: "revision", url: newest.url };
  return { ...nothing, found: [{ series: "trunk", release: newest, proof, because: null }] };
}
