import { type Series, UserError } from "@prosody-foundry/kit";
import { buildArchitectures, buildSuite } from "./builder-packages.ts";
import type { Release } from "./manifest.ts";
import { type ListName, type LockedPackage, type PackageLock, packagesFor } from "./package-lock.ts";
import { type Platform, platformNames } from "./platform.ts";

/** The .debs a target is made of, and made with. */
export interface TargetPackages {
  /** What the root is put together from. */
  root: Partial<Record<Platform, LockedPackage[]>>;
  /** Headers and link libraries: of a server that is compiled, and of the image's own C modules. */
  dev: Partial<Record<Platform, LockedPackage[]>>;
  /** Tools, by the Debian architecture of the build machine: any of them gives the same image. */
  build: Record<string, LockedPackage[]>;
  /** Moments of Debian's snapshots that have them all, ISO 8601, for the time when the mirrors have moved on. */
  snapshots: { root: string; dev: string; build: string };
}

/** What a target's packages are chosen by. */
export interface PackageChoice {
  image: string;
  series: Series;
  release: Release;
  platforms: readonly Platform[];
  /** Names that have to be among the root's packages. */
  names: readonly string[];
  /** The image's own lock, and the builder's. */
  own: PackageLock;
  builder: PackageLock;
}

/**
 * A target's packages out of the locks.
 * @throws UserError PACKAGE_NOT_LOCKED
 */
export function choosePackages(choice: PackageChoice): TargetPackages {
  const { release, platforms, own, builder } = choice;
  const root = platforms.map((platform): [Platform, LockedPackage[]] => {
    const packages = packagesOf(own, { suite: release.suite, list: "root" }, platformNames[platform].debian);
    const missing = choice.names.find((name) => !packages.some((deb) => deb.name === name));
    if (missing !== undefined) throw notLocked(choice, `${missing} of Debian ${release.suite} for ${platform}`);
    if (packages.length === 0) throw notLocked(choice, `packages of Debian ${release.suite} for ${platform}`);
    return [platform, packages];
  });
  const dev = platforms.map((platform): [Platform, LockedPackage[]] => {
    const packages = packagesOf(builder, { suite: release.suite, list: "dev" }, platformNames[platform].debian);
    if (packages.length === 0) throw notLocked(choice, `the headers of Debian ${release.suite} for ${platform}`);
    return [platform, packages];
  });
  const build = buildArchitectures.map((architecture): [string, LockedPackage[]] => {
    const packages = packagesOf(builder, { suite: buildSuite, list: "build" }, architecture);
    if (packages.length === 0) throw notLocked(choice, `the tools of ${architecture} machines`);
    return [architecture, packages];
  });
  return {
    root: Object.fromEntries(root),
    dev: Object.fromEntries(dev),
    build: Object.fromEntries(build),
    snapshots: {
      root: snapshotOf(own, release.suite),
      dev: snapshotOf(builder, release.suite),
      build: snapshotOf(builder, buildSuite),
    },
  };
}

interface Place {
  suite: string;
  list: ListName;
}

function packagesOf(lock: PackageLock, { suite, list }: Place, architecture: string): LockedPackage[] {
  return packagesFor(lock.suites[suite]?.lists[list] ?? {}, architecture);
}

// Whoever got here has found packages of the suite.
function snapshotOf(lock: PackageLock, suite: string): string {
  const snapshot = lock.suites[suite]?.snapshot;
  if (snapshot === undefined) throw new Error(`A lock with packages of ${suite} has no snapshot of it`);
  return snapshot;
}

function notLocked({ image, series }: PackageChoice, what: string): UserError {
  return new UserError("PACKAGE_NOT_LOCKED", `${image} on ${series} wants ${what}, which no package lock has`, {
    hint: "Run `foundry packages update`.",
  });
}
