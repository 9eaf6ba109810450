import { resolvePackages, type UnreachableWish } from "@prosody-foundry/bake";
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
import { compareText } from "@prosody-foundry/kit";
import { readLock } from "@prosody-foundry/lockfile";
import type { Flags } from "./command.ts";
import { type Context, openBake } from "./context.ts";
import { sortAnswers } from "./sort-answers.ts";

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
 * Asks Debian what the locks of the named images (or all) and of the builder would be now, all suites at once. With
 * `--series` only the suites that releases of these are built on; with `--available` an architecture whose lists the mirror
 * has not whole stays as it is, and that is said; see sortAnswers.
 * @throws UserError INPUT_UNREACHABLE, those of resolvePackages and of reading what is declared.
 */
export async function resolveLocks(
  context: Context,
  names: readonly string[],
  flags: Pick<Flags, "available" | "series">,
): Promise<LockMove[]> {
  const seriesFile = await readSeries(context.root);
  const locks = await readWishes(context, names, seriesFile);
  const only = flags.series?.flatMap((one) => seriesFile.series[one].releases.map(({ suite }) => suite));
  const wishes = locks.flatMap((lock) => lock.wishes).filter(({ suite }) => only?.includes(suite) ?? true);
  const answers = await resolvePackages(await openBake(context), wishes);
  return Promise.all(locks.map((lock) => moveLock(context, lock, { ...answers, available: flags.available === true })));
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
  const suites = [...new Set([buildSuite, ...images.flatMap((image) => suitesOf(image, seriesFile))])].toSorted(
    compareText,
  );
  return [{ image: undefined, wishes: builderWishes(platforms, suites), suites }, ...own];
}

interface Answers {
  resolved: readonly ResolvedWish[];
  unreachable: readonly UnreachableWish[];
  /** Go on without what the mirror has not whole. */
  available: boolean;
}

async function moveLock(context: Context, lock: LockWish, answers: Answers): Promise<LockMove> {
  const before = await readPackageLock(context.root, lock.image);
  const own = sortAnswers(before, {
    ...answers,
    resolved: answers.resolved.filter(({ wish }) => lock.wishes.includes(wish)),
    unreachable: answers.unreachable.filter(({ wish }) => lock.wishes.includes(wish)),
  });
  for (const line of own.notes) context.say(line);
  const after = updatePackageLock(before, own.taken, own.held);
  return { image: lock.image, before, after: keepSuites(after, lock.suites) };
}
