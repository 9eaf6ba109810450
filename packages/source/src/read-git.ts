import path from "node:path";
import { runExclusive } from "@prosody-foundry/kit";
import { checkContent, checkEntryType, checkSizes } from "./check.ts";
import { makeContent, type ModuleContent } from "./content.ts";
import { type Location, nameLocation } from "./location.ts";
import { parseBlame } from "./line-dates.ts";
import type { PinReading } from "./reading.ts";
import { modulePath, unknownFile, unknownModule, unknownRevision, unreachable } from "./revision.ts";
import { askGit, checkGitFailure, type GitFolder, openGitFolder } from "./run-git.ts";
import type { Changeset, RevisionDate, SourceContext, SourceSpec } from "./source.ts";

// The branch the other side calls its own, under a name no branch of theirs can have.
const newest = "refs/foundry/newest";
const refspecs = [`+HEAD:${newest}`, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

/**
 * A git tree, through a bare clone in the cache. Bytes come from the object store, so no attribute and no setting for
 * line ends touches them. A pin is found by its tree id, whatever the commits are called here.
 */
export function openGit(spec: SourceSpec, context: SourceContext, location: Location): PinReading {
  const tree: GitTree = { spec, findClone: keepClone(context, location) };
  return {
    listModules: (node) => listModules(tree, node),
    readModule: (node, name) => readModule(tree, node, name),
    readHistory: (name, node) => readHistory(tree, name, node),
    readLineDates: (node, name, file) => readLineDates(tree, node, `${modulePath(spec, name)}/${file}`),
    readNewest: async () => dateCommit(await tree.findClone(async () => false), newest),
    resolveRevision: async (prefix) => {
      const { clone, commit } = await findCommit(tree, prefix);
      return dateCommit(clone, commit);
    },
    readPinned: async (pin) => {
      const find = async (clone: GitFolder): Promise<boolean> => hasObject(clone, `${pin.tree}^{tree}`, pin.tree);
      const clone = await tree.findClone(find);
      if (await find(clone)) return { content: await readFolder(clone, pin.tree, pin.name), exact: true };
      return { content: await readModule(tree, pin.node, pin.name), exact: true };
    },
  };
}

interface GitTree {
  spec: SourceSpec;
  findClone: FindClone;
}

async function findCommit({ spec, findClone }: GitTree, node: string): Promise<{ clone: GitFolder; commit: string }> {
  const clone = await findClone((present) => hasObject(present, `${node}^{commit}`, node));
  const commit = await findObject(clone, `${node}^{commit}`, node);
  if (commit === undefined) throw unknownRevision(node, spec);
  return { clone, commit };
}

async function listModules(tree: GitTree, node: string): Promise<string[]> {
  const { clone, commit } = await findCommit(tree, node);
  const where = tree.spec.folder === "" ? [] : [`${tree.spec.folder}/`];
  const listing = await askGit(clone, ["ls-tree", "-z", "-d", "--name-only", commit, "--", ...where]);
  const names = splitZero(listing).map((name) => path.posix.basename(name));
  return names.filter((name) => name.startsWith("mod_")).toSorted();
}

async function readModule(tree: GitTree, node: string, name: string): Promise<ModuleContent> {
  const { clone, commit } = await findCommit(tree, node);
  const args = ["ls-tree", "-z", "-d", commit, "--", modulePath(tree.spec, name)];
  const folder = splitZero(await askGit(clone, args)).map((line) => parseEntry(line).id)[0];
  if (folder === undefined) throw unknownModule(name, tree.spec, await listModules(tree, commit));
  return readFolder(clone, folder, name);
}

async function readHistory(tree: GitTree, name: string, node: string | undefined): Promise<Changeset[]> {
  const clone = node === undefined ? await tree.findClone(async () => false) : (await findCommit(tree, node)).clone;
  const history = await readLog(clone, node ?? newest, modulePath(tree.spec, name));
  if (history.length > 0) return history;
  const { node: until } = await dateCommit(clone, node ?? newest);
  throw unknownModule(name, tree.spec, await listModules(tree, until));
}

async function readLineDates(tree: GitTree, node: string, file: string): Promise<string[]> {
  const { clone, commit } = await findCommit(tree, node);
  const listing = await askGit(clone, ["ls-tree", "-z", commit, "--", file]);
  if (splitZero(listing).map((line) => parseEntry(line).type)[0] !== "file") throw unknownFile(file, tree.spec);
  // An empty name forgets a user's own list of commits to pass over.
  return parseBlame(await askGit(clone, ["blame", "--porcelain", "--ignore-revs-file=", commit, "--", file]));
}

type FindClone = (isEnough: (clone: GitFolder) => Promise<boolean>) => Promise<GitFolder>;

/** The bare clone, fetched at most once in a process, and only when what it has is not enough. */
function keepClone(context: SourceContext, location: Location): FindClone {
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
async function findObject(clone: GitFolder, name: string, prefix = ""): Promise<string | undefined> {
  const args = ["rev-parse", "--verify", "--quiet", "--end-of-options", name];
  const id = (await askGit(clone, args).catch(whenAmbiguous)).trim();
  return id !== "" && id.startsWith(prefix) ? id : undefined;
}

// Too short a prefix is as good as none.
function whenAmbiguous(error: Error): string {
  if (!error.message.includes("ambiguous")) throw error;
  return "";
}

async function hasObject(clone: GitFolder, name: string, prefix: string): Promise<boolean> {
  return (await findObject(clone, name, prefix)) !== undefined;
}

async function readFolder(clone: GitFolder, tree: string, name: string): Promise<ModuleContent> {
  const lines = splitZero(await askGit(clone, ["ls-tree", "-z", "-r", "--long", tree])).map(parseEntry);
  for (const { type, path: file } of lines) checkEntryType(name, file, type);
  checkSizes(
    name,
    lines.map(({ size }) => size),
  );
  const files = lines.map(async ({ id, executable, path: file }) => {
    const bytes: unknown = await clone.git.binaryCatFile(["blob", id]);
    if (!(bytes instanceof Uint8Array)) throw new TypeError(`git gave no bytes for ${id}`);
    return { path: file, executable, bytes };
  });
  const content = makeContent(name, await Promise.all(files));
  checkContent(content);
  return content;
}

const types: Record<string, string> = { "100644": "file", "100664": "file", "100755": "file", "120000": "symlink" };

// "<mode> <type> <id> <size>\t<path>"
function parseEntry(line: string): { id: string; type: string; executable: boolean; size: number; path: string } {
  const at = line.indexOf("\t");
  const [mode = "", kind = "", id = "", size = ""] = line.slice(0, at).split(/\s+/u);
  return { id, type: types[mode] ?? kind, executable: mode === "100755", size: Number(size), path: line.slice(at + 1) };
}

function splitZero(text: string): string[] {
  return text.split("\0").filter((item) => item !== "");
}

async function dateCommit(clone: GitFolder, commit: string): Promise<RevisionDate> {
  const [first] = await readLog(clone, commit);
  if (first === undefined) throw new TypeError(`git shows no commit ${commit}`);
  return { node: first.node, date: first.date };
}

// Merges are left out: hg does not count those either that only bring two lines of work together.
async function readLog(clone: GitFolder, from: string, file?: string): Promise<Changeset[]> {
  const format = "--format=%H%x1f%cI%x1f%an <%ae>%x1f%s";
  const range = file === undefined ? ["--max-count=1"] : ["--full-history", "--no-merges", "--topo-order"];
  const only = file === undefined ? [] : [file];
  const text = await askGit(clone, ["log", "-z", "--no-show-signature", format, ...range, from, "--", ...only]);
  return splitZero(text).map((line) => {
    const [node = "", date = "", author = "", subject = ""] = line.split("\u001F");
    return { node, date: new Date(date).toISOString(), author, subject };
  });
}
