import { compareText } from "@prosody-foundry/kit";
import { unsafe, whenUnsafe } from "./check.ts";

/** Files of a tree by their paths below the modules' folder, as far as placing them needs to look into them. */
export interface ListedTree {
  paths: ReadonlySet<string>;
  readText(path: string): Promise<string>;
}

/** What a revision of a tree has. */
export interface TreeShape {
  /** Sorted. */
  modules: string[];
  /** Modules that do not lie in folders of their own alone → the files each has, with their paths in the tree. */
  flat: Record<string, string[]>;
}

/** Paths in the tree whose changes are a module's history; for one that is gone, wherever it may have been. */
export function historyPaths(shape: TreeShape, name: string): string[] {
  const flat = shape.flat[name];
  if (flat !== undefined) return [...new Set([name, ...flat.filter((file) => !file.startsWith(`${name}/`))])];
  return shape.modules.includes(name) ? [name] : [name, `${name}.lua`];
}

/** True where a path among those directly in the folder may be a module without a folder of its own. */
export function hasFlat(top: readonly string[]): boolean {
  return top.some((path) => flatName(path) !== undefined);
}

/** Only these files of a tree can belong to a module. */
export function mayBelong(path: string): boolean {
  return path.startsWith("mod_") || path.endsWith(".lua");
}

/** Names of the modules among paths: a folder `mod_x`, or a file `mod_x.lua` beside it. */
export function namesAmong(paths: Iterable<string>): string[] {
  const names = [...paths].map((path) => folderName(path) ?? flatName(path));
  return [...new Set(names.filter((name) => name !== undefined))].toSorted(compareText);
}

/**
 * True where the module's main file lies beside the folders of modules, and not in one. Prosody looks into the folder
 * first, so a main file there is the one it loads.
 */
export function isFlat(paths: ReadonlySet<string>, name: string): boolean {
  if (!paths.has(`${name}.lua`)) return false;
  const plain = name.slice("mod_".length);
  return !paths.has(`${name}/${name}.lua`) && !paths.has(`${name}/${plain}/${name}.lua`);
}

/**
 * The files of a module: path in the tree → path in the module's folder. A flat one gets, besides its folder if there
 * is one, its main file and the libraries this needs, at the same relative paths; there Prosody finds them, and since
 * it runs a library anew for each module, a copy means the same.
 * @throws UserError CONTENT_UNSAFE
 */
export async function placeFiles(tree: ListedTree, name: string): Promise<Map<string, string>> {
  const own = [...tree.paths].filter((path) => path.startsWith(`${name}/`));
  const placed = new Map(own.map((path) => [path, path.slice(name.length + 1)]));
  if (!isFlat(tree.paths, name)) return placed;
  const taken = new Set(placed.values());
  const queue = [`${name}.lua`, ...own.filter((path) => path.endsWith(".lua"))];
  const seen = new Set<string>();
  for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
    if (seen.has(path)) continue;
    seen.add(path);
    if (!placed.has(path)) placed.set(path, path);
    const needed = requiredNames(await tree.readText(path), path).map((library) =>
      // The folder's own file is found before one beside it.
      [`${library}.lib.lua`, `${library}.lua`].find((file) => taken.has(file) || isBeside(tree.paths, file)),
    );
    queue.push(...needed.filter((file): file is string => file !== undefined && !taken.has(file)));
  }
  return placed;
}

/** The shape of a revision, from its paths and the text of what is flat; of what is refused, its main file alone. */
export async function readShape(tree: ListedTree): Promise<TreeShape> {
  const modules = namesAmong(tree.paths);
  const flat: TreeShape["flat"] = {};
  for (const name of modules.filter((candidate) => isFlat(tree.paths, candidate))) {
    const placed = await placeFiles(tree, name).catch(whenUnsafe);
    flat[name] = placed === undefined ? [`${name}.lua`] : [...placed.keys()].toSorted(compareText);
  }
  return { modules, flat };
}

/** A literal of some millions overflows the stack of a regular expression; no module upstream has 1 MiB. */
const maximumText = 1024 * 1024;

const noise = [
  String.raw`--\[(=*)\[[\s\S]*?(?:\]\1\]|$)`,
  String.raw`--[^\n]*`,
  String.raw`\[(=*)\[[\s\S]*?(?:\]\2\]|$)`,
].join("|");
const call = String.raw`(?<![\w.:])module\s{0,9}:\s{0,9}require\s{0,9}\(?\s{0,9}(["'])([^"'\\\n]{1,200})\3`;
const text = String.raw`"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?`;

/** What `module:require "name"` names, outside of comments and strings. */
function requiredNames(source: string, path: string): string[] {
  if (source.length > maximumText) throw unsafe(path, `it has more than ${maximumText} characters`);
  const tokens = new RegExp(`${noise}|${call}|${text}`, "gu");
  return [...source.matchAll(tokens)].map((match) => match[4]).filter((name) => name !== undefined);
}

// Only what lies in no module's folder: another module's library is that module's.
function isBeside(paths: ReadonlySet<string>, file: string): boolean {
  return paths.has(file) && folderName(file) === undefined;
}

function folderName(path: string): string | undefined {
  return /^(mod_[^/]+)\//u.exec(path)?.[1];
}

function flatName(path: string): string | undefined {
  return /^(mod_[A-Za-z0-9_-]+)\.lua$/u.exec(path)?.[1];
}
