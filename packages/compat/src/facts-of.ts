import { compareText } from "@prosody-foundry/kit";
import type { ModuleFacts } from "@prosody-foundry/lockfile";
import type { ModuleContent } from "@prosody-foundry/source";
import { layoutOf } from "./layout.ts";
import { debianPackageOf, isForeign } from "./libraries.ts";
import { licenceOf } from "./licence.ts";
import { type ModuleScan, ownPart, scanModule } from "./module-scan.ts";
import { readReadme } from "./readme.ts";

export interface FactsOptions {
  /** SPDX expression of files without a word of their own: the licence of the whole source. */
  sourceLicence?: string;
}

/**
 * What the content of a module is. Dependencies are what the code asks for and what the README's rockspec declares,
 * since each knows some the other does not.
 * @throws UserError LUA_SYNTAX, LUA_TOO_DEEP, LUA_TOO_LARGE, README_FRONT_MATTER, README_TOO_LARGE
 */
export function factsOf(content: ModuleContent, options: FactsOptions = {}): ModuleFacts {
  const readme = readReadme(content);
  const scan = scanModule(content);
  const uses = [...scan.depends, ...borrowedParts(content, scan)];
  const needed = uses.filter(({ guarded }) => !guarded).map(({ name }) => name);
  const depends = namesWithout([...needed, ...(readme?.depends ?? [])], [content.name]);
  const optional = namesWithout(
    uses.map(({ name }) => name),
    [content.name, ...depends],
  );
  return {
    layout: layoutOf(content),
    licence: readme?.licence ?? licenceOf(content, options.sourceLicence),
    stage: readme?.stage ?? null,
    depends,
    optional,
    libraries: foreignLibraries(scan),
  };
}

/** Modules whose files this one takes in with `module:require`, other than Prosody's own (`adhoc`, `muc/util`). */
export function borrowedParts(content: ModuleContent, scan: ModuleScan): Array<ModuleScan["parts"][number]> {
  return scan.parts
    .filter((use) => ownPart(content, use.name) === undefined)
    .map((use) => ({ ...use, name: lenderOf(use.name) }))
    .filter((use): use is typeof use => use.name !== "");
}

// `mod_anti_spam/trie` names the module; `ldap` is the one library upstream keeps in a module of another name.
function lenderOf(part: string): string {
  if (part === "ldap" || part.startsWith("ldap/")) return "mod_lib_ldap";
  return /^(mod_[A-Za-z0-9_-]+)\//u.exec(part)?.[1] ?? "";
}

function foreignLibraries(scan: ModuleScan): Record<string, string | null> {
  const needed = scan.requires.filter(({ guarded }) => !guarded).map(({ name }) => name);
  // What is no name of a library cannot be locked; "__proto__" is one, and no key of a record.
  const named = needed.filter((name) => /^[\w.-]+$/u.test(name) && name !== "__proto__");
  const foreign = [...new Set(named)].filter((name) => isForeign(name)).toSorted(compareText);
  return Object.fromEntries(foreign.map((name) => [name, debianPackageOf(name)]));
}

// A name that is no module name (a path, a formatted string) cannot be locked; loading will tell.
function namesWithout(names: readonly string[], unwanted: readonly string[]): string[] {
  const wanted = names.filter((name) => /^mod_[A-Za-z0-9_-]+$/u.test(name) && !unwanted.includes(name));
  return [...new Set(wanted)].toSorted(compareText);
}
