import { isUserError } from "@prosody-foundry/kit";
import { checkContent } from "./check.ts";
import { makeContent, type ModuleContent, type ModuleFile } from "./content.ts";
import { unknownModule } from "./revision.ts";
import type { SourceSpec } from "./source.ts";

/** After so many modules of one revision, all of them are read at once. */
const fewModules = 4;

/** All files of a revision, with paths that begin with a module's name; undefined while single modules are cheaper. */
export type ReadTree = (node: string) => Promise<ModuleFile[] | undefined>;

/** Keeps the tree that was read last; a single module is a small request, dozens of them are not. */
export function rememberTree(readAll: (node: string) => Promise<ModuleFile[]>): ReadTree {
  let last = { node: "", asked: 0, tree: undefined as Promise<ModuleFile[] | undefined> | undefined };
  return async (node) => {
    if (last.node !== node) last = { node, asked: 0, tree: undefined };
    last.asked += 1;
    if (last.asked <= fewModules) return undefined;
    last.tree ??= readAll(node).catch(whenUnsafe);
    return last.tree;
  };
}

// One module that has to be refused must not take the others along, so they are asked for one by one.
function whenUnsafe(error: unknown): undefined {
  if (!isUserError(error, "CONTENT_UNSAFE")) throw error;
}

/**
 * One module out of such files.
 * @throws UserError MODULE_UNKNOWN, CONTENT_UNSAFE
 */
export function pickModule(tree: readonly ModuleFile[], name: string, spec: SourceSpec): ModuleContent {
  const files = tree.filter(({ path }) => path.startsWith(`${name}/`));
  if (files.length === 0) throw unknownModule(name, spec, [...new Set(tree.map(({ path }) => firstStep(path)))]);
  const content = makeContent(
    name,
    files.map((file) => ({ ...file, path: file.path.slice(name.length + 1) })),
  );
  checkContent(content);
  return content;
}

function firstStep(path: string): string {
  return path.split("/")[0] ?? "";
}
