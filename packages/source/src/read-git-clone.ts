import path from "node:path";
import { runExclusive } from "@prosody-foundry/kit";
import { type Location, nameLocation } from "./location.ts";
import { unreachable } from "./revision.ts";
import { askGit, checkGitFailure, type GitFolder, openGitFolder } from "./run-git.ts";
import type { SourceContext } from "./source.ts";

/** The branch the other side calls its own, under a name no branch of theirs can have. */
export const newest = "refs/foundry/newest";
const refspecs = [`+HEAD:${newest}`, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

/** The clone, once what it has is enough or all that can be had. */
export type FindClone = (isEnough: (clone: GitFolder) => Promise<boolean>) => Promise<GitFolder>;

/** The bare clone, fetched at most once in a process, and only when what it has is not enough. */
export function keepClone(context: SourceContext, location: Location): FindClone {
  const folder = path.join(context.cacheDir, "git", `${nameLocation(location)}.git`);
  let opened: Promise<GitFolder> | undefined;
  let fetched: Promise<void> | undefined;
  return async (isEnough) => {
    opened ??= openClone(folder, context);
    const clone = await opened;
    const present = (await findObject(clone, newest)) !== undefined;
    if (present && (context.offline || (await isEnough(clone)))) return clone;
    fetched ??= runExclusive(folder, () => fetchAll(clone, context, location.address), { onWait: context.progress });
    await fetched;
    return clone;
  };
}

async function openClone(folder: string, context: SourceContext): Promise<GitFolder> {
  const clone = await openGitFolder(folder, context);
  await runExclusive(folder, () => askGit(clone, ["init", "--quiet", "--bare", "."]), { onWait: context.progress });
  return clone;
}

async function fetchAll(clone: GitFolder, context: SourceContext, address: string): Promise<void> {
  if (context.offline) throw unreachable(address, "this command works offline and its cache has no clone");
  context.progress(`Fetching ${address}`);
  const options = ["--force", "--prune", "--no-tags", "--no-write-fetch-head", "--progress"];
  await clone.git.raw(["fetch", ...options, "--", address, ...refspecs]).catch((error: Error) => {
    checkGitFailure(error);
    throw unreachable(address, error.message.trim(), error);
  });
}

/** @param prefix - what the id has to begin with, because a branch may be called like a hash */
export async function findObject(clone: GitFolder, name: string, prefix = ""): Promise<string | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", name];
  const id = (await askGit(clone, args).catch(whenAmbiguous)).trim();
  return id !== "" && id.startsWith(prefix) ? id : undefined;
}

// Too short a prefix is as good as none.
function whenAmbiguous(error: Error): string {
  if (!error.message.includes("ambiguous")) throw error;
  return "";
}

export async function hasObject(clone: GitFolder, name: string, prefix: string): Promise<boolean> {
  return (await findObject(clone, name, prefix)) !== undefined;
}
