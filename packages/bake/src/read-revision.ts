import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import type { RevisionRelease } from "@prosody-foundry/images";
import { isUserError } from "@prosody-foundry/kit";
import type { BakeContext } from "./engine.ts";
import { mirrorOf } from "./mirror.ts";
import { type CachedFile, inputUnreachable, keepFile, readCached, refuseInput, refuseOffline } from "./read-cached.ts";
import { download } from "./read-url.ts";

/** The tree of a revision as a gzipped tar with one folder at its top, checked by its git tree id. */
export async function readRevision(context: BakeContext, release: RevisionRelease): Promise<CachedFile> {
  const file = path.join(context.cacheDir, "inputs", `tree-${release.tree}.tar.gz`);
  const cached = await readCached(file);
  if (cached !== undefined) return cached;
  await mkdir(context.cacheDir, { recursive: true });
  refuseOffline(context, `Prosody ${release.version}`);
  const work: Work = { context, release, folder: await mkdtemp(path.join(context.cacheDir, "fetch-")) };
  try {
    const made = release.kind === "git" ? await fetchGit(work) : await fetchHg(work);
    return await keepFile(made, file, `${placeOf(work)} at ${release.node.slice(0, 12)}`);
  } finally {
    await rm(work.folder, { recursive: true, force: true });
  }
}

export interface Work {
  context: BakeContext;
  release: RevisionRelease;
  /** Temp folder of this fetch. */
  folder: string;
}

export function placeOf({ context, release }: Work): string {
  return mirrorOf(context, release.url) ?? release.url;
}

async function fetchGit(work: Work): Promise<string> {
  const repository = await openGit(work);
  return packTree(work, repository, await git(work, ["-C", repository, "rev-parse", `${work.release.node}^{tree}`]));
}

/** A bare repository that has the revision; in the folder of the work. @throws UserError INPUT_UNREACHABLE */
export async function openGit(work: Work): Promise<string> {
  const { release, folder } = work;
  const repository = path.join(folder, "git");
  await git(work, ["init", "--quiet", "--bare", repository]);
  work.context.progress(`Fetching ${placeOf(work)} at ${release.node.slice(0, 12)}`);
  const fetchOne = ["-C", repository, "fetch", "--quiet", "--depth=1", placeOf(work), release.node];
  await git(work, fetchOne).catch((error: unknown) => {
    if (!isUserError(error, "COMMAND_FAILED")) throw error;
    // The command's own first line is ours; what git said comes after it.
    throw inputUnreachable(`Prosody ${release.version}`, [error.message.split("\n").slice(1).join(" ")], error);
  });
  return repository;
}

async function fetchHg(work: Work): Promise<string> {
  const { repository, tree } = await openHg(work);
  return packTree(work, repository, tree);
}

/** A bare git repository with the files of the revision, and their tree. */
export async function openHg(work: Work): Promise<{ repository: string; tree: string }> {
  const { folder } = work;
  const checkout = path.join(folder, "tree");
  await mkdir(checkout);
  await (/^https?:/u.test(placeOf(work)) ? unpackArchive(work, checkout) : exportLocal(work, checkout));
  // hg's own note about the archive is no part of the revision.
  await rm(path.join(checkout, ".hg_archival.txt"), { force: true });
  const repository = path.join(folder, "git");
  await git(work, ["init", "--quiet", "--bare", repository]);
  const tree = ["--git-dir", repository, "--work-tree", checkout];
  await git(work, ["-c", "core.autocrlf=false", "-c", "core.fileMode=true", ...tree, "add", "--all", "--force", "."]);
  return { repository, tree: await git(work, ["--git-dir", repository, "write-tree"]) };
}

async function unpackArchive(work: Work, checkout: string): Promise<void> {
  const archive = path.join(work.folder, "archive.tar.gz");
  const url = `${placeOf(work).replace(/\/+$/u, "")}/archive/${work.release.node}.tar.gz`;
  await download(work.context, url, archive);
  const args = ["--extract", "--gzip", "--file", archive, "--directory", checkout, "--strip-components=1"];
  await work.context.exec("tar", args).catch((error: unknown) => {
    if (isUserError(error, "COMMAND_FAILED")) throw refuseInput(url, "a gzipped tar", "something else");
    throw error;
  });
}

async function exportLocal(work: Work, checkout: string): Promise<void> {
  const { context, release } = work;
  const args = ["--repository", placeOf(work), "archive", "--rev", release.node, "--type", "files", checkout];
  await context.exec("hg", args, { env: { HGPLAIN: "1" } }).catch((error: unknown) => {
    if (!isUserError(error, "COMMAND_FAILED", "COMMAND_MISSING")) throw error;
    throw inputUnreachable(`Prosody ${release.version}`, [error.message], error);
  });
}

async function packTree(work: Work, repository: string, tree: string): Promise<string> {
  const { release } = work;
  if (tree !== release.tree) {
    throw refuseInput(`Prosody ${release.version} from ${placeOf(work)}`, `tree ${release.tree}`, tree);
  }
  const file = path.join(work.folder, "source.tar.gz");
  await git(work, [
    "--git-dir",
    repository,
    "archive",
    "--prefix=prosody/",
    "--format=tar.gz",
    `--output=${file}`,
    tree,
  ]);
  return file;
}

/** No configuration of the user's may change what git does to content. */
const cleanGit = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1", GIT_TERMINAL_PROMPT: "0" };

export async function git(work: Work, args: readonly string[]): Promise<string> {
  const result = await work.context.exec("git", args, { env: cleanGit });
  return result.stdout.trim();
}
