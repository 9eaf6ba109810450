import { isUserError, UserError } from "@prosody-foundry/kit";
import { z } from "zod";
import { whenUnsafe } from "./check.ts";
import type { ModuleContent, ModuleFile } from "./content.ts";
import { historyPaths, mayBelong, namesAmong, readShape, type TreeShape } from "./flat.ts";
import { HgChangeset, toChangeset } from "./hg-log.ts";
import { dayOfHg, HgwebAnnotation } from "./line-dates.ts";
import { type HttpAnswer, type HttpGet, openHttp } from "./read-http.ts";
import { modulePath, unknownFile, unknownModule, unknownRevision, unreachable } from "./revision.ts";
import type { Reading } from "./reading.ts";
import type { Changeset, RevisionDate, SourceContext, SourceSpec } from "./source.ts";
import { unpackTarGz } from "./tar.ts";
import { hasMainFile, listTree, pickModule, type ReadTree, rememberTree } from "./tree.ts";

const SearchResult = z.looseObject({ entries: z.array(HgChangeset) });
const Named = z.looseObject({ basename: z.string() });
const Manifest = z.looseObject({ directories: z.array(Named), files: z.array(Named) });

interface Server {
  spec: SourceSpec;
  address: string;
  get: HttpGet;
  /** The same for annotations, which are dear to a server: where it refuses them, it may still do the rest. */
  getLines: HttpGet;
  readTree: ReadTree;
}

/**
 * A Mercurial tree behind hgweb, read without Mercurial: revisions and history through its JSON pages, content through
 * its archives.
 * @throws UserError (from every method) HGWEB_LACKING when the server has JSON or archives turned off
 */
export function openHgweb(spec: SourceSpec, context: SourceContext, address: string): Reading {
  const readTree = rememberTree((node) => {
    context.progress(`Fetching all modules at ${node.slice(0, 12)} from ${address}`);
    return fetchArchive(server, node, spec.folder);
  });
  const server: Server = {
    spec,
    address,
    get: openHttp(address, context),
    getLines: openHttp(address, context),
    readTree,
  };
  return {
    listModules: async (node) => namesAmong(await listTop(server, node)),
    readNewest: () => findRevision(server, "tip", ""),
    resolveRevision: (prefix) => findRevision(server, `id("${prefix}")`, prefix),
    readHistory: (name, node) => readHistory(server, name, node ?? "tip"),
    readLineDates: (node, name, path) => readLineDates(server, node, `${modulePath(spec, name)}/${path}`),
    readModule: async (node, name) => {
      const tree = await readTree(node);
      if (tree !== undefined) return pickModule(tree, name, spec);
      context.progress(`Fetching ${name} at ${node.slice(0, 12)} from ${address}`);
      return readModule(server, node, name);
    },
  };
}

/** What lies directly in the modules' folder; folders end with "/". */
async function listTop({ get, spec, address }: Server, node: string): Promise<string[]> {
  const answer = await get(`json-manifest/${node}/${spec.folder}`);
  const manifest = parseJson(answer, Manifest);
  if (manifest === undefined && isHgwebError(answer)) throw unknownRevision(node, spec);
  if (manifest === undefined) throw lacking(address, "JSON", answer.status);
  const folders = manifest.directories.map(({ basename }) => `${basename}/`);
  return [...folders, ...manifest.files.map(({ basename }) => basename)];
}

async function findRevision(server: Server, revset: string, prefix: string): Promise<RevisionDate> {
  // A revset that hgweb cannot evaluate is searched for as words.
  const found = (await search(server, revset, 2)).filter(({ node }) => node.startsWith(prefix));
  const [first] = found;
  if (first === undefined || found.length > 1) throw unknownRevision(prefix, server.spec);
  return { node: first.node, date: first.date };
}

async function readHistory(server: Server, name: string, until: string): Promise<Changeset[]> {
  const top = await listTop(server, until);
  const shape = await readShapeAround(server, { node: until, top }, name);
  const touching = historyPaths(shape, name).map((path) => `file("path:${modulePath(server.spec, path)}")`);
  const found = await search(server, `::${until} and (${touching.join(" or ")})`, 100_000);
  if (found.length > 0) return found;
  if (shape.modules.includes(name)) throw lacking(server.address, "revset search", 200);
  throw unknownModule(name, server.spec, shape.modules);
}

/** The whole shape only where the module may lie outside of a folder of its own: it takes the whole tree. */
async function readShapeAround(
  { readTree }: Server,
  { node, top }: { node: string; top: string[] },
  name: string,
): Promise<TreeShape> {
  if (!top.includes(`${name}.lua`)) return { modules: namesAmong(top), flat: {} };
  const tree = await readTree(node, "at once").catch(whenUnsafe);
  if (tree === undefined) return { modules: namesAmong(top), flat: { [name]: [`${name}.lua`] } };
  return readShape(listTree(tree));
}

async function readLineDates({ getLines, spec, address }: Server, node: string, file: string): Promise<string[]> {
  // Of a whole hash that it does not have hgweb makes an internal error here; 12 digits it answers.
  const answer = await getLines(
    `json-annotate/${node.slice(0, 12)}/${file.split("/").map(encodeURIComponent).join("/")}`,
  );
  const annotation = parseJson(answer, HgwebAnnotation);
  if (annotation?.node.startsWith(node)) return annotation.annotate.map(({ revdate }) => dayOfHg(revdate));
  if (annotation === undefined && !isHgwebError(answer)) throw lacking(address, "annotations", answer.status);
  throw answer.body.includes("not found in manifest") ? unknownFile(file, spec) : unknownRevision(node, spec);
}

// hgweb shows the answer to a revset in reverse, so newest first.
async function search({ get, address }: Server, revset: string, limit: number): Promise<Changeset[]> {
  const query = new URLSearchParams({ rev: revset, revcount: String(limit) });
  const answer = await get(`json-log?${query.toString()}`);
  const result = parseJson(answer, SearchResult);
  if (result === undefined) throw lacking(address, "JSON", answer.status);
  return result.entries.map(toChangeset);
}

async function readModule(server: Server, node: string, name: string): Promise<ModuleContent> {
  const { spec, readTree } = server;
  const own = await fetchArchive(server, node, modulePath(spec, name))
    .then((files) => pickModule(files, name, spec))
    .catch(whenUnknown);
  if (own !== undefined && hasMainFile(own)) return own;
  const top = await listTop(server, node);
  if (top.includes(`${name}.lua`)) return pickModule((await readTree(node, "at once")) ?? [], name, spec);
  if (own === undefined) throw unknownModule(name, spec, namesAmong(top));
  return own;
}

function whenUnknown(error: unknown): undefined {
  if (!isUserError(error, "MODULE_UNKNOWN")) throw error;
}

/** @param path - folder of the tree to have alone; the modules' folder for all of it */
async function fetchArchive({ get, spec, address }: Server, node: string, path: string): Promise<ModuleFile[]> {
  const answer = await get(`archive/${node}.tar.gz/${path}`);
  if (answer.status === 404) throw path === spec.folder ? unknownRevision(node, spec) : unknownModule(path, spec, []);
  if (answer.status !== 200) throw lacking(address, "archives", answer.status);
  return unpack(answer, address, spec.folder);
}

/** Files below the modules' folder; an archive puts everything into one folder named after the repository. */
async function unpack(answer: HttpAnswer, address: string, folder: string): Promise<ModuleFile[]> {
  const inside = folder === "" ? "" : `${folder}/`;
  const wanted = (path: string): boolean =>
    afterFirst(path).startsWith(inside) && mayBelong(afterFirst(path).slice(inside.length));
  const files = await unpackTarGz(answer.body, address, wanted);
  return files.map((file) => ({ ...file, path: afterFirst(file.path).slice(inside.length) }));
}

function afterFirst(path: string): string {
  return path.slice(path.indexOf("/") + 1);
}

function parseJson<T>(answer: HttpAnswer, schema: z.ZodType<T>): T | undefined {
  if (answer.status !== 200) return undefined;
  return schema.safeParse(jsonOf(answer)).data;
}

// hgweb says {"error": "unknown revision"} with 404; another server's 404 is a page.
function isHgwebError(answer: HttpAnswer): boolean {
  return answer.status === 404 && z.looseObject({ error: z.string() }).safeParse(jsonOf(answer)).success;
}

function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body.toString("utf8"));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function lacking(address: string, what: string, status: number): UserError {
  if (status >= 400 && status !== 403 && status !== 404) return unreachable(address, `it answers ${status}`);
  return new UserError("HGWEB_LACKING", `${address} gives no ${what} (it answers ${status})`, {
    hint: "Check the address. Where a server has this turned off, Mercurial on this machine can do it: install hg.",
  });
}
