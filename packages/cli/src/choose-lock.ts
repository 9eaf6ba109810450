import path from "node:path";
import { type Lock, parseLock, readLock } from "@prosody-foundry/lockfile";
import type { ChosenLock } from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { runShowLock } from "./run-git.ts";

/**
 * The lock an image is held against: the file that was named; else that of the commit the image names, where git has it;
 * else the one in the work tree.
 * @throws UserError LOCK_MISSING and those of parseLock
 */
export async function chooseLock(
  context: Context,
  { file, revision }: { file: string | undefined; revision: string | null },
): Promise<ChosenLock> {
  if (file !== undefined) return { lock: await readLock(path.resolve(file)), name: file };
  const own = "modules.lock.json";
  const shown = isRevision(revision) ? await runShowLock(context, `${revision}:`) : null;
  if (shown !== null) {
    return { lock: parseLock(shown.text, shown.name), name: `${own} of commit ${revision?.slice(0, 12)}` };
  }
  return { lock: await readLock(context.lockFile), name: `${own} as it is here` };
}

// Whatever stands in an annotation must not become an option of git's.
function isRevision(revision: string | null): boolean {
  return revision !== null && /^[0-9a-f]{40}$/u.test(revision);
}

/** The lock of the work tree, to tell what has moved since; undefined where there is none. */
export async function readLockHere(context: Context): Promise<Lock | undefined> {
  return readLock(context.lockFile, { missing: "empty" });
}
