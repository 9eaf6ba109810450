import { readFile } from "node:fs/promises";
import path from "node:path";
import { isUserError, runExclusive, UserError } from "@prosody-foundry/kit";
import { parseLock, writeLock } from "@prosody-foundry/lockfile";
import { checkPins, findWrong, type PinCheck } from "./check-pins.ts";
import type { Context } from "./context.ts";
import { type MendedLock, mendLock, refuseWrong } from "./mend-lock.ts";
import { readCommittedLock } from "./read-committed-lock.ts";
import { readLockSides } from "./read-lock-sides.ts";
import { withScratch } from "./run-scratch.ts";

export interface MendReport extends MendedLock {
  checks: PinCheck[];
  wrong: string[];
}

/**
 * Mends the lock when it cannot be read as it is: merges, checks at the sources what changed, and writes it; null when it
 * can be read.
 * @throws UserError those of mendLock; LOCK_CHANGED for an entry that nobody vouches for: then nothing is written.
 */
export async function runMend(context: Context): Promise<MendReport | null> {
  const file = path.basename(context.lockFile);
  const text = await readText(context.lockFile);
  if (text === null || isWhole(text)) return null;
  const sides = await readLockSides(context, text);
  const committed = await readCommittedLock(context);
  const mended = mendLock({ text, file, sides, committed });
  const checks = await withScratch(context.cacheDir, (cacheDir) =>
    checkPins({ ...context, cacheDir }, mended.lock, mended.recheck),
  );
  const wrong = findWrong(checks);
  const refused = mended.unproven.filter((key) => wrong.includes(key));
  if (refused.length > 0) throw refuseWrong(file, refused, checks);
  const write = async (): Promise<void> => {
    if ((await readText(context.lockFile)) !== text) throw changedMeanwhile(file);
    await writeLock(context.lockFile, mended.lock);
  };
  await runExclusive(context.lockFile, write, { onWait: (message) => context.say(message) });
  return { ...mended, checks, wrong };
}

async function readText(file: string): Promise<string | null> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return null;
  });
}

function isWhole(text: string): boolean {
  try {
    parseLock(text);
    return true;
  } catch (error) {
    if (!isUserError(error)) throw error;
    return false;
  }
}

function changedMeanwhile(file: string): UserError {
  return new UserError("LOCK_CHANGED", `${file} was changed while it was mended`, { hint: "Run the command again." });
}
