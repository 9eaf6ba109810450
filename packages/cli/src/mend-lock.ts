import { canonicalJson, compareText, UserError } from "@prosody-foundry/kit";
import {
  emptyLock,
  type Lock,
  type LockConflict,
  type LockedModule,
  type LooseLock,
  mergeLocks,
  parseLoosely,
} from "@prosody-foundry/lockfile";
import type { LockSides } from "./read-lock-sides.ts";

/** A lock that was refused, as it should be, before its pins are checked. */
export interface MendedLock {
  lock: Lock;
  /** `form`: it was merged from nothing, only written otherwise than we do. */
  from: LockSides["from"] | "form";
  /** What both sides changed, and what was taken. */
  conflicts: LockConflict[];
  /** Modules whose pins have to be checked: those the sides do not agree on. */
  recheck: string[];
  /** Those of them that stand only if their pins are right: nobody vouches for their entries. */
  unproven: string[];
}

export interface Wreck {
  text: string;
  /** What to call it in errors. */
  file: string;
  sides: LockSides | null;
  /** The last lock that was whole, to take judgements from. */
  committed: Lock | undefined;
}

/**
 * Merges the sides of a lock that git could not merge; takes one that has none as it stands. Pure.
 * @throws UserError LOCK_CONFLICT, LOCK_MALFORMED, LOCK_VERSION, LOCK_CHANGED for a source or release changed by hand.
 */
export function mendLock({ text, file, sides, committed }: Wreck): MendedLock {
  const whole = sides ?? takeAsItStands(text, file);
  const { lock, conflicts } = mergeLocks(whole.base?.lock ?? emptyLock(), whole.ours.lock, whole.theirs.lock);
  const known = [whole.base, whole.ours, whole.theirs];
  const unproven = findUnproven(lock, known);
  refuseOthers(unproven, file);
  const keys = unproven.map((entry) => entry.replace(/^modules\./u, ""));
  const proven = [committed, ...known.map((side) => (side === null ? undefined : provenPart(side)))];
  const modules = keys.map((key) => [key, keepProven(lock, key, proven)] as const);
  return {
    lock: { ...lock, modules: { ...lock.modules, ...Object.fromEntries(modules) } },
    from: whole.from,
    conflicts,
    recheck: [...new Set([...keys, ...findDiffering(lock, whole)])].toSorted(compareText),
    unproven: keys,
  };
}

function takeAsItStands(text: string, file: string): Omit<LockSides, "from"> & { from: "form" } {
  const loose = parseLoosely(text, file);
  return { from: "form", base: loose, ours: loose, theirs: loose };
}

/** Entries that are in no side with a check that is theirs. */
function findUnproven(lock: Lock, sides: readonly (LooseLock | null)[]): string[] {
  const entries = [...new Set(sides.flatMap((side) => side?.unproven ?? []))].toSorted(compareText);
  return entries.filter((entry) => {
    const merged = entryIn(lock, entry);
    if (merged === undefined) return false;
    return !sides.some(
      (side) => side !== null && !side.unproven.includes(entry) && isSame(entryIn(side.lock, entry), merged),
    );
  });
}

function entryIn(lock: Lock, entry: string): unknown {
  const [, section = "", key = ""] = /^(\w+)\.(.*)$/su.exec(entry) ?? [];
  return { sources: lock.sources, releases: lock.releases, modules: lock.modules }[section]?.[key];
}

// What a source's address or a release's own modules should be, no upstream can tell.
function refuseOthers(unproven: readonly string[], file: string): void {
  const others = unproven.filter((entry) => !entry.startsWith("modules."));
  if (others.length === 0) return;
  throw new UserError("LOCK_CHANGED", `${file} was changed by hand: ${others.join(", ")}`, {
    hint: "Nothing to check them against: take the committed file back (`git checkout`), or use `foundry source add`.",
  });
}

function provenPart({ lock, unproven }: LooseLock): Lock {
  const modules = Object.entries(lock.modules).filter(([key]) => !unproven.includes(`modules.${key}`));
  return { ...lock, modules: Object.fromEntries(modules) };
}

/** The module with those judgements only that a whole lock has for the same pin and patches. */
function keepProven(lock: Lock, key: string, proven: readonly (Lock | undefined)[]): LockedModule {
  const module = lock.modules[key];
  if (module === undefined) throw new Error(`${key} was merged and is gone`);
  const before = proven.map((one) => one?.modules[key]).find((one) => one !== undefined);
  if (before === undefined || !isSame(before.patches, module.patches)) return { ...module, judgements: [] };
  const holds = (release: string): boolean => {
    const series = lock.releases[release]?.series;
    return series !== undefined && isSame(before.pins[series], module.pins[series]);
  };
  const judgements = before.judgements.map((one) => ({ ...one, releases: one.releases.filter(holds) }));
  return { ...module, judgements: judgements.filter(({ releases }) => releases.length > 0) };
}

function findDiffering(lock: Lock, { ours, theirs }: Pick<LockSides, "ours" | "theirs">): string[] {
  return Object.keys(lock.modules).filter((key) => !isSame(ours.lock.modules[key], theirs.lock.modules[key]));
}

function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a ?? null) === canonicalJson(b ?? null);
}
