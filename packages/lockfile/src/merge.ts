import { compareText } from "@prosody-foundry/kit";
import { normaliseLock } from "./format.ts";
import { mergeModule } from "./merge-module.ts";
import { moduleNameOf } from "./module-keys.ts";
import { type Lock, type LockedModule, isPin } from "./schema.ts";
import { type LockConflict, mergeThree, type Side, type Sides } from "./sides.ts";

/** A merged lock; conflicts are settled in it already, and named with what was taken. */
export interface LockMerge {
  lock: Lock;
  conflicts: LockConflict[];
}

/**
 * The changes of both sides, entry by entry, and inside a module series by series. What both changed, and not to the
 * same, is a conflict: the newer pin is taken, else ours. Pure; the lock is canonical.
 */
export function mergeLocks(base: Lock, ours: Lock, theirs: Lock): LockMerge {
  const locks = { base: normaliseLock(base), ours: normaliseLock(ours), theirs: normaliseLock(theirs) };
  const conflicts: LockConflict[] = [];
  const lock: Lock = {
    lockVersion: 1,
    sources: mergeRecords("source", pickPart(locks, "sources"), conflicts),
    releases: mergeRecords("release", pickPart(locks, "releases"), conflicts),
    modules: keepNeeded(locks, mergeModules(locks, conflicts)),
  };
  return { lock: normaliseLock(lock), conflicts };
}

type Locks = Sides<Lock>;

function pickPart<K extends keyof Lock>({ base, ours, theirs }: Locks, part: K): Sides<Lock[K]> {
  return { base: base[part], ours: ours[part], theirs: theirs[part] };
}

function mergeRecords<T>(what: string, sides: Sides<Record<string, T>>, conflicts: LockConflict[]): Record<string, T> {
  const merged = namesOf(sides).flatMap((name): [string, T][] => {
    const three = sideOf(sides, name);
    const value = mergeThree(three, () => {
      const taken: Side = three.ours === undefined ? "theirs" : "ours";
      conflicts.push({ entry: `${what} ${name}`, part: null, taken });
      return three[taken];
    });
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(merged);
}

function mergeModules(locks: Locks, conflicts: LockConflict[]): Lock["modules"] {
  const sides = { base: byIdentity(locks.base), ours: byIdentity(locks.ours), theirs: byIdentity(locks.theirs) };
  const merged = namesOf(sides).flatMap((identity): [string, LockedModule][] => {
    const three = sideOf(sides, identity);
    const module = mergeThree(three, () => {
      const { base, ours, theirs } = three;
      if (ours !== undefined && theirs !== undefined) {
        return mergeModule({ base, ours, theirs }, { locks, name: moduleNameOf(identity), conflicts });
      }
      const taken: Side = ours === undefined ? "theirs" : "ours";
      conflicts.push({ entry: moduleNameOf(identity), part: "removed by the other side", taken });
      return ours ?? theirs;
    });
    return module === undefined ? [] : [[identity, module]];
  });
  return byKey(new Map(merged), locks);
}

// Two branches may have locked the same name from different sources, both under the plain key.
function byIdentity({ modules }: Lock): Record<string, LockedModule> {
  return Object.fromEntries(Object.entries(modules).map(([key, module]) => [identityOf(key, module), module]));
}

function identityOf(key: string, { source }: LockedModule): string {
  return `${moduleNameOf(key)}@${source}`;
}

function byKey(merged: ReadonlyMap<string, LockedModule>, locks: Locks): Lock["modules"] {
  const entries = [...merged].map(([identity, module]): [string, LockedModule] => {
    const name = moduleNameOf(identity);
    return [holderOf(name, merged, locks) === identity ? name : identity, module];
  });
  return Object.fromEntries(entries.toSorted(([a], [b]) => compareText(a, b)));
}

/** Who stands under the plain name: whom a side put there, of two such the same whichever side is ours; else as in the base. */
function holderOf(name: string, merged: ReadonlyMap<string, LockedModule>, locks: Locks): string | undefined {
  const claim = ({ modules }: Lock): string[] => (modules[name] === undefined ? [] : [identityOf(name, modules[name])]);
  const before = claim(locks.base);
  const put = [...claim(locks.ours), ...claim(locks.theirs)].filter((identity) => !before.includes(identity));
  return [...put.toSorted(compareText), ...before].find((identity) => merged.has(identity));
}

/** What one side took out because nothing needed it, and the other side's change needs, stays. */
function keepNeeded({ base, ours, theirs }: Locks, merged: Lock["modules"]): Lock["modules"] {
  const present = new Set(Object.keys(merged).map(moduleNameOf));
  const needed = neededBy(merged);
  const removers = [ours, theirs].map((lock) => ({ lock, needs: neededBy(lock.modules) }));
  const kept = Object.keys(base.modules).filter((key) => {
    const name = moduleNameOf(key);
    const knew = removers.some(({ lock, needs }) => lock.modules[key] === undefined && needs.has(name));
    return !present.has(name) && needed.has(name) && !knew;
  });
  const entries = kept.flatMap((key): [string, LockedModule][] => {
    const module = ours.modules[key] ?? theirs.modules[key];
    return module === undefined ? [] : [[key, module]];
  });
  return { ...merged, ...Object.fromEntries(entries) };
}

function neededBy(modules: Lock["modules"]): Set<string> {
  const pins = Object.values(modules).flatMap((module) => Object.values(module.pins));
  return new Set(pins.filter((pin) => isPin(pin)).flatMap(({ depends }) => depends));
}

function namesOf(sides: Sides<Record<string, unknown>>): string[] {
  const names = [sides.base, sides.ours, sides.theirs].flatMap((side) => Object.keys(side));
  return [...new Set(names)].toSorted(compareText);
}

function sideOf<T>({ base, ours, theirs }: Sides<Record<string, T>>, name: string): Sides<T | undefined> {
  // A release or source can be called what every object has: "constructor".
  const own = (side: Record<string, T>): T | undefined => (Object.hasOwn(side, name) ? side[name] : undefined);
  return { base: own(base), ours: own(ours), theirs: own(theirs) };
}
