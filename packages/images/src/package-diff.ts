import { compareText } from "@prosody-foundry/kit";
import { compareDebian } from "./debian-version.ts";
import {
  type ListName,
  type LockedPackage,
  type PackageList,
  type PackageLock,
  listNames,
  packagesFor,
} from "./package-lock.ts";

/** One package that another lock has otherwise, on the architectures that agree about it. */
export interface PackageChange {
  suite: string;
  list: ListName;
  name: string;
  /** Null for one that is new, or gone. */
  from: string | null;
  to: string | null;
  architectures: string[];
  /** The new version comes from the security archive. */
  security: boolean;
  /** The new version is the older one. */
  downgrade: boolean;
  /** Bytes to download, new less old, summed over the architectures. */
  bytes: number;
  /** A .deb of each side; undefined for the side that has none. */
  before?: LockedPackage;
  after?: LockedPackage;
}

/** What differs between two locks, by suite, list and name. A snapshot that is merely newer is no difference. */
export function diffPackages(before: PackageLock, after: PackageLock): PackageChange[] {
  const suites = [...new Set([...Object.keys(before.suites), ...Object.keys(after.suites)])].toSorted(compareText);
  return suites.flatMap((suite) =>
    listNames.flatMap((list) => {
      const [old, new_] = [before.suites[suite]?.lists[list] ?? {}, after.suites[suite]?.lists[list] ?? {}];
      const architectures = [...new Set([...architecturesOf(old), ...architecturesOf(new_)])].toSorted(compareText);
      const single = architectures.flatMap((architecture) =>
        diffArchitecture(lockedFor(old, architecture), lockedFor(new_, architecture)).map((pair) => ({
          ...pair,
          architecture,
        })),
      );
      return joinPairs(single).map((change) => ({ suite, list, ...change }));
    }),
  );
}

/** The architectures a list was made for. */
export function architecturesOf(list: PackageList): string[] {
  const named = Object.values(list).flatMap((versions) =>
    Object.values(versions).flatMap(({ sha256, for: only }) => [...Object.keys(sha256), ...(only ?? [])]),
  );
  return [...new Set(named)].filter((architecture) => architecture !== "all").toSorted(compareText);
}

// A list says nothing about an architecture it was not made for, not even of packages that are the same for all.
function lockedFor(list: PackageList, architecture: string): LockedPackage[] {
  return architecturesOf(list).includes(architecture) ? packagesFor(list, architecture) : [];
}

interface Pair {
  name: string;
  before: LockedPackage | undefined;
  after: LockedPackage | undefined;
}

function diffArchitecture(old: readonly LockedPackage[], fresh: readonly LockedPackage[]): Pair[] {
  const [before, after] = [byName(old), byName(fresh)];
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted(compareText);
  return names
    .map((name) => ({ name, before: before.get(name), after: after.get(name) }))
    .filter((pair) => pair.before?.sha256 !== pair.after?.sha256);
}

function byName(packages: readonly LockedPackage[]): Map<string, LockedPackage> {
  return new Map(packages.map((deb) => [deb.name, deb]));
}

type Joined = Omit<PackageChange, "suite" | "list">;

function joinPairs(pairs: readonly (Pair & { architecture: string })[]): Joined[] {
  const joined = new Map<string, Joined>();
  for (const pair of pairs) {
    const key = `${pair.name} ${pair.before?.version} ${pair.after?.version}`;
    const change = joined.get(key) ?? startChange(pair);
    change.architectures.push(pair.architecture);
    change.bytes += (pair.after?.size ?? 0) - (pair.before?.size ?? 0);
    joined.set(key, change);
  }
  return [...joined.entries()].toSorted(([a], [b]) => compareText(a, b)).map(([, change]) => change);
}

function startChange({ name, before, after }: Pair): Joined {
  const [from, to] = [before?.version ?? null, after?.version ?? null];
  return {
    name,
    from,
    to,
    architectures: [],
    security: after?.archive === "security",
    downgrade: from !== null && to !== null && compareDebian(from, to) > 0,
    bytes: 0,
    ...(before === undefined ? {} : { before }),
    ...(after === undefined ? {} : { after }),
  };
}
