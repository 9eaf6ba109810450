import { resolvePackages } from "@prosody-foundry/bake";
import {
  builderWishes,
  buildSuite,
  keepSuites,
  type PackageLock,
  type PackageWish,
  readImages,
  readPackageLock,
  readSeries,
  type ResolvedWish,
  selectImages,
  type SeriesFile,
  suitesOf,
  updatePackageLock,
  wishesOf,
} from "@prosody-foundry/images";
import type { Series } from "@prosody-foundry/kit";
import { readLock } from "@prosody-foundry/lockfile";
import { type Context, openBake } from "./context.ts";

/** A package lock as it is, and as Debian would have it now. */
export interface LockMove {
  /** Undefined for the builder's own lock. */
  image: string | undefined;
  before: PackageLock;
  after: PackageLock;
}

/** A lock that is to be made anew: what it consists of, and the suites it has in the end. */
interface LockWish {
  image: string | undefined;
  wishes: PackageWish[];
  suites: string[];
}

/**
 * Asks Debian what the locks of the named images (or all) and of the builder would be now, all suites at once.
 * @param series - only the suites that releases of these are built on
 * @throws UserError of resolvePackages and of reading what is declared.
 */
export async function resolveLocks(
  context: Context,
  names: readonly string[],
  series: readonly Series[] | undefined,
): Promise<LockMove[]> {
  const seriesFile = await readSeries(context.root);
  const locks = await readWishes(context, names, seriesFile);
  const only = series?.flatMap((one) => seriesFile.series[one].releases.map(({ suite }) => suite));
  const wishes = locks.flatMap((lock) => lock.wishes).filter(({ suite }) => only?.includes(suite) ?? true);
  const resolved = await resolvePackages(await openBake(context), wishes);
  return Promise.all(locks.map((lock) => moveLock(context.root, lock, resolved)));
}

async function readWishes(context: Context, names: readonly string[], seriesFile: SeriesFile): Promise<LockWish[]> {
  const images = await readImages(context.root);
  const lock = await readLock(context.lockFile, { missing: "empty" });
  const own = selectImages(images, names).map((image) => ({
    image: image.name,
    wishes: wishesOf(image, seriesFile, lock),
    suites: suitesOf(image, seriesFile),
  }));
  const platforms = images.flatMap((image) => image.platforms);
  return [{ image: undefined, wishes: builderWishes(platforms), suites: [buildSuite] }, ...own];
}

async function moveLock(root: string, lock: LockWish, resolved: readonly ResolvedWish[]): Promise<LockMove> {
  const before = await readPackageLock(root, lock.image);
  const own = resolved.filter(({ wish }) => lock.wishes.includes(wish));
  return { image: lock.image, before, after: keepSuites(updatePackageLock(before, own), lock.suites) };
}
