import { type Series, UserError, compareText } from "@prosody-foundry/kit";
import { type Lock, isPin, keyFor } from "@prosody-foundry/lockfile";
import { type Draft, idOf, inputsOf } from "./inputs.ts";
import { type Image, type Release, type SeriesFile, upstreamVersion } from "./manifest.ts";
import type { Platform } from "./platform.ts";
import { newestRelease } from "./releases.ts";
import { type Resolution, resolveModules } from "./resolve.ts";
import type { Target } from "./target.ts";

/** What is declared, locked and chosen. */
export interface PlanRequest {
  images: readonly Image[];
  seriesFile: SeriesFile;
  lock: Lock;
  /** Release of a series; the newest of each series that is not named. */
  choices?: Readonly<Partial<Record<Series, Release>>>;
  /** Series to plan; all of each image unless given. */
  only?: readonly Series[];
  /** Platforms to plan; all of each image unless given. */
  platforms?: readonly Platform[];
  /** By series: modules whose locked content cannot be had, and why. */
  unavailable?: Readonly<Partial<Record<Series, Readonly<Record<string, string>>>>>;
}

/**
 * One target for each image and series: declared × locked. Pure: equal requests give equal plans.
 * @throws UserError of resolveModules, PLATFORM_UNDECLARED, RELEASE_PLATFORM, EPOCH_MISSING.
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
  const draft: Draft = {
    // Bake target names allow no dot, so "13.0" becomes "13-0".
    name: `${image.name}-${series.replaceAll(".", "-")}`,
    image: image.name,
    variant: image.variant,
    title: image.title,
    description: image.description,
    series,
    release,
    platforms: choosePlatforms(image, release, request.platforms),
    epoch: epochOf(request.seriesFile, release),
    packages: packagesOf({ image, series, lock: request.lock }, release, resolution),
    modules: resolution.shipped,
    unshipped: resolution.unshipped,
  };
  const inputs = inputsOf(draft, image, request.lock);
  return { ...draft, inputs, id: idOf(inputs) };
}

function choosePlatforms(image: Image, release: Release, wanted: readonly Platform[] = image.platforms): Platform[] {
  const undeclared = wanted.find((platform) => !image.platforms.includes(platform));
  if (undeclared !== undefined) {
    throw new UserError("PLATFORM_UNDECLARED", `${image.name} is not declared for ${undeclared}`, {
      hint: `It is for ${image.platforms.join(", ")}: see platforms in images/${image.name}/image.json.`,
    });
  }
  const missing = release.kind === "debian" && wanted.find((platform) => release.sha256[platform] === undefined);
  if (missing) {
    throw new UserError(
      "RELEASE_PLATFORM",
      `images/series.json has no sha256 of Debian's ${release.version} for ${missing}, which ${image.name} is built for`,
      { hint: "Add it, choose another --release, or fewer platforms with --platform." },
    );
  }
  return [...new Set(wanted)].toSorted(compareText);
}

function epochOf({ epochs }: SeriesFile, release: Release): number {
  const day = epochs[release.suite];
  if (day !== undefined) return Date.parse(`${day}T00:00:00Z`) / 1000;
  throw new UserError(
    "EPOCH_MISSING",
    `Prosody ${upstreamVersion(release)} is built on ${release.suite}, which has no day`,
    {
      hint: "Add the suite to epochs in images/series.json.",
    },
  );
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
