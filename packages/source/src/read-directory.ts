import { type Dirent } from "node:fs";
import { opendir, readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { checkContent, checkCount, checkEntryType, checkSizes } from "./check.ts";
import { makeContent, type ModuleContent, type ModuleFile, treeOf } from "./content.ts";
import { hasFlat, mayBelong, namesAmong, placeFiles } from "./flat.ts";
import type { Location } from "./location.ts";
import type { PinReading } from "./reading.ts";
import { unknownModule, unknownRevision, unreachable } from "./revision.ts";
import type { RevisionDate, SourceSpec } from "./source.ts";

/** Modules in a folder of the repository. Its one revision is the git tree id of all of them; it has no history. */
export function openDirectory(spec: SourceSpec, location: Location): PinReading {
  const folder = path.join(location.address, spec.folder);
  const list = async (): Promise<string[]> => namesAmong(await listTop(folder));
  const read = async (name: string): Promise<ModuleContent> => {
    const top = await listTop(folder);
    if (hasFlat(top.filter((entry) => entry === `${name}.lua`))) return readFlatModule(folder, name);
    if (!top.includes(`${name}/`)) throw unknownModule(name, spec, namesAmong(top));
    const files = await listFiles(folder, name);
    return readFiles(folder, new Map(files.map((file) => [file, file.slice(name.length + 1)])), name);
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
    readLog: async () => null,
    readPinned: async (pin) => ({ content: await read(pin.name), exact: false }),
  };
}

/** What lies directly in it; folders end with "/". */
async function listTop(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw unreachable(folder, error.message, error);
  });
  return entries.flatMap((entry) => {
    if (entry.isDirectory()) return [`${entry.name}/`];
    return entry.isFile() ? [entry.name] : [];
  });
}

async function readFlatModule(folder: string, name: string): Promise<ModuleContent> {
  const files = [...(await listFiles(folder, name)), ...(await listLibraries(folder))];
  const readText = async (file: string): Promise<string> => {
    checkSizes(name, [(await stat(path.join(folder, file))).size]);
    return readFile(path.join(folder, file), "utf8");
  };
  return readFiles(folder, await placeFiles({ paths: new Set(files), readText }, name), name);
}

/** Files of a module's folder, with their paths from the folder of all modules; anything but files is refused. */
async function listFiles(folder: string, name: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of walk(path.join(folder, name), name)) {
    checkEntryType(name, entry.name, typeOf(entry));
    if (entry.isFile()) files.push(relativePath(folder, entry));
  }
  return files;
}

/** Lua files that are in no module's folder. */
async function listLibraries(folder: string): Promise<string[]> {
  const top = await listTop(folder);
  const folders = top.filter((entry) => entry.endsWith("/") && !entry.startsWith("mod_"));
  const below = await Promise.all(folders.map((entry) => listFilesBelow(folder, entry)));
  return [...top, ...below.flat()].filter((entry) => !entry.endsWith("/") && mayBelong(entry));
}

async function listFilesBelow(folder: string, below: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of walk(path.join(folder, below), folder)) {
    if (entry.isFile()) files.push(relativePath(folder, entry));
  }
  return files;
}

/** Everything below a folder, one after the other, and not for ever. Links are not followed. */
async function* walk(folder: string, where: string): AsyncGenerator<Dirent> {
  const opened = await opendir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw unreachable(folder, error.message, error);
  });
  let count = 0;
  for await (const entry of opened ?? []) {
    count += 1;
    checkCount(where, count);
    yield entry;
  }
}

function relativePath(folder: string, entry: Dirent): string {
  return path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join("/");
}

function typeOf(entry: Dirent): string {
  if (entry.isDirectory()) return "directory";
  if (entry.isSymbolicLink()) return "symlink";
  return entry.isFile() ? "file" : "device";
}

/** @param placed - path from the folder of all modules → path in the module */
async function readFiles(folder: string, placed: ReadonlyMap<string, string>, name: string): Promise<ModuleContent> {
  const found = [...placed].map(async ([file, place]) => {
    const { mode, size } = await stat(path.join(folder, file));
    return { file: path.join(folder, file), place, executable: (mode & 0o100) !== 0, size };
  });
  const stats = await Promise.all(found);
  checkSizes(
    name,
    stats.map(({ size }) => size),
  );
  const files = stats.map(async ({ file, place, executable }): Promise<ModuleFile> => ({
    path: place,
    executable,
    bytes: await readFile(file),
  }));
  const content = makeContent(name, await Promise.all(files));
  checkContent(content);
  return content;
}
