import path from "node:path";
import { checkContent, checkCount, checkEntryType, checkSizes } from "./check.ts";
import { makeContent, type ModuleContent } from "./content.ts";
import {
  hasFlat,
  historyPaths,
  type ListedTree,
  mayBelong,
  namesAmong,
  placeFiles,
  readShape,
  type TreeShape,
} from "./flat.ts";
import { commitFormat, parseCommit, parseTouched } from "./git-log.ts";
import { keepLog, type KnownNewest, type LogReading } from "./keep-log.ts";
import type { Location } from "./location.ts";
import { parseBlame } from "./line-dates.ts";
import { type LogPart, toRow } from "./log-record.ts";
import type { PinReading } from "./reading.ts";
import { modulePath, unknownFile, unknownModule, unknownRevision } from "./revision.ts";
import { askGit, type GitFolder, listGitFiles } from "./run-git.ts";
import { type FindClone, findObject, hasObject, keepClone, newest } from "./read-git-clone.ts";
import type { Changeset, RevisionDate, SourceContext, SourceSpec } from "./source.ts";

/**
 * A git tree, through a bare clone in the cache. Bytes come from the object store, so no attribute and no setting for
 * line ends touches them. A pin is found by its tree id, whatever the commits are called here.
 */
export function openGit(spec: SourceSpec, context: SourceContext, location: Location): PinReading {
  const tree: GitTree = { spec, findClone: keepClone(context, location) };
  const log: LogReading = {
    readAfter: (known) => readAfter(tree, known),
    readShape: async (node) => readShapeAt(await tree.findClone(async () => true), node, spec),
  };
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
    readLog: () => keepLog(log, `git ${location.address} ${spec.folder}`.trimEnd(), context),
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
  return namesAmong(await listTop(clone, commit, tree.spec));
}

/** What lies directly in the modules' folder; folders end with "/". */
async function listTop(clone: GitFolder, commit: string, { folder }: SourceSpec): Promise<string[]> {
  const where = folder === "" ? [] : [`${folder}/`];
  const entries = splitZero(await askGit(clone, ["ls-tree", "-z", commit, "--", ...where])).map(parseEntry);
  return entries.map((entry) => path.posix.basename(entry.path) + (entry.type === "tree" ? "/" : ""));
}

async function readModule(tree: GitTree, node: string, name: string): Promise<ModuleContent> {
  const { clone, commit } = await findCommit(tree, node);
  const top = await listTop(clone, commit, tree.spec);
  if (top.includes(`${name}.lua`)) {
    const listed = await listTree(clone, commit, tree.spec);
    const placed = await placeFiles(listed, name);
    const entries = listed.entries.filter((entry) => placed.has(entry.path));
    return readEntries(
      clone,
      entries.map((entry) => ({ ...entry, path: placed.get(entry.path) ?? "" })),
      name,
    );
  }
  if (!top.includes(`${name}/`)) throw unknownModule(name, tree.spec, namesAmong(top));
  return readFolder(clone, `${commit}:${modulePath(tree.spec, name)}`, name);
}

/** All that may belong to modules, to be looked into where they are not in folders of their own. */
async function listTree(
  clone: GitFolder,
  commit: string,
  spec: SourceSpec,
): Promise<ListedTree & { entries: Entry[] }> {
  const inside = modulePath(spec, "");
  const where = inside === "" ? [] : [inside];
  const listing = await listGitFiles(clone, [commit, "--", ...where], spec.name);
  const below = splitZero(listing).map(parseEntry);
  const entries = below
    .map((entry) => ({ ...entry, path: entry.path.slice(inside.length) }))
    .filter((entry) => mayBelong(entry.path));
  const byPath = new Map(entries.map((entry) => [entry.path, entry]));
  return {
    entries,
    paths: new Set(byPath.keys()),
    readText: async (file) => {
      const { type = "", size = 0, id = "" } = byPath.get(file) ?? {};
      checkEntryType(spec.name, file, type);
      checkSizes(file, [size]);
      return new TextDecoder().decode(await readBlob(clone, id));
    },
  };
}

async function readHistory(tree: GitTree, name: string, node: string | undefined): Promise<Changeset[]> {
  const clone = node === undefined ? await tree.findClone(async () => false) : (await findCommit(tree, node)).clone;
  const shape = await readShapeAt(clone, node ?? newest, tree.spec);
  const history = await readCommits(
    clone,
    node ?? newest,
    historyPaths(shape, name).map((file) => modulePath(tree.spec, file)),
  );
  if (history.length > 0) return history;
  throw unknownModule(name, tree.spec, shape.modules);
}

async function readShapeAt(clone: GitFolder, commit: string, spec: SourceSpec): Promise<TreeShape> {
  const top = await listTop(clone, commit, spec);
  if (!hasFlat(top)) return { modules: namesAmong(top), flat: {} };
  return readShape(await listTree(clone, commit, spec));
}

async function readLineDates(tree: GitTree, node: string, file: string): Promise<string[]> {
  const { clone, commit } = await findCommit(tree, node);
  const listing = await askGit(clone, ["ls-tree", "-z", commit, "--", file]);
  if (splitZero(listing).map(parseEntry)[0]?.type !== "file") throw unknownFile(file, tree.spec);
  // An empty name forgets a user's own list of commits to pass over.
  return parseBlame(await askGit(clone, ["blame", "--porcelain", "--ignore-revs-file=", commit, "--", file]));
}

async function readFolder(clone: GitFolder, tree: string, name: string): Promise<ModuleContent> {
  const listing = await listGitFiles(clone, [tree], name);
  return readEntries(clone, splitZero(listing).map(parseEntry), name);
}

async function readEntries(clone: GitFolder, entries: readonly Entry[], name: string): Promise<ModuleContent> {
  checkCount(name, entries.length);
  for (const { type, path: file } of entries) checkEntryType(name, file, type);
  checkSizes(
    name,
    entries.map(({ size }) => size),
  );
  const files = entries.map(async ({ id, executable, path: file }) => ({
    path: file,
    executable,
    bytes: await readBlob(clone, id),
  }));
  const content = makeContent(name, await Promise.all(files));
  checkContent(content);
  return content;
}

async function readBlob(clone: GitFolder, id: string): Promise<Uint8Array> {
  const bytes: unknown = await clone.git.binaryCatFile(["blob", id]);
  if (!(bytes instanceof Uint8Array)) throw new TypeError(`git gave no bytes for ${id}`);
  return bytes;
}

interface Entry {
  id: string;
  /** file, symlink, commit (a submodule) or tree (a folder). */
  type: string;
  executable: boolean;
  size: number;
  path: string;
}

const types: Record<string, string> = { "100644": "file", "100664": "file", "100755": "file", "120000": "symlink" };

// "<mode> <type> <id> <size>\t<path>"
function parseEntry(line: string): Entry {
  const at = line.indexOf("\t");
  const [mode = "", kind = "", id = "", size = ""] = line.slice(0, at).split(/\s+/u);
  return { id, type: types[mode] ?? kind, executable: mode === "100755", size: Number(size), path: line.slice(at + 1) };
}

function splitZero(text: string): string[] {
  return text.split("\0").filter((item) => item !== "");
}

async function dateCommit(clone: GitFolder, commit: string): Promise<RevisionDate> {
  const [first] = await readCommits(clone, commit);
  if (first === undefined) throw new TypeError(`git shows no commit ${commit}`);
  return { node: first.node, date: first.date };
}

const order = ["--full-history", "--topo-order"];

/** @param files - those whose changes count; without them the first commit alone */
async function readCommits(clone: GitFolder, from: string, files: readonly string[] = []): Promise<Changeset[]> {
  // Merges are left out: hg does not count those either that only bring two lines of work together.
  const range = files.length === 0 ? ["--max-count=1"] : [...order, "--no-merges"];
  const options = ["--no-show-signature", `--format=${commitFormat}`, ...range];
  const text = await askGit(clone, ["log", "-z", ...options, from, "--", ...files]);
  return splitZero(text).map((line) => parseCommit(line).changeset);
}

async function readAfter(tree: GitTree, known: KnownNewest | undefined): Promise<LogPart | undefined> {
  const clone = await tree.findClone(async () => false);
  const tip = await findObject(clone, newest);
  if (tip === known?.node) return { rows: [], position: 0 };
  if (known !== undefined && !(await isAncestor(clone, known.node, newest))) return undefined;
  const range = known === undefined ? newest : `${known.node}..${newest}`;
  const commits = await askGit(clone, [
    "log",
    "-z",
    "--no-show-signature",
    `--format=${commitFormat}`,
    ...order,
    range,
    "--",
  ]);
  const folder = tree.spec.folder === "" ? [] : [tree.spec.folder];
  // The same commits as in readCommits, by the same rules, and the paths they touched.
  const naming = ["--no-merges", "--name-status", "--find-renames", "--format=%x1e%H"];
  const touched = await askGit(clone, [
    "log",
    "-z",
    "--no-show-signature",
    ...naming,
    ...order,
    range,
    "--",
    ...folder,
  ]);
  const touches = parseTouched(touched);
  const rows = splitZero(commits).map((line) => {
    const { changeset, parents } = parseCommit(line);
    return toRow({ ...changeset, parents }, touches.get(changeset.node) ?? { paths: [], moved: [] }, tree.spec);
  });
  return { rows, position: 0 };
}

async function isAncestor(clone: GitFolder, older: string, newer: string): Promise<boolean> {
  if (!(await hasObject(clone, `${older}^{commit}`, older))) return false;
  return (await askGit(clone, ["rev-list", "--max-count=1", older, `^${newer}`])) === "";
}
