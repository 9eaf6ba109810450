import { resolvePackages } from "@prosody-foundry/bake";
import {
  type DebianRelease,
  isAheadOfSources,
  isNewBinary,
  type LockedPackage,
  Platform,
  platformNames,
  seriesOfVersion,
  upstreamOfDebian,
} from "@prosody-foundry/images";
import { isUserError } from "@prosody-foundry/kit";
import { type Context, openBake } from "./context.ts";
import type { FoundRelease, NewsSearch, SeriesNews } from "./find-series-news.ts";

/** Newer binary packages of the suites, with a hash for each platform. */
export async function findBinaries(context: Context, search: NewsSearch): Promise<SeriesNews> {
  const news: SeriesNews = { found: [], mirrored: [], left: [] };
  for (const suite of search.suites) {
    const newest = await readBinaries(context, search, { suite, platforms: ["linux/amd64"] });
    const deb = newest?.get("linux/amd64");
    const series = search.series.find((one) => one === seriesOfVersion(upstreamOfDebian(deb?.version ?? "")));
    if (deb === undefined || series === undefined) continue;
    const { releases } = search.seriesFile.series[series];
    if (!isNewBinary(releases, { suite, version: deb.version })) continue;
    if (isAheadOfSources(releases, deb.version)) news.left.push(aheadOf(suite, deb.version));
    else news.found.push(...(await readBinary(context, search, { series, suite, version: deb.version })));
  }
  return news;
}

type Binaries = Map<Platform, LockedPackage>;

/** The server's package in a suite; null where the suite has none or does not answer. */
async function readBinaries(
  context: Context,
  { reach }: NewsSearch,
  { suite, platforms }: { suite: string; platforms: readonly Platform[] },
): Promise<Binaries | null> {
  const bake = await openBake(context);
  const wishes = platforms.map((platform) => {
    const { debian: architecture } = platformNames[platform];
    return { suite, list: "root" as const, architecture, names: ["prosody"], closure: false };
  });
  const resolved = await reach.ask(async () => resolvePackages(bake, wishes).catch(emptyWhenUnknown));
  const found = resolved?.flatMap(({ wish, packages }) => {
    const platform = platforms.find((one) => platformNames[one].debian === wish.architecture);
    const [deb] = packages;
    return platform === undefined || deb === undefined ? [] : [[platform, deb] as const];
  });
  return found === undefined ? null : new Map(found);
}

type Wanted = Pick<FoundRelease, "series"> & { suite: string; version: string };

async function readBinary(
  context: Context,
  search: NewsSearch,
  { series, suite, version }: Wanted,
): Promise<FoundRelease[]> {
  const binaries = await readBinaries(context, search, { suite, platforms: Platform.options });
  if (binaries === null) return [];
  const same = [...binaries].filter(([, deb]) => deb.version === version);
  const sha256 = Object.fromEntries(same.map(([platform, deb]) => [platform, deb.sha256]));
  const release: DebianRelease = { kind: "debian", version, suite, package: "prosody", sha256 };
  return [{ series, release, proof: { kind: "archive", suite }, because: null }];
}

function aheadOf(suite: string, version: string): SeriesNews["left"][number] {
  const because = "no tarball as new could be verified, and alone it would move the images to another suite";
  return { what: `Debian's package ${version} (${suite})`, because };
}

function emptyWhenUnknown(error: unknown): [] {
  if (!isUserError(error, "PACKAGE_UNKNOWN")) throw error;
  return [];
}
