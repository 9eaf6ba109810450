import { mkdir, mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { type CommandResult, type Exec, isUserError, UserError } from "@prosody-foundry/kit";
import { z } from "zod";
import type { ModuleContent, ModuleFile } from "./content.ts";
import { hasFlat, historyPaths, type ListedTree, mayBelong, namesAmong, readShape, type TreeShape } from "./flat.ts";
import { HgChangeset, logTemplate, parseLog, toChangeset } from "./hg-log.ts";
import type { KnownNewest, LogReading } from "./keep-log.ts";
import { dayOfHg, HgAnnotation } from "./line-dates.ts";
import type { LogPart } from "./log-record.ts";
import type { Reading } from "./reading.ts";
import { modulePath, unknownFile, unknownModule, unknownRevision, unreachable } from "./revision.ts";
import type { Changeset, RevisionDate, SourceContext, SourceSpec } from "./source.ts";
import { readTar } from "./read-tar.ts";
import { hasMainFile, listTree, pickModule, type ReadTree, rememberTree } from "./tree.ts";

// No configuration of the user's or the machine's: a plugin could change what hg prints or what a file holds.
const plain = { HGPLAIN: "1", HGRCPATH: "", HGENCODING: "UTF-8" };

/**
 * Runs hg and takes every exit code for an answer.
 * @throws UserError HG_MISSING
 */
export async function runHg(exec: Exec, args: readonly string[]): Promise<CommandResult> {
  return exec("hg", ["--config=http.timeout=60", ...args], { env: plain, accept: "any", timeout: 600_000 }).catch(
    (error: unknown) => {
      if (!isUserError(error, "COMMAND_MISSING")) throw error;
      throw new UserError("HG_MISSING", "Mercurial (hg) is needed for this and is not installed", {
        hint: "Install it (Debian: apt-get install mercurial), or use an http(s) address of the source.",
        cause: error,
      });
    },
  );
}

/** The folder of a repository; told the revision that is wanted, to fetch it first where that can help. */
export type FindRepository = (revision: string | undefined) => Promise<string>;

interface Repository {
  spec: SourceSpec;
  exec: Exec;
  find: FindRepository;
  readTree: ReadTree;
  readFolder: (node: string, folder: string) => Promise<ModuleFile[]>;
}

/** A Mercurial repository on this machine, with or without a work tree, which is never looked at. */
export function openHgRepository(spec: SourceSpec, context: SourceContext, find: FindRepository): Reading & LogReading {
  const readFolder = (node: string, folder: string): Promise<ModuleFile[]> =>
    readArchive(repository, context.cacheDir, { node, folder });
  const readTree = rememberTree((node) => readFolder(node, spec.folder));
  const repository: Repository = { spec, exec: context.exec, find, readTree, readFolder };
  return {
    listModules: async (node) => namesAmong(await listFiles(repository, node)),
    readNewest: () => findRevision(repository, undefined),
    resolveRevision: (prefix) => findRevision(repository, prefix),
    readHistory: (name, node) => readHistory(repository, name, node),
    readLineDates: (node, name, file) => readLineDates(repository, node, `${modulePath(spec, name)}/${file}`),
    readModule: (node, name) => readModule(repository, node, name),
    readAfter: (known) => readAfter(repository, known),
    readShape: (node) => readShapeAt(repository, node),
  };
}

async function findRevision(repository: Repository, revision: string | undefined): Promise<RevisionDate> {
  const [found] = await readLog(repository, revision, byId(revision));
  if (found === undefined) throw unknownRevision(revision ?? "tip", repository.spec);
  return { node: found.node, date: found.date };
}

async function readModule(repository: Repository, node: string, name: string): Promise<ModuleContent> {
  const { spec, readTree, readFolder } = repository;
  const tree = (await readTree(node)) ?? (await readFolder(node, modulePath(spec, name)));
  const content = tree.length === 0 ? undefined : await pickModule(tree, name, spec).catch(whenUnknown);
  if (content !== undefined && hasMainFile(content)) return content;
  const files = await listFiles(repository, node);
  if (files.includes(`${name}.lua`)) return pickModule((await readTree(node, "at once")) ?? [], name, spec);
  if (content === undefined) throw unknownModule(name, spec, namesAmong(files));
  return content;
}

function whenUnknown(error: unknown): undefined {
  if (!isUserError(error, "MODULE_UNKNOWN")) throw error;
}

/** Paths below the modules' folder. */
async function listFiles(repository: Repository, node: string): Promise<string[]> {
  await findRevision(repository, node);
  const { folder } = repository.spec;
  const where = folder === "" ? [] : [`path:${folder}`];
  const files = await askHg(repository, node, ["files", `--rev=${byId(node)}`, "--template={path}\\n", ...where]);
  const inside = folder === "" ? 0 : folder.length + 1;
  const lines = files.stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => line.slice(inside));
}

/** What lies where; files are looked into only where a module is not in a folder of its own. */
async function readShapeAt(repository: Repository, node: string): Promise<TreeShape> {
  const paths = await listFiles(repository, node);
  if (!hasFlat(paths)) return { modules: namesAmong(paths), flat: {} };
  // Where the whole tree is refused, so is what is flat in it, and the rest has its shape.
  const readText: ListedTree["readText"] = async (file) =>
    listTree((await repository.readTree(node, "at once")) ?? []).readText(file);
  return readShape({ paths: new Set(paths), readText });
}

async function readHistory(repository: Repository, name: string, node: string | undefined): Promise<Changeset[]> {
  const { spec } = repository;
  const { node: until } = await findRevision(repository, node);
  const shape = await readShapeAt(repository, until);
  const touching = historyPaths(shape, name).map((place) => `file("path:${modulePath(spec, place)}")`);
  const found = await readLog(repository, until, `reverse(::${byId(until)} and (${touching.join(" or ")}))`);
  if (found.length > 0) return found;
  throw unknownModule(name, spec, shape.modules);
}

async function readAfter(repository: Repository, known: KnownNewest | undefined): Promise<LogPart | undefined> {
  // From the known one to the tip by number: what was added since, and the known one itself last.
  const revset = known === undefined ? "reverse(all())" : `reverse(id("${known.node}"):)`;
  const { stdout } = await askHg(repository, undefined, ["log", `--template=${logTemplate}`, `--rev=${revset}`]);
  return parseLog(stdout, known, repository.spec);
}

async function readLineDates(repository: Repository, node: string, file: string): Promise<string[]> {
  const args = ["annotate", `--rev=${byId(node)}`, "--template=json", "--date", "--text", `path:${file}`];
  const { exitCode, stdout } = await askHg(repository, node, args);
  if (exitCode !== 0) throw unknownFile(file, repository.spec);
  const annotation = HgAnnotation.safeParse(JSON.parse(stdout)).data;
  // Asked about a folder, hg tells of each file in it.
  if (annotation?.[0].path.endsWith(file) !== true) throw unknownFile(file, repository.spec);
  return annotation[0].lines.map(({ date }) => dayOfHg(date));
}

async function readLog(repository: Repository, revision: string | undefined, revset: string): Promise<Changeset[]> {
  const { stdout } = await askHg(repository, revision, ["log", "--template=json", `--rev=${revset}`]);
  return z.array(HgChangeset).parse(JSON.parse(stdout)).map(toChangeset);
}

async function askHg(
  repository: Repository,
  revision: string | undefined,
  args: readonly string[],
): Promise<CommandResult> {
  const folder = await repository.find(revision);
  const result = await runHg(repository.exec, [`--repository=${folder}`, "--noninteractive", ...args]);
  if (result.exitCode !== 0)
    checkFailure(result.stderr, folder, () => unknownRevision(revision ?? "tip", repository.spec));
  return result;
}

// A bare prefix of digits would be a revision number.
function byId(node: string | undefined): string {
  return node === undefined ? "tip" : `id("${node}")`;
}

// hg has one exit code for every failure; its messages are stable under HGPLAIN.
function checkFailure(stderr: string, folder: string, describe: () => UserError): void {
  if (/no files match|no such file in rev/u.test(stderr)) return;
  if (/ambiguous|unknown revision|empty revision set/u.test(stderr)) throw describe();
  throw unreachable(folder, stderr.trim().replace(/^abort: /u, ""));
}

/** Files below a folder; none when it has none. hg cannot hand a tar over without a file, because our Exec reads text. */
async function readArchive(
  repository: Repository,
  cacheDir: string,
  wanted: { node: string; folder: string },
): Promise<ModuleFile[]> {
  const temporary = path.join(cacheDir, "temporary");
  await mkdir(temporary, { recursive: true });
  const folder = await mkdtemp(path.join(temporary, "hg-"));
  try {
    const file = path.join(folder, "modules.tar");
    const only = wanted.folder === "" ? [] : [`--include=path:${wanted.folder}`];
    const options = ["--type=tar", "--prefix=x/", "--config=ui.archivemeta=false", "--no-decode"];
    const args = ["archive", `--rev=${byId(wanted.node)}`, ...options, ...only, file];
    const { exitCode } = await askHg(repository, wanted.node, args);
    if (exitCode !== 0) return [];
    const inside = `x/${modulePath(repository.spec, "")}`;
    const files = await readTar(
      file,
      repository.spec.name,
      (entry) => entry.startsWith(inside) && mayBelong(entry.slice(inside.length)),
    );
    return files.map((entry) => ({ ...entry, path: entry.path.slice(inside.length) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
