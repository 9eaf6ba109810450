import {
  type DebianRelease,
  isAheadOfSources,
  isNewBinary,
  seriesOfVersion,
  upstreamOfDebian,
} from "@prosody-foundry/images";
import type { Context } from "./context.ts";
import type { FoundRelease, NewsSearch, SeriesNews } from "./find-series-news.ts";
import { readBinaryHashes } from "./read-suite-daily.ts";

/** Newer binary packages of the suites, with a hash for each platform. */
export async function findBinaries(context: Context, search: NewsSearch): Promise<SeriesNews> {
  const news: SeriesNews = { found: [], mirrored: [], left: [] };
  for (const [suite, { binary }] of search.suites) {
    if (binary === null) continue;
    const series = search.series.find((one) => one === seriesOfVersion(upstreamOfDebian(binary)));
    if (series === undefined) continue;
    const { releases } = search.seriesFile.series[series];
    if (!isNewBinary(releases, { suite, version: binary })) continue;
    if (isAheadOfSources(releases, binary)) news.left.push(aheadOf(suite, binary));
    else news.found.push(...(await findBinary(context, search, { series, suite, version: binary })));
  }
  return news;
}

type Wanted = Pick<FoundRelease, "series"> & { suite: string; version: string };

async function findBinary(
  context: Context,
  { reach }: NewsSearch,
  { series, suite, version }: Wanted,
): Promise<FoundRelease[]> {
  const sha256 = await reach.ask(() => readBinaryHashes(context, suite, version));
  if (sha256 === null || Object.keys(sha256).length === 0) return [];
  const release: DebianRelease = { kind: "debian", version, suite, package: "prosody", sha256 };
  return [{ series, release, proof: { kind: "archive", suite }, because: null }];
}

function aheadOf(suite: string, version: string): SeriesNews["left"][number] {
  const because = "no tarball as new could be verified, and alone it would move the images to another suite";
  return { what: `Debian's package ${version} (${suite})`, because };
}
