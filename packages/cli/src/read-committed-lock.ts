import path from "node:path";
import { isUserError } from "@prosody-foundry/kit";
import { type Lock, parseLock } from "@prosody-foundry/lockfile";
import type { Context } from "./context.ts";

/** The lock of the last commit; undefined where there is none, or none that can be read. */
export async function readCommittedLock({ exec, root, lockFile }: Context): Promise<Lock | undefined> {
  const name = `HEAD:./${path.basename(lockFile)}`;
  // What a git hook leaves in the environment would lead to another repository.
  const env = { GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined };
  try {
    const { exitCode, stdout } = await exec("git", ["-C", root, "show", name], { env, accept: "any" });
    return exitCode === 0 ? parseLock(stdout, name) : undefined;
  } catch (error) {
    if (!isUserError(error)) throw error;
    return undefined;
  }
}
