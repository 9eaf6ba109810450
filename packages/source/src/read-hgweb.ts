import { isUserError, UserError } from "@prosody-foundry/kit";
import { z } from "zod";
import type { ModuleContent, ModuleFile } from "./content.ts";
import { HgChangeset, toChangeset } from "./hg-log.ts";
import { dayOfHg, HgwebAnnotation } from "./line-dates.ts";
import { type HttpAnswer, type HttpGet, openHttp } from "./read-http.ts";
import { modulePath, unknownFile, unknownModule, unknownRevision, unreachable } from "./revision.ts";
import type { Reading } from "./reading.ts";
import type { Changeset, RevisionDate, SourceContext, SourceSpec } from "./source.ts";
import { unpackTarGz } from "./tar.ts";
import { pickModule, rememberTree } from "./tree.ts";

const SearchResult = z.looseObject({ entries: z.array(HgChangeset) });
const Manifest = z.looseObject({ directories: z.array(z.looseObject({ basename: z.string() })) });

interface Server {
  spec: SourceSpec;
  address: string;
  get: HttpGet;
  /** The same for annotations, which are dear to a server: where it refuses them, it may still do the rest. */
  getLines: HttpGet;
}

/**
 * A Mercurial tree behind hgweb, read without Mercurial: revisions and history through its JSON pages, content through
 * its archives.
 * @throws UserError (from every method) HGWEB_LACKING when the server has JSON or archives turned off
 */
export function openHgweb(spec: SourceSpec, context: SourceContext, address: string): Reading {
  const server: Server = { spec, address, get: openHttp(address, context), getLines: openHttp(address, context) };
  const readTree = rememberTree((node) => {
    context.progress(`Fetching all modules at ${node.slice(0, 12)} from ${address}`);
    return fetchArchive(server, node, spec.folder);
  });
  return {
    listModules: (node) => listModules(server, node),
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

async function listModules({ get, spec, address }: Server, node: string): Promise<string[]> {
  const answer = await get(`json-manifest/${node}/${spec.folder}`);
  const manifest = parseJson(answer, Manifest);
  if (manifest === undefined && isHgwebError(answer)) throw unknownRevision(node, spec);
  if (manifest === undefined) throw lacking(address, "JSON", answer.status);
  const names = manifest.directories.map(({ basename }) => basename);
  return names.filter((name) => name.startsWith("mod_")).toSorted();
}

async function findRevision(server: Server, revset: string, prefix: string): Promise<RevisionDate> {
  // A revset that hgweb cannot evaluate is searched for as words.
  const found = (await search(server, revset, 2)).filter(({ node }) => node.startsWith(prefix));
  const [first] = found;
  if (first === undefined || found.length > 1) throw unknownRevision(prefix, server.spec);
  return { node: first.node, date: first.date };
}

async function readHistory(server: Server, name: string, until: string): Promise<Changeset[]> {
  const found = await search(server, `::${until} and file("path:${modulePath(server.spec, name)}")`, 100_000);
  if (found.length > 0) return found;
  const known = await listModules(server, until);
  if (known.includes(name)) throw lacking(server.address, "revset search", 200);
  throw unknownModule(name, server.spec, known);
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
  try {
    return pickModule(await fetchArchive(server, node, modulePath(server.spec, name)), name, server.spec);
  } catch (error) {
    if (!isUserError(error, "MODULE_UNKNOWN")) throw error;
    throw unknownModule(name, server.spec, await listModules(server, node));
  }
}

/** @param path - folder of the tree to have alone; empty for all of it */
async function fetchArchive({ get, spec, address }: Server, node: string, path: string): Promise<ModuleFile[]> {
  const answer = await get(`archive/${node}.tar.gz/${path}`);
  if (answer.status === 404) throw unknownModule(path, spec, []);
  if (answer.status !== 200) throw lacking(address, "archives", answer.status);
  return unpack(answer, address, spec.folder);
}

/** Files below the modules' folder; an archive puts everything into one folder named after the repository. */
async function unpack(answer: HttpAnswer, address: string, folder: string): Promise<ModuleFile[]> {
  const inside = folder === "" ? "" : `${folder}/`;
  const wanted = (path: string): boolean => afterFirst(path).startsWith(`${inside}mod_`);
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
