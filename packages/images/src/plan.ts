import { type Series, UserError, compareText } from "@prosody-foundry/kit";
import { type Lock, isPin, keyFor } from "@prosody-foundry/lockfile";
import { type Draft, idOf, inputsOf } from "./inputs.ts";
import { type TargetPackages, choosePackages } from "./locked-packages.ts";
import type { Image, Release, SeriesFile } from "./manifest.ts";
import type { PackageLock } from "./package-lock.ts";
import type { Platform } from "./platform.ts";
import type { PackageLocks } from "./read-package-locks.ts";
import { newestRelease } from "./releases.ts";
import { type Resolution, resolveModules } from "./resolve.ts";
import type { Target } from "./target.ts";

/** What is declared, locked and chosen. */
export interface PlanRequest {
  images: readonly Image[];
  seriesFile: SeriesFile;
  lock: Lock;
  packageLocks: PackageLocks;
  /** Release of a series; the newest of each series that is not named. */
  choices?: Readonly<Partial<Record<Series, Release>>>;
  /** Series to plan; all of each image unless given. */
  only?: readonly Series[];
  /** Platforms to plan; unless given, all of each image that the release is to be had for. */
  platforms?: readonly Platform[];
  /** By series: modules whose locked content cannot be had, and why. */
  unavailable?: Readonly<Partial<Record<Series, Readonly<Record<string, string>>>>>;
}

/**
 * One target for each image and series: declared × locked. Pure: equal requests give equal plans.
 * @throws UserError of resolveModules, PLATFORM_UNDECLARED, RELEASE_PLATFORM, PACKAGE_NOT_LOCKED.
 */
export function planTargets(request: PlanRequest): Target[] {
  return request.images.flatMap((image) =>
    image.series
      .filter((series) => request.only?.includes(series) ?? true)
      .map((series) => planTarget(request, image, series)),
  );
}

function planTarget(request: PlanRequest, image: Image, series: Series): Target {
  const release = request.choices?.[series] ?? newestRelease(request.seriesFile, series);
  const unavailable = request.unavailable?.[series];
  const resolution = resolveModules({ image, series, release, lock: request.lock, unavailable });
  const platforms = choosePlatforms(image, release, request.platforms);
  const packages = packagesOf({ image, series, lock: request.lock }, release, resolution);
  const locks = { own: lockOfImage(request, image.name), builder: request.packageLocks.builder };
  const debs = choosePackages({ image: image.name, series, release, platforms, names: packages, ...locks });
  const draft: Draft = {
    // Bake target names allow no dot, so "13.0" becomes "13-0".
    name: `${image.name}-${series.replaceAll(".", "-")}`,
    image: image.name,
    variant: image.variant,
    title: image.title,
    description: image.description,
    series,
    release,
    platforms,
    epoch: epochOf(debs),
    packages,
    debs,
    modules: resolution.shipped,
    unshipped: resolution.unshipped,
  };
  const inputs = inputsOf(draft, image, request.lock);
  return { ...draft, inputs, id: idOf(inputs) };
}

// Whoever asks for a platform gets it or an error; whoever asks for none gets what the release is to be had for.
function choosePlatforms(image: Image, release: Release, asked: readonly Platform[] | undefined): Platform[] {
  const undeclared = asked?.find((platform) => !image.platforms.includes(platform));
  if (undeclared !== undefined) {
    throw new UserError("PLATFORM_UNDECLARED", `${image.name} is not declared for ${undeclared}`, {
      hint: `It is for ${image.platforms.join(", ")}: see platforms in images/${image.name}/image.json.`,
    });
  }
  const isReleased = (platform: Platform): boolean =>
    release.kind !== "debian" || release.sha256[platform] !== undefined;
  const chosen = asked ?? image.platforms.filter(isReleased);
  const missing =
    asked?.find((platform) => !isReleased(platform)) ?? (chosen.length === 0 ? "any platform" : undefined);
  if (missing !== undefined) {
    throw new UserError(
      "RELEASE_PLATFORM",
      `images/series.json has no sha256 of Debian's ${release.version} for ${missing}, which ${image.name} is built for`,
      { hint: "Add it, choose another --release, or fewer platforms with --platform." },
    );
  }
  return [...new Set(chosen)].toSorted(compareText);
}

// The lock's moment for the suite: it changes only with the packages.
function epochOf({ snapshots }: TargetPackages): number {
  return Date.parse(snapshots.root) / 1000;
}

function lockOfImage({ packageLocks }: PlanRequest, image: string): PackageLock {
  const lock = packageLocks.images[image];
  if (lock === undefined) throw new Error(`No package lock was handed in for ${image}`);
  return lock;
}

interface Packaged {
  image: Image;
  series: Series;
  lock: Lock;
}

/** Declared for every suite and for this one, and what brings the Lua libraries of the shipped modules. */
function packagesOf({ image, series, lock }: Packaged, release: Release, { shipped }: Resolution): string[] {
  const pins = shipped.map((module) => lock.modules[keyFor(lock, module)]?.pins[series]).filter((pin) => isPin(pin));
  const libraries = pins.flatMap((pin) => Object.values(pin.libraries)).filter((name) => name !== null);
  const declared = [...(image.packages["all"] ?? []), ...(image.packages[release.suite] ?? [])];
  return [...new Set([...declared, ...libraries])].toSorted(compareText);
}
