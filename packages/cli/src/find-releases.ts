import { fetchRelease, type ReleaseFiles } from "@prosody-foundry/bake";
import { type Release, releasesOf, type SeriesFile, upstreamVersion } from "@prosody-foundry/images";
import { isUserError, type Series } from "@prosody-foundry/kit";
import { type Context, openBake } from "./context.ts";

/** A release whose server input is in the cache. */
export interface ReachedRelease {
  series: Series;
  release: Release;
  files: ReleaseFiles;
}

/**
 * The first of a series' releases whose inputs can be reached; a line for each newer one that cannot.
 * @throws UserError of the last one tried, when none can.
 */
export async function findAvailable(
  context: Context,
  series: Series,
  releases: readonly Release[],
): Promise<ReachedRelease> {
  let refusal: unknown;
  for (const release of releases) {
    const reached = await tryRelease(context, series, release);
    if ("files" in reached) return reached;
    refusal = reached.refusal;
  }
  throw refusal;
}

/** Every release of a series that can be reached, one for each Prosody version, newest first. */
export async function findAllAvailable(
  context: Context,
  seriesFile: SeriesFile,
  series: Series,
): Promise<ReachedRelease[]> {
  const found = new Map<string, ReachedRelease>();
  for (const release of releasesOf(seriesFile, series)) {
    const version = upstreamVersion(release);
    if (found.has(version)) continue;
    const reached = await tryRelease(context, series, release);
    if ("files" in reached) found.set(version, reached);
  }
  return [...found.values()];
}

async function tryRelease(
  context: Context,
  series: Series,
  release: Release,
): Promise<ReachedRelease | { refusal: unknown }> {
  try {
    return { series, release, files: await fetchRelease(await openBake(context), release) };
  } catch (error) {
    if (!isUserError(error, "INPUT_UNREACHABLE")) throw error;
    context.say(`Not to be had from here: Prosody ${release.version} (${release.kind}). ${error.message}`);
    return { refusal: error };
  }
}
