import { isUserError } from "@prosody-foundry/kit";
import { type Lock, parseLock } from "@prosody-foundry/lockfile";
import type { Context } from "./context.ts";
import { runShowLock } from "./run-git.ts";

/** The lock of the last commit; undefined where there is none, or none that can be read. */
export async function readCommittedLock(context: Context): Promise<Lock | undefined> {
  try {
    const shown = await runShowLock(context, "HEAD:");
    return shown === null ? undefined : parseLock(shown.text, shown.name);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return undefined;
  }
}
