import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { type CommandResult, type Exec, isUserError, UserError } from "@prosody-foundry/kit";
import { z } from "zod";
import type { ModuleFile } from "./content.ts";
import { HgChangeset, toChangeset } from "./hg-log.ts";
import { dayOfHg, HgAnnotation } from "./line-dates.ts";
import type { Reading } from "./reading.ts";
import { modulePath, unknownFile, unknownModule, unknownRevision, unreachable } from "./revision.ts";
import type { Changeset, RevisionDate, SourceContext, SourceSpec } from "./source.ts";
import { unpackTar } from "./tar.ts";
import { pickModule, rememberTree } from "./tree.ts";

// No configuration of the user's or the machine's: a plugin could change what hg prints or what a file holds.
const plain = { HGPLAIN: "1", HGRCPATH: "", HGENCODING: "UTF-8" };

/**
 * Runs hg and takes every exit code for an answer.
 * @throws UserError HG_MISSING
 */
export async function runHg(exec: Exec, args: readonly string[]): Promise<CommandResult> {
  return exec("hg", args, { env: plain, accept: "any", timeout: 600_000 }).catch((error: unknown) => {
    if (!isUserError(error, "COMMAND_MISSING")) throw error;
    throw new UserError("HG_MISSING", "Mercurial (hg) is needed for this and is not installed", {
      hint: "Install it (Debian: apt-get install mercurial), or use an http(s) address of the source.",
      cause: error,
    });
  });
}

/** The folder of a repository; told the revision that is wanted, to fetch it first where that can help. */
export type FindRepository = (revision: string | undefined) => Promise<string>;

interface Repository {
  spec: SourceSpec;
  exec: Exec;
  find: FindRepository;
}

/** A Mercurial repository on this machine, with or without a work tree, which is never looked at. */
export function openHgRepository(spec: SourceSpec, context: SourceContext, find: FindRepository): Reading {
  const repository: Repository = { spec, exec: context.exec, find };
  const readTree = rememberTree((node) => readArchive(repository, context.cacheDir, { node, folder: spec.folder }));
  return {
    listModules: (node) => listModules(repository, node),
    readNewest: () => findRevision(repository, undefined),
    resolveRevision: (prefix) => findRevision(repository, prefix),
    readHistory: (name, node) => readHistory(repository, name, node),
    readLineDates: (node, name, file) => readLineDates(repository, node, `${modulePath(spec, name)}/${file}`),
    readModule: async (node, name) => {
      const folder = modulePath(spec, name);
      const tree = (await readTree(node)) ?? (await readArchive(repository, context.cacheDir, { node, folder }));
      if (tree.length === 0) throw unknownModule(name, spec, await listModules(repository, node));
      return pickModule(tree, name, spec);
    },
  };
}

async function findRevision(repository: Repository, revision: string | undefined): Promise<RevisionDate> {
  const [found] = await readLog(repository, revision, byId(revision));
  if (found === undefined) throw unknownRevision(revision ?? "tip", repository.spec);
  return { node: found.node, date: found.date };
}

async function listModules(repository: Repository, node: string): Promise<string[]> {
  await findRevision(repository, node);
  const { folder } = repository.spec;
  const where = folder === "" ? [] : [`path:${folder}`];
  const files = await askHg(repository, node, ["files", `--rev=${byId(node)}`, "--template={path}\\n", ...where]);
  const inside = folder === "" ? 0 : folder.length + 1;
  const tops = files.stdout.split("\n").map((line) => line.slice(inside).split("/"));
  const names = tops.filter((steps) => steps.length > 1).map(([name = ""]) => name);
  return [...new Set(names)].filter((name) => name.startsWith("mod_")).toSorted();
}

async function readHistory(repository: Repository, name: string, node: string | undefined): Promise<Changeset[]> {
  const { node: until } = await findRevision(repository, node);
  const revset = `reverse(::${byId(until)} and file("path:${modulePath(repository.spec, name)}"))`;
  const found = await readLog(repository, until, revset);
  if (found.length > 0) return found;
  throw unknownModule(name, repository.spec, await listModules(repository, until));
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
function checkFailure(stderr: string, folder: string, whenUnknown: () => UserError): void {
  if (/no files match|no such file in rev/u.test(stderr)) return;
  if (/ambiguous|unknown revision|empty revision set/u.test(stderr)) throw whenUnknown();
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
    const files = await unpackTar(await readFile(file), repository.spec.name, (entry) =>
      entry.startsWith(`${inside}mod_`),
    );
    return files.map((entry) => ({ ...entry, path: entry.path.slice(inside.length) }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
