import type { ModuleFacts } from "@prosody-foundry/lockfile";
import type { ModuleContent } from "@prosody-foundry/source";
import { type FactsOptions, factsOf } from "./facts-of.ts";
import { readHeader } from "./header.ts";
import { latin1Text, libraryFilesOf, mainFileOf } from "./layout.ts";
import { optionsOf } from "./options-of.ts";

/** What of one fact came and what went; a fact with one value that changed has one of each. */
export interface FactDelta {
  added: string[];
  removed: string[];
}

/** What changed between two contents of a module, besides lines. */
export interface FactsChange {
  stage: FactDelta;
  licence: FactDelta;
  layout: FactDelta;
  /** Modules it cannot do without. */
  needs: FactDelta;
  /** Modules it uses when they are there. */
  uses: FactDelta;
  /** Lua libraries, with the Debian package of each. */
  libraries: FactDelta;
  /** Configuration options its code reads. */
  options: FactDelta;
  /** `--%` lines. */
  header: FactDelta;
}

/**
 * Compares what two contents of a module are and ask for; null before: all of it is new.
 * @throws UserError those of factsOf
 */
export function compareModules(
  before: ModuleContent | null,
  after: ModuleContent,
  options: FactsOptions = {},
): FactsChange {
  const olds = before === null ? undefined : listFacts(before, options);
  const news = listFacts(after, options);
  const delta = (fact: keyof FactsChange): FactDelta => ({
    added: news[fact].filter((item) => olds?.[fact].includes(item) !== true),
    removed: olds?.[fact].filter((item) => !news[fact].includes(item)) ?? [],
  });
  return {
    stage: delta("stage"),
    licence: delta("licence"),
    layout: delta("layout"),
    needs: delta("needs"),
    uses: delta("uses"),
    libraries: delta("libraries"),
    options: delta("options"),
    header: delta("header"),
  };
}

function listFacts(content: ModuleContent, options: FactsOptions): Record<keyof FactsChange, string[]> {
  const facts: ModuleFacts = factsOf(content, options);
  return {
    stage: facts.stage === null ? [] : [facts.stage],
    licence: [facts.licence],
    layout: [facts.layout],
    needs: facts.depends,
    uses: facts.optional,
    libraries: Object.entries(facts.libraries).map(([library, from]) => `${library} (${from ?? "not in Debian"})`),
    options: optionsOf(content),
    header: headerLines(content),
  };
}

function headerLines(content: ModuleContent): string[] {
  const main = mainFileOf(content);
  const files = [...(main === undefined ? [] : [main]), ...libraryFilesOf(content)];
  const headers = files.flatMap((file) => [...readHeader(latin1Text(file))]);
  return [...new Set(headers.map(([key, value]) => `${key}: ${value}`))];
}
