import { checkContent, whenUnsafe } from "./check.ts";
import { makeContent, type ModuleContent, type ModuleFile } from "./content.ts";
import { type ListedTree, namesAmong, placeFiles } from "./flat.ts";
import { unknownModule } from "./revision.ts";
import type { SourceSpec } from "./source.ts";

/** After so many modules of one revision, all of them are read at once. */
const fewModules = 4;

/** All files of a revision that may belong to modules; undefined while single modules are cheaper, unless wanted at once. */
export type ReadTree = (node: string, wanted?: "at once") => Promise<ModuleFile[] | undefined>;

/** Keeps the tree that was read last; a single module is a small request, dozens of them are not. */
export function rememberTree(readAll: (node: string) => Promise<ModuleFile[]>): ReadTree {
  let last = { node: "", asked: 0, tree: undefined as Promise<ModuleFile[]> | undefined };
  return async (node, wanted) => {
    if (last.node !== node) last = { node, asked: 0, tree: undefined };
    last.asked += 1;
    if (wanted === undefined && last.asked <= fewModules) return undefined;
    last.tree ??= readAll(node);
    // Where one module is refused, all are asked for one by one.
    return wanted === undefined ? last.tree.catch(whenUnsafe) : last.tree;
  };
}

/** Files in memory as a tree whose shape can be read. */
export function listTree(files: readonly ModuleFile[]): ListedTree {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const decoder = new TextDecoder();
  return {
    paths: new Set(byPath.keys()),
    readText: async (path) => decoder.decode(byPath.get(path)?.bytes),
  };
}

/**
 * One module out of such files, whose paths start below the modules' folder.
 * @throws UserError MODULE_UNKNOWN, CONTENT_UNSAFE
 */
export async function pickModule(files: readonly ModuleFile[], name: string, spec: SourceSpec): Promise<ModuleContent> {
  const tree = listTree(files);
  const placed = await placeFiles(tree, name);
  if (placed.size === 0) throw unknownModule(name, spec, namesAmong(tree.paths));
  const content = makeContent(
    name,
    files.flatMap((file) => place(file, placed)),
  );
  checkContent(content);
  return content;
}

// A file twice in an archive stays twice, so that the check sees it.
function place(file: ModuleFile, placed: ReadonlyMap<string, string>): ModuleFile[] {
  const path = placed.get(file.path);
  return path === undefined ? [] : [{ ...file, path }];
}

/** True for content that has the file Prosody loads first; what lacks it may have it beside its folder. */
export function hasMainFile({ name, files }: ModuleContent): boolean {
  const main = `${name}.lua`;
  return files.some(({ path }) => path === main || path === `${name.slice("mod_".length)}/${main}`);
}
