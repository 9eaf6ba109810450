import { buildTargets, loadTarget } from "@prosody-foundry/bake";
import { hashOwnCode, runSurface, Surface } from "@prosody-foundry/compat";
import {
  emptyPackageLock,
  type Image,
  type PackageLocks,
  type Platform,
  planTargets,
  readImages,
  readPackageLocks,
  readSeries,
  releasesOf,
  type SeriesFile,
  selectImages,
  type Target,
  upstreamVersion,
} from "@prosody-foundry/images";
import { allSeries, type Series, UserError } from "@prosody-foundry/kit";
import { emptyLock, type LockedRelease } from "@prosody-foundry/lockfile";
import path from "node:path";
import { type Context, engineExec, openBake } from "./context.ts";
import { findAllAvailable, type ReachedRelease } from "./find-releases.ts";
import { hostPlatform } from "./host-platform.ts";
import { gatherMaterials } from "./gather-materials.ts";
import { readKept, writeKept } from "./write-kept.ts";

/** A release whose server was built by the pipeline and told what it offers. */
export interface OpenRelease {
  /** Prosody's own version: `13.0.1`. */
  version: string;
  series: Series;
  /** Reference of the server's image in the engine. */
  image: string;
  surface: Surface;
  locked: LockedRelease;
}

/** The image whose packages and configuration the servers for loading have; its modules are left out. */
const serverImage = "prosody";

/**
 * Builds, for each series, a server of every release that can be reached, and asks it what it offers.
 * @param seriesFile - in place of the one in the repository
 * @throws UserError NO_RELEASE when no release of any of these series can be reached; those of the build.
 */
export async function openReleases(
  context: Context,
  series: readonly Series[],
  seriesFile?: SeriesFile,
): Promise<OpenRelease[]> {
  const here = await readDeclared(context);
  const declared = { ...here, seriesFile: seriesFile ?? here.seriesFile };
  const opened: OpenRelease[] = [];
  for (const one of series) {
    const reached = await findAllAvailable(context, declared.seriesFile, one);
    for (const release of reached) opened.push(await openRelease(context, { ...declared, reached: release }));
  }
  if (opened.length > 0) return opened;
  throw new UserError("NO_RELEASE", `No Prosody release of ${series.join(", ")} can be had from here`, {
    hint: "See which were tried above; name a mirror with --mirror, or try again with the network up.",
  });
}

/** What the server of a release was found to offer, by version: of the releases that were opened before. */
export async function readSurfaces(context: Context): Promise<Map<string, Surface>> {
  const declared = await readDeclared(context);
  const found = new Map<string, Surface>();
  const reached = allSeries.flatMap((series) =>
    releasesOf(declared.seriesFile, series).map((release) => ({ series, release })),
  );
  for (const one of reached) {
    const { id } = planServer({ ...declared, reached: one }, hostPlatform());
    const kept = Surface.safeParse(await readKept(await surfaceFile(context, id)));
    if (kept.success) found.set(upstreamVersion(one.release), kept.data);
  }
  return found;
}

/** What the servers are made by. */
interface Declared {
  image: Image;
  seriesFile: SeriesFile;
  packageLocks: PackageLocks;
}

interface ServerRequest extends Declared {
  reached: ReachedRelease;
}

async function readDeclared({ root }: Context): Promise<Declared> {
  const [image] = selectImages(await readImages(root), [serverImage]);
  if (image === undefined) throw new Error(`selectImages gave nothing for ${serverImage}`);
  return {
    image,
    seriesFile: await readSeries(root),
    packageLocks: await readPackageLocks(root, [serverImage]),
  };
}

async function openRelease(context: Context, request: ServerRequest): Promise<OpenRelease> {
  const { series, release, files } = request.reached;
  const bake = await openBake(context);
  const platform = hostPlatform();
  const target = planServer(request, platform);
  const version = upstreamVersion(release);
  context.progress(`Building the server of Prosody ${version}`);
  const materials = () =>
    gatherMaterials(context, target, { ...noModules, server: files.files, image: request.image.name });
  const [built] = await buildTargets(bake, [target], { materials });
  if (built === undefined) throw new Error(`No report for ${target.name}`);
  const image = await loadTarget(bake, built.report, platform);
  const surface = await openSurface(context, target.id, image);
  return { version, series, image, surface, locked: { series, core: surface.core, features: surface.features } };
}

const noModules = { lock: emptyLock(), sources: new Map() };

type PlannedServer = Declared & { reached: Pick<ReachedRelease, "series" | "release"> };

function planServer({ image, seriesFile, packageLocks, reached }: PlannedServer, platform: Platform): Target {
  const words = {
    name: "server",
    title: "Server",
    description: "What modules are loaded into to be judged",
    variant: "",
  };
  // What the image is called is no part of it: another title is no reason to build all servers again.
  const bare: Image = { ...image, ...words, series: [reached.series], modules: { required: [], optional: [] } };
  const [target] = planTargets({
    images: [bare],
    seriesFile,
    lock: emptyLock(),
    packageLocks: { ...packageLocks, images: { [bare.name]: packageLocks.images[image.name] ?? emptyPackageLock() } },
    choices: { [reached.series]: reached.release },
    platforms: [platform],
  });
  if (target === undefined) throw new Error(`No target for a server of ${reached.release.version}`);
  return target;
}

/** Asked once for each build and way of asking: equal ids are equal servers. */
async function openSurface(context: Context, id: string, image: string): Promise<Surface> {
  const file = await surfaceFile(context, id);
  const kept = Surface.safeParse(await readKept(file));
  if (kept.success) return kept.data;
  const surface = await runSurface({ exec: await engineExec(context), image });
  await writeKept(file, surface);
  return surface;
}

async function surfaceFile(context: Context, id: string): Promise<string> {
  return path.join(context.cacheDir, "surfaces", `${id}-${(await hashOwnCode()).slice(0, 16)}.json`);
}
