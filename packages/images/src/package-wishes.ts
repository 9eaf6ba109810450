import { type Series, compareText } from "@prosody-foundry/kit";
import { type Lock, type Pin, isPin, keysOf } from "@prosody-foundry/lockfile";
import { buildArchitectures, buildPackages, buildSuite, devPackages, rootPackages } from "./builder-packages.ts";
import type { Image, SeriesFile } from "./manifest.ts";
import type { ListName } from "./package-lock.ts";
import { type Platform, platformNames } from "./platform.ts";

/** What is to be found out about one suite: packages of one list for one architecture. */
export interface PackageWish {
  suite: string;
  list: ListName;
  /** Debian's. */
  architecture: string;
  names: string[];
  /** Also what they depend on, by apt's own choice. */
  closure: boolean;
}

/**
 * What an image's package lock is made of: for each suite that a release of its series is built on and each platform, the
 * packages declared, those that bring the Lua libraries of every locked module the image may ship, and what they all need.
 */
export function wishesOf(image: Image, seriesFile: SeriesFile, lock: Lock): PackageWish[] {
  return suitesOf(image, seriesFile).flatMap((suite) => {
    const series = image.series.filter((one) => isBuiltOn(seriesFile, one, suite));
    const declared = [...(image.packages["all"] ?? []), ...(image.packages[suite] ?? [])];
    const names = [...rootPackages, ...declared, ...librariesOf(image, series, lock)];
    const wish = { suite, list: "root" as const, names: [...new Set(names)].toSorted(compareText), closure: true };
    return image.platforms.map((platform) => ({ ...wish, architecture: platformNames[platform].debian }));
  });
}

/** What the lock of the builder's packages is made of: its tools, and headers of these suites for these platforms. */
export function builderWishes(platforms: readonly Platform[], suites: readonly string[]): PackageWish[] {
  const foreign = new Set(platforms.map((platform) => platformNames[platform].debian));
  const tools = buildArchitectures.map((architecture): PackageWish => ({
    suite: buildSuite,
    list: "build",
    architecture,
    names: buildPackages(architecture),
    closure: false,
  }));
  const headers = suites.flatMap((suite) =>
    [...foreign].toSorted(compareText).map((architecture): PackageWish => ({
      suite,
      list: "dev",
      architecture,
      names: devPackages(suite),
      closure: false,
    })),
  );
  return [...tools, ...headers];
}

/** The suites some release of the image's series is built on. */
export function suitesOf(image: Image, seriesFile: SeriesFile): string[] {
  const suites = image.series.flatMap((series) => seriesFile.series[series].releases.map(({ suite }) => suite));
  return [...new Set(suites)].toSorted(compareText);
}

function isBuiltOn(seriesFile: SeriesFile, series: Series, suite: string): boolean {
  return seriesFile.series[series].releases.some((release) => release.suite === suite);
}

function librariesOf(image: Image, series: readonly Series[], lock: Lock): string[] {
  const pins = pinsOf(image, series, lock);
  return pins.flatMap((pin) => Object.values(pin.libraries)).filter((name) => name !== null);
}

// Of everything named and all that needs, whether or not it can ship in the end.
function pinsOf(image: Image, series: readonly Series[], lock: Lock): Pin[] {
  const pins = (key: string): Pin[] => series.map((one) => lock.modules[key]?.pins[one]).filter((pin) => isPin(pin));
  const named = [...image.modules.required, ...image.modules.optional];
  const keys = new Set(named.flatMap((reference) => keysOf(lock, reference)));
  // A set visits what is added to it on the way.
  for (const key of keys) {
    const needed = pins(key).flatMap(({ depends }) => depends);
    for (const other of needed.flatMap((name) => keysOf(lock, name))) keys.add(other);
  }
  return [...keys].flatMap(pins);
}
