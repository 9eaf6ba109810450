import { type ChangelogWish, readChangelogs } from "@prosody-foundry/bake";
import { cvesBetween, diffPackages, type PackageChange, packageLockFile } from "@prosody-foundry/images";
import { compareText } from "@prosody-foundry/kit";
import { type Context, openBake } from "./context.ts";
import type { LockMove } from "./resolve-locks.ts";

/** A package that moves, and the lock it is in. */
export interface MovedPackage extends PackageChange {
  file: string;
}

/** The same with what its changelog says. */
export interface ComparedPackage extends MovedPackage {
  /** CVE ids that the entries between the two versions name; null where no changelog tells, or could be read. */
  cves: string[] | null;
}

/** What would change, with the CVEs that the changelogs of the new packages name. */
export async function comparePackages(context: Context, moves: readonly LockMove[]): Promise<ComparedPackage[]> {
  const changes = movedPackages(moves);
  const wishes = changelogWishes(changes);
  const changelogs = wishes.length === 0 ? new Map<string, string>() : await fetchChangelogs(context, wishes);
  return changes.map((change) => ({ ...change, cves: cvesOf(change, changelogs) }));
}

/** What would change, by lock, suite, list and name. */
export function movedPackages(moves: readonly LockMove[]): MovedPackage[] {
  return moves.flatMap(({ image, before, after }) =>
    diffPackages(before, after).map((change) => ({ file: packageLockFile(image), ...change })),
  );
}

async function fetchChangelogs(context: Context, wishes: readonly ChangelogWish[]): Promise<Map<string, string>> {
  return readChangelogs(await openBake(context), wishes);
}

/** One for each source that moves; the smallest of its packages first. */
function changelogWishes(changes: readonly PackageChange[]): ChangelogWish[] {
  const wishes = new Map<string, NonNullable<PackageChange["after"]>[]>();
  for (const change of changes) {
    const key = sourceKey(change);
    if (key === undefined || change.after === undefined) continue;
    wishes.set(key, [...(wishes.get(key) ?? []), change.after]);
  }
  return [...wishes].map(([key, packages]) => ({
    key,
    packages: packages.toSorted((a, b) => a.size - b.size || compareText(a.path, b.path)),
  }));
}

/** The source of a package that moves to another version of it; undefined for one that is new, gone, rebuilt, or of another. */
function sourceKey({ before, after }: PackageChange): string | undefined {
  if (before === undefined || after === undefined) return undefined;
  if (before.source !== after.source || before.sourceVersion === after.sourceVersion) return undefined;
  return `${after.source} ${after.sourceVersion}`;
}

function cvesOf(change: PackageChange, changelogs: ReadonlyMap<string, string>): string[] | null {
  const key = sourceKey(change);
  const { before, after } = change;
  if (before === undefined || after === undefined) return [];
  if (before.source !== after.source) return null;
  if (key === undefined) return [];
  const changelog = changelogs.get(key);
  return changelog === undefined ? null : cvesBetween(changelog, before.sourceVersion, after.sourceVersion);
}
