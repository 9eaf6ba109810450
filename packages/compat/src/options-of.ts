import { compareText } from "@prosody-foundry/kit";
import type { ModuleContent } from "@prosody-foundry/source";
import type { Expression, Node } from "luaparse";
import { latin1Text, libraryFilesOf, mainFileOf } from "./layout.ts";
import { namesIn } from "./lua-names.ts";
import { parseLua } from "./lua-parse.ts";
import { argumentsOf, type Call, isCall, nodesOf, requiredBy, stringIn } from "./lua-tree.ts";

/**
 * Names of the configuration options that a module's code reads with `module:get_option…` or `configmanager.get`,
 * sorted. A name that is put together while it runs is not guessed.
 * @throws UserError LUA_SYNTAX, LUA_TOO_DEEP, LUA_TOO_LARGE
 */
export function optionsOf(content: ModuleContent): string[] {
  const main = mainFileOf(content);
  const files = [...(main === undefined ? [] : [main]), ...libraryFilesOf(content)];
  const names = files.flatMap((file) => optionsIn(latin1Text(file), `${content.name}/${file.path}`));
  return [...new Set(names)].toSorted(compareText);
}

function optionsIn(text: string, where: string): string[] {
  const chunk = parseLua(text, where);
  const { libraries } = namesIn(chunk);
  const names = nodesOf(chunk)
    .filter(isCall)
    .map((call) => stringIn(optionArgument(call, libraries)) ?? "");
  return names.filter((name) => name !== "");
}

function optionArgument(call: Call, libraries: ReadonlyMap<string, string>): Expression | undefined {
  const { base } = call;
  if (base.type !== "MemberExpression") return undefined;
  const method = base.identifier.name;
  // On other hosts' modules too: `module:context(host):get_option_string("x")`.
  if (base.indexer === ":") return /^get_option(?:_\w+)?$/u.test(method) ? argumentsOf(call)[0] : undefined;
  if (method !== "get" || !isConfigManager(base.base, libraries)) return undefined;
  // Host and option; before 0.10 a section stood between them.
  return argumentsOf(call).slice(1).at(-1);
}

function isConfigManager(base: Node, libraries: ReadonlyMap<string, string>): boolean {
  const library = base.type === "Identifier" ? libraries.get(base.name) : requiredBy(base);
  return library === "core.configmanager" || library === "prosody.core.configmanager";
}
