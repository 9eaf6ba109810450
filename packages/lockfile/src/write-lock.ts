import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { type ExclusiveOptions, runExclusive, writeFileWhole } from "@prosody-foundry/kit";
import { formatLock } from "./format.ts";
import { parseLock } from "./parse.ts";
import { readLock } from "./read-lock.ts";
import type { Lock } from "./schema.ts";

/** What an update found, what it left, and whether the file changed. */
export interface LockUpdate {
  before: Lock;
  after: Lock;
  written: boolean;
}

/**
 * Writes the lock whole or not at all, and not when the file says the same already; the answer says which.
 * Text that readLock would refuse is never written.
 */
export async function writeLock(file: string, lock: Lock): Promise<boolean> {
  const text = formatLock(lock);
  parseLock(text, file);
  return writeFileWhole(file, text);
}

/**
 * Reads, changes and writes the lock while no other command of ours does; a missing file is an empty lock.
 * @throws UserError BUSY, those of parseLock, and what `change` throws: then nothing is written.
 */
export async function updateLock(
  file: string,
  change: (lock: Lock) => Lock | Promise<Lock>,
  options: ExclusiveOptions = {},
): Promise<LockUpdate> {
  const update = async (): Promise<LockUpdate> => {
    await removeLeftovers(file);
    const before = await readLock(file, { missing: "empty" });
    const after = await change(structuredClone(before));
    return { before, after, written: await writeLock(file, after) };
  };
  return runExclusive(file, update, options);
}

/** Temp files of a writer that was killed: nobody else writes while we hold the file. */
async function removeLeftovers(file: string): Promise<void> {
  const names = await readdir(path.dirname(file));
  const left = names.filter((name) => name.startsWith(`${path.basename(file)}.`) && /\.\d+$/u.test(name));
  for (const name of left) await rm(path.join(path.dirname(file), name), { force: true });
}
