import { readFile } from "node:fs/promises";
import { mergeLocks } from "./merge.ts";
import { parseLock } from "./parse.ts";
import { type Lock, emptyLock } from "./schema.ts";
import type { LockConflict, Sides } from "./sides.ts";
import { writeLock } from "./write-lock.ts";

/**
 * As a merge driver of git's: writes the merged lock into the file `ours`, unless both sides changed the same; answers
 * with what they did.
 * @throws UserError those of parseLock.
 */
export async function mergeLockFiles({ base, ours, theirs }: Sides<string>): Promise<LockConflict[]> {
  const { lock, conflicts } = mergeLocks(await readSide(base), await readSide(ours), await readSide(theirs));
  if (conflicts.length === 0) await writeLock(ours, lock);
  return conflicts;
}

// Git gives an empty file for a base that has none.
async function readSide(file: string): Promise<Lock> {
  const data = await readFile(file);
  return data.length === 0 ? emptyLock() : parseLock(data, file);
}
