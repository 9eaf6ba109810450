import path from "node:path";
import { isUserError } from "@prosody-foundry/kit";
import type { Context } from "./context.ts";

type Repository = Pick<Context, "exec" | "root">;

/** Git in the repository; null where it has no answer: no repository, no such revision, no git. */
export async function runGit({ exec, root }: Repository, args: readonly string[]): Promise<string | null> {
  // What a git hook leaves in the environment would lead to another repository.
  const env = { GIT_DIR: undefined, GIT_WORK_TREE: undefined, GIT_INDEX_FILE: undefined };
  try {
    const { exitCode, stdout } = await exec("git", ["-C", root, ...args], { env, accept: "any" });
    return exitCode === 0 ? stdout : null;
  } catch (error) {
    if (!isUserError(error, "COMMAND_MISSING")) throw error;
    return null;
  }
}

/** Whether the repository here has that commit: 40 or 64 hex digits. */
export async function knowsCommit(repository: Repository, commit: string): Promise<boolean> {
  return (await runGit(repository, ["cat-file", "-e", `${commit}^{commit}`])) !== null;
}

/** The lock as git has it at a place, as `HEAD:` or `:1:`, and what to call it in errors. */
export async function runShowLock(
  context: Repository & Pick<Context, "lockFile">,
  place: string,
): Promise<{ text: string; name: string } | null> {
  const name = `${place}./${path.basename(context.lockFile)}`;
  const text = await runGit(context, ["show", name]);
  return text === null ? null : { text, name };
}
