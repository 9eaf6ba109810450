import { type Dirent } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { checkContent, checkEntryType, checkSizes } from "./check.ts";
import { makeContent, type ModuleContent, type ModuleFile, treeOf } from "./content.ts";
import type { Location } from "./location.ts";
import type { PinReading } from "./reading.ts";
import { unknownModule, unknownRevision, unreachable } from "./revision.ts";
import type { RevisionDate, SourceSpec } from "./source.ts";

/** Modules in a folder of the repository. Its one revision is the git tree id of all of them; it has no history. */
export function openDirectory(spec: SourceSpec, location: Location): PinReading {
  const folder = path.join(location.address, spec.folder);
  const list = async (): Promise<string[]> => {
    const entries = await listFolder(folder);
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return names.filter((name) => name.startsWith("mod_")).toSorted();
  };
  const read = async (name: string): Promise<ModuleContent> => {
    const known = await list();
    if (!known.includes(name)) throw unknownModule(name, spec, known);
    return readModuleFolder(path.join(folder, name), name);
  };
  const readNewest = async (): Promise<RevisionDate> => {
    const contents = await Promise.all((await list()).map(read));
    const files = contents.flatMap(({ name, files: own }) =>
      own.map((file) => ({ ...file, path: `${name}/${file.path}` })),
    );
    return { node: treeOf({ name: spec.name, files }), date: (await stat(folder)).mtime.toISOString() };
  };
  const checkNode = async (node: string): Promise<RevisionDate> => {
    const revision = await readNewest();
    if (!revision.node.startsWith(node)) throw unknownRevision(node, spec);
    return revision;
  };
  return {
    readNewest,
    resolveRevision: checkNode,
    listModules: async (node) => {
      await checkNode(node);
      return list();
    },
    readModule: async (node, name) => {
      await checkNode(node);
      return read(name);
    },
    readHistory: async (name) => {
      await read(name);
      return [];
    },
    readLineDates: async () => null,
    readPinned: async (pin) => ({ content: await read(pin.name), exact: false }),
  };
}

async function listFolder(folder: string): Promise<Dirent[]> {
  return readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw unreachable(folder, error.message, error);
  });
}

async function readModuleFolder(folder: string, name: string): Promise<ModuleContent> {
  const found = await readdir(folder, { withFileTypes: true, recursive: true });
  for (const entry of found) checkEntryType(name, entry.name, typeOf(entry));
  const files = found.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  checkSizes(name, sizes);
  const content = makeContent(name, await Promise.all(files.map((file) => readModuleFile(folder, file))));
  checkContent(content);
  return content;
}

function typeOf(entry: Dirent): string {
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symlink";
  return entry.isFile() ? "file" : "device";
}

async function readModuleFile(folder: string, file: string): Promise<ModuleFile> {
  const relative = path.relative(folder, file).split(path.sep).join("/");
  const { mode } = await stat(file);
  return { path: relative, executable: (mode & 0o100) !== 0, bytes: await readFile(file) };
}
