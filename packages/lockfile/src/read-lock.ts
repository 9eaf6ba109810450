import { readFile } from "node:fs/promises";
import { UserError } from "@prosody-foundry/kit";
import { parseLock } from "./parse.ts";
import { type Lock, emptyLock } from "./schema.ts";

export interface ReadLockOptions {
  /** What a lock that is not there means: an error, unless this says an empty lock. */
  missing?: "empty";
}

/**
 * The lock in a file.
 * @throws UserError LOCK_MISSING, and those of parseLock.
 */
export async function readLock(file: string, options: ReadLockOptions = {}): Promise<Lock> {
  const data = await readFile(file).catch(ignoreMissing);
  if (data !== undefined) return parseLock(data, file);
  if (options.missing === "empty") return emptyLock();
  throw new UserError("LOCK_MISSING", `There is no ${file}`, {
    hint: "Run `foundry module add mod_x` to lock a first module, or go to the repository's top folder.",
  });
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}
