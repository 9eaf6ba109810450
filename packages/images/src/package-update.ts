import { compareText } from "@prosody-foundry/kit";
import { architecturesOf, diffPackages } from "./package-diff.ts";
import {
  type LockedPackage,
  type LockedSuite,
  type PackageLock,
  listNames,
  listOf,
  packagesFor,
  poolPath,
} from "./package-lock.ts";
import type { PackageWish } from "./package-wishes.ts";

/** What Debian has now for one wish. */
export interface ResolvedWish {
  wish: PackageWish;
  /** The newest `Date` of the suite's Release files, ISO 8601. */
  snapshot: string;
  packages: LockedPackage[];
  /**
   * Whether the security archive was asked: `had`; `none`, where Debian makes no security updates for the architecture;
   * `missed`, where the mirror's lists of it are not whole.
   */
  security: { state: "had" } | { state: "none" } | { state: "missed"; because: string };
}

/**
 * A lock with the suites that were resolved as they are now; the others stay as they are, and so does what it has for
 * `kept` wishes, which could not be resolved. A suite whose packages are all the
 * same, be it in another archive, keeps its snapshot too: a newer moment alone would give every file a new time for nothing.
 */
export function updatePackageLock(
  before: PackageLock,
  resolved: readonly ResolvedWish[],
  kept: readonly PackageWish[] = [],
): PackageLock {
  const names = [...new Set(resolved.map(({ wish }) => wish.suite))];
  const suites = names.map((name): [string, LockedSuite] => {
    const old = before.suites[name];
    const own = resolved.filter(({ wish }) => wish.suite === name);
    const held = kept.filter(({ suite }) => suite === name).flatMap((wish) => holdWish(old, wish));
    const fresh = suiteOf([...own, ...held.map((one) => followArchives(one, own))]);
    return [name, old !== undefined && isSame(name, old, fresh) ? { ...fresh, snapshot: old.snapshot } : fresh];
  });
  return { ...before, suites: { ...before.suites, ...Object.fromEntries(suites) } };
}

function isSame(name: string, old: LockedSuite, fresh: LockedSuite): boolean {
  const lockOf = (suite: LockedSuite): PackageLock => ({ lockVersion: 1, suites: { [name]: suite } });
  return diffPackages(lockOf(old), lockOf(fresh)).length === 0;
}

// With a point release of Debian's a version moves from the security archive to main, for all architectures.
function followArchives(held: ResolvedWish, fresh: readonly ResolvedWish[]): ResolvedWish {
  const archives = new Map(
    fresh.flatMap(({ packages }) => packages.map(({ name, version, archive }) => [`${name} ${version}`, archive])),
  );
  const packages = held.packages.map((deb) => {
    const moved = { ...deb, archive: archives.get(`${deb.name} ${deb.version}`) ?? deb.archive };
    return { ...moved, path: poolPath(moved) };
  });
  return { ...held, packages };
}

/** A lock without the suites that nothing is built on any more. */
export function keepSuites(lock: PackageLock, suites: readonly string[]): PackageLock {
  const kept = Object.entries(lock.suites).filter(([suite]) => suites.includes(suite));
  return { ...lock, suites: Object.fromEntries(kept) };
}

function holdWish(old: LockedSuite | undefined, wish: PackageWish): ResolvedWish[] {
  const list = old?.lists[wish.list] ?? {};
  if (old === undefined || !architecturesOf(list).includes(wish.architecture)) return [];
  const security = { state: lacksSecurity(old, wish.architecture) ? "none" : "had" } as const;
  return [{ wish, snapshot: old.snapshot, packages: packagesFor(list, wish.architecture), security }];
}

/** True when a locked suite has no security updates for an architecture. */
export function lacksSecurity(suite: LockedSuite | undefined, architecture: string): boolean {
  return suite?.withoutSecurity?.includes(architecture) ?? false;
}

function suiteOf(resolved: readonly ResolvedWish[]): LockedSuite {
  const named = listNames.map((name) => {
    const own = resolved.filter(({ wish }) => wish.list === name);
    const list = listOf(own.map(({ wish, packages }) => ({ architecture: wish.architecture, packages })));
    return [name, list] as const;
  });
  const bare = resolved.filter(({ security }) => security.state !== "had").map(({ wish }) => wish.architecture);
  return {
    snapshot: resolved[0]?.snapshot ?? "",
    ...(bare.length === 0 ? {} : { withoutSecurity: [...new Set(bare)].toSorted(compareText) }),
    lists: Object.fromEntries(named.filter(([, list]) => Object.keys(list).length > 0)),
  };
}
