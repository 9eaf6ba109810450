import { canonicalJson } from "@prosody-foundry/kit";
import { type LockedPackage, type LockedSuite, type PackageLock, listNames, listOf } from "./package-lock.ts";
import type { PackageWish } from "./package-wishes.ts";

/** What Debian has now for one wish. */
export interface ResolvedWish {
  wish: PackageWish;
  /** The newest `Date` of the suite's Release files, ISO 8601. */
  snapshot: string;
  packages: LockedPackage[];
}

/**
 * A lock with the suites that were resolved as they are now; the others stay as they are. A suite whose packages are all the
 * same keeps its snapshot too: a newer moment alone would give every file a new time for nothing.
 */
export function updatePackageLock(before: PackageLock, resolved: readonly ResolvedWish[]): PackageLock {
  const names = [...new Set(resolved.map(({ wish }) => wish.suite))];
  const suites = names.map((name): [string, LockedSuite] => {
    const fresh = suiteOf(resolved.filter(({ wish }) => wish.suite === name));
    const old = before.suites[name];
    const same = old !== undefined && canonicalJson(old.lists) === canonicalJson(fresh.lists);
    return [name, same ? old : fresh];
  });
  return { ...before, suites: { ...before.suites, ...Object.fromEntries(suites) } };
}

/** A lock without the suites that nothing is built on any more. */
export function keepSuites(lock: PackageLock, suites: readonly string[]): PackageLock {
  const kept = Object.entries(lock.suites).filter(([suite]) => suites.includes(suite));
  return { ...lock, suites: Object.fromEntries(kept) };
}

function suiteOf(resolved: readonly ResolvedWish[]): LockedSuite {
  const named = listNames.map((name) => {
    const own = resolved.filter(({ wish }) => wish.list === name);
    const list = listOf(own.map(({ wish, packages }) => ({ architecture: wish.architecture, packages })));
    return [name, list] as const;
  });
  return {
    snapshot: resolved[0]?.snapshot ?? "",
    lists: Object.fromEntries(named.filter(([, list]) => Object.keys(list).length > 0)),
  };
}
