import { readFile } from "node:fs/promises";
import path from "node:path";
import { compareText, UserError } from "@prosody-foundry/kit";
import type { Context } from "./context.ts";
import { runGit } from "./run-git.ts";

/**
 * Files of the repository that differ from the last commit, by their path in it: the new text, or null for one that is gone.
 * @throws UserError COMMIT_MISSING where git has nothing to compare with.
 */
export async function readChanges({
  exec,
  root,
}: Pick<Context, "exec" | "root">): Promise<Record<string, string | null>> {
  const asked = ["status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=all", "--", "."];
  const status = await runGit({ exec, root }, asked);
  const prefix = (await runGit({ exec, root }, ["rev-parse", "--show-prefix"]))?.trim();
  if (status === null || prefix === undefined) {
    throw new UserError("COMMIT_MISSING", `Git knows nothing of ${root}`, {
      hint: "Work in a clone of the repository.",
    });
  }
  const files: Record<string, string | null> = {};
  // Two letters, a space, and the path from the top of the work tree.
  const lines = status.split("\0").filter((line) => line !== "");
  for (const name of lines.map((line) => line.slice(3 + prefix.length)).toSorted(compareText)) {
    files[name] = await readFile(path.join(root, name), "utf8").catch(nullWhenMissing);
  }
  return files;
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code !== "ENOENT") throw error;
  return null;
}
