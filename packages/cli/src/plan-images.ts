import { fetchRelease, type ReleaseFiles } from "@prosody-foundry/bake";
import {
  type Image,
  isRetired,
  planTargets,
  type Release,
  readImages,
  readPackageLocks,
  readSeries,
  releasesOf,
  type SeriesFile,
  selectImages,
  seriesOfVersion,
  type Target,
} from "@prosody-foundry/images";
import { allSeries, isUserError, Series, UserError } from "@prosody-foundry/kit";
import { type Lock, readLock } from "@prosody-foundry/lockfile";
import { findUnavailable } from "./find-unavailable.ts";
import type { Flags } from "./command.ts";
import { type Context, openBake } from "./context.ts";
import { findAvailable, type ReachedRelease } from "./find-releases.ts";
import { type OpenSource, openSources } from "./open-sources.ts";

/** The plan and what it was made from. */
export interface Planned {
  targets: Target[];
  /** The same targets for all their declared platforms, whatever `--platform` says. */
  allPlatforms: () => Target[];
  lock: Lock;
  sources: Map<string, OpenSource>;
  /** The server input of a target, fetched when it was not yet. */
  serverOf(target: Target): Promise<ReleaseFiles>;
}

export interface PlanFlags extends Pick<Flags, "available" | "platform" | "release" | "series"> {
  /** In place of the one in the repository. */
  otherLock?: Lock;
}

/**
 * Plans the named images, or all. Without `--available` nothing is fetched: the newest release of each series, all
 * locked modules.
 * @throws UserError NOTHING_TO_PLAN and those of reading, choosing and resolving.
 */
export async function planImages(context: Context, names: readonly string[], flags: PlanFlags): Promise<Planned> {
  const images = selectImages(await readImages(context.root), names);
  const seriesFile = await readSeries(context.root);
  const lock = flags.otherLock ?? (await readLock(context.lockFile));
  const sources = openSources(context, lock);
  const packageLocks = await readPackageLocks(
    context.root,
    images.map(({ name }) => name),
  );
  const wanted = chooseSeries(images, seriesFile, flags);
  const reached = flags.available === true ? await reachReleases(context, seriesFile, { wanted, flags }) : [];
  const only = flags.available === true ? reached.map(({ series }) => series) : wanted;
  const choices = flags.available === true ? choicesOf(reached) : chooseReleases(seriesFile, wanted, flags);
  const unavailable =
    flags.available === true ? await findUnavailable(context, { images, lock, sources, reached }) : {};
  const plan = { images, seriesFile, lock, packageLocks, choices, only, unavailable };
  const files = new Map(reached.map(({ release, files: fetched }) => [release, fetched]));
  return {
    targets: planTargets({ ...plan, platforms: flags.platform }),
    allPlatforms: () => planTargets(plan),
    lock,
    sources,
    serverOf: async ({ release }) => files.get(release) ?? fetchRelease(await openBake(context), release),
  };
}

function chooseSeries(images: readonly Image[], seriesFile: SeriesFile, flags: PlanFlags): Series[] {
  const asked = flags.series ?? seriesOfRelease(flags.release);
  const retired = asked?.find((series) => isRetired(seriesFile, series));
  if (retired !== undefined) throw seriesRetired(retired);
  const declared = allSeries.filter((series) => {
    return !isRetired(seriesFile, series) && images.some((image) => image.series.includes(series));
  });
  const wanted = asked === undefined ? declared : declared.filter((series) => asked.includes(series));
  if (wanted.length > 0) return wanted;
  throw new UserError("NOTHING_TO_PLAN", `No image named is declared for ${asked?.join(" or ") ?? "any series"}`, {
    hint: `Declared: ${declared.join(", ")}. Releases are in images/series.json; default is ${seriesFile.default}.`,
  });
}

function seriesRetired(series: Series): UserError {
  return new UserError("SERIES_RETIRED", `The ${series} series is retired: nothing of it is built any more`, {
    hint: "Its images stay published. To take it up again, remove `retired` in images/series.json.",
  });
}

function seriesOfRelease(release: string | undefined): Series[] | undefined {
  if (release === undefined) return undefined;
  const series = Series.safeParse(seriesOfVersion(release));
  if (series.success) return [series.data];
  throw new UserError("RELEASE_UNKNOWN", `${release} is no Prosody release of ${allSeries.join(", ")}`, {
    hint: "images/series.json lists the releases.",
  });
}

type Choices = Partial<Record<Series, Release>>;

function chooseReleases(seriesFile: SeriesFile, wanted: readonly Series[], flags: PlanFlags): Choices {
  const choices: Choices = {};
  for (const series of wanted) choices[series] = releasesOf(seriesFile, series, { release: flags.release })[0];
  return choices;
}

function choicesOf(reached: readonly ReachedRelease[]): Choices {
  return Object.fromEntries(reached.map(({ series, release }) => [series, release]));
}

interface Reach {
  wanted: readonly Series[];
  flags: PlanFlags;
}

/** The newest release of each series that can be had; a series that cannot is an error only when it was asked for. */
async function reachReleases(context: Context, seriesFile: SeriesFile, reach: Reach): Promise<ReachedRelease[]> {
  const reached: ReachedRelease[] = [];
  for (const series of reach.wanted) {
    const found = await findAvailable(context, series, releasesOf(seriesFile, series, reach.flags)).catch((error) => {
      const asked = reach.flags.series !== undefined || reach.flags.release !== undefined || reach.wanted.length === 1;
      if (asked || !isUserError(error, "INPUT_UNREACHABLE")) throw error;
      context.say(`Left out: the ${series} series; no release of it can be had from here.`);
      return undefined;
    });
    if (found !== undefined) reached.push(found);
  }
  if (reached.length > 0) return reached;
  throw new UserError("NO_RELEASE", `No Prosody release of ${reach.wanted.join(", ")} can be had from here`, {
    hint: "See above which were tried; name a mirror with --mirror.",
  });
}
