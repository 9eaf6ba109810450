import { compareText } from "@prosody-foundry/kit";
import { type Lock, isPin, moduleNameOf } from "@prosody-foundry/lockfile";

/** Modules that move together, and the one they are named after: the first that none of the others needs. */
export interface BumpUnit {
  lead: string;
  /** Sorted. */
  names: string[];
}

/**
 * Which of the changed modules have to move together: those that need each other were judged together and in no other
 * combination. What a module needs in any of the locks counts.
 */
export function bumpUnits(locks: readonly Lock[], changed: readonly string[]): BumpUnit[] {
  const needs = new Map(changed.map((name) => [name, neededBy(locks, name, changed)]));
  const left = new Set(changed.toSorted(compareText));
  const units: BumpUnit[] = [];
  for (const name of left) {
    const names = [...connected(name, needs)].toSorted(compareText);
    for (const other of names) left.delete(other);
    const needed = new Set(names.flatMap((other) => needs.get(other) ?? []));
    units.push({ lead: names.find((other) => !needed.has(other)) ?? name, names });
  }
  return units;
}

function neededBy(locks: readonly Lock[], name: string, changed: readonly string[]): string[] {
  const pins = locks.flatMap((lock) => Object.values(lock.modules[name]?.pins ?? {}));
  const depends = new Set(pins.flatMap((pin) => (isPin(pin) ? pin.depends : [])));
  return changed.filter((other) => other !== name && depends.has(moduleNameOf(other)));
}

function connected(name: string, needs: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set([name]);
  for (const one of found) {
    const around = [...needs].filter(([other, needed]) => needed.includes(one) || needs.get(one)?.includes(other));
    for (const [other] of around) found.add(other);
  }
  return found;
}
