import { canonicalJson } from "@prosody-foundry/kit";

/** The three of a three-way merge: what both started from, and what each made of it. */
export interface Sides<T> {
  base: T;
  ours: T;
  theirs: T;
}

export type Side = "ours" | "theirs";

/** Something both sides changed, not to the same, and whose was taken. */
export interface LockConflict {
  /** `mod_x`, `source prosody-modules`, `release 13.0.7`. */
  entry: string;
  /** Series, field or release of the entry; null for the whole of it. */
  part: string | null;
  taken: Side;
}

/** The value that changed; `settle` is asked where both did, and not to the same. */
export function mergeThree<T>({ base, ours, theirs }: Sides<T>, settle: () => T): T {
  if (isSame(ours, theirs) || isSame(base, theirs)) return ours;
  return isSame(base, ours) ? theirs : settle();
}

export function isSame(a: unknown, b: unknown): boolean {
  return canonicalJson(a ?? null) === canonicalJson(b ?? null);
}
