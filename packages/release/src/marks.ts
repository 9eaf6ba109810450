import { type LedgerEntry } from "./ledger.ts";
import { immutableTag } from "./tags.ts";

/** The tag that says which index a target's id was published as. */
export function idTag(id: string): string {
  return `id-${id.slice(0, 40)}`;
}

/** The tag that says for whom an image revision is kept, until its immutable tag does. */
export function claimTag(immutable: string): string {
  return `claim-${immutable}`;
}

/** The tag that says that an image revision was withdrawn. */
export function yankTag(immutable: string): string {
  return `yanked-${immutable}`;
}

export type Revision = Pick<LedgerEntry, "version" | "rev" | "variant">;

/** What an immutable tag names; undefined for any other tag. */
export function parseImmutable(tag: string): Revision | undefined {
  const found =
    /^(?<version>\d+(?:\.\d+)+|trunk-\d{8}-[0-9a-f]{12})-r(?<rev>[1-9]\d*)(?:-(?<variant>[a-z0-9]+))?$/u.exec(tag);
  if (found?.groups === undefined) return undefined;
  const { version = "", rev = "", variant = "" } = found.groups;
  return { version, rev: Number(rev), variant };
}

/** True for a tag that is neither a revision nor one of our marks. */
export function isFloating(tag: string): boolean {
  return parseImmutable(tag) === undefined && !/^(?:id|claim|yanked)-/u.test(tag);
}

/** All known revisions: those of the ledger, then those only the registry told of; withdrawn where either says so. */
export function unionOf(
  ledger: readonly LedgerEntry[],
  registry: { names: readonly string[]; learnt: readonly LedgerEntry[] },
): LedgerEntry[] {
  const byTag = new Map<string, LedgerEntry>();
  const names = new Set(registry.names);
  for (const entry of [...registry.learnt, ...ledger]) {
    const tag = immutableTag(entry);
    const yanked = entry.yanked || names.has(yankTag(tag)) || byTag.get(tag)?.yanked === true;
    byTag.set(tag, { ...entry, yanked });
  }
  return [...byTag.values()];
}
