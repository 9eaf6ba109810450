import type { Series } from "@prosody-foundry/kit";
import type { Verdict } from "@prosody-foundry/lockfile";
import MiniSearch from "minisearch";
import { type KnownModule, type Releases, verdictsOf } from "./known.ts";
import { parseQuery, type Query } from "./query.ts";

/** A module that was searched for. */
export interface FoundModule {
  key: string;
  source: string;
  summary: string | null;
  stage: string | null;
  pinned: boolean;
  /** On the newest release of each series it was judged on. */
  verdicts: Partial<Record<Series, Verdict>>;
}

/**
 * Modules that have all the words, in their name, labels, summary, options or README, the best first. A word may be the
 * beginning of one or slightly misspelt. `label:stable` and `xep:0363` (also `XEP-0363` and `363`) are exact.
 */
export function searchModules(
  known: readonly KnownModule[],
  words: readonly string[],
  releases: Releases,
): FoundModule[] {
  const query = parseQuery(words);
  const fitting = known.filter((module) => fits(module, query));
  const ranked = query.text === "" ? fitting : rank(fitting, query.text);
  return ranked.map((module) => describe(module, releases));
}

function fits({ pinned, surveyed }: KnownModule, { labels, xeps }: Query): boolean {
  const own = (surveyed?.description.labels ?? []).map((label) => label.toLowerCase());
  const stages = [
    surveyed?.facts.stage,
    ...Object.values(pinned?.pins ?? {}).map((pin) => ("stage" in pin ? pin.stage : null)),
  ];
  const isLabelled = (label: string): boolean =>
    stages.includes(label) || own.some((one) => [label, `stage-${label}`, `type-${label}`].includes(one));
  return labels.every(isLabelled) && xeps.every((xep) => surveyed?.description.xeps.includes(xep) ?? false);
}

const fields = ["name", "joined", "summary", "labels", "options", "words"] as const;
const options = {
  combineWith: "AND",
  prefix: true,
  boost: { name: 8, joined: 8, summary: 3, labels: 2, options: 0.3, words: 0.5 },
} as const;

function rank(modules: readonly KnownModule[], text: string): KnownModule[] {
  const index = new MiniSearch<Record<"id" | (typeof fields)[number], string>>({ fields: [...fields] });
  index.addAll(modules.map(documentOf));
  const asWritten = index.search(text, options);
  // Only where nothing fits as it is written: otherwise the near misses would hide among what fits.
  const found = asWritten.length > 0 ? asWritten : index.search(text, { ...options, fuzzy: misspelt });
  const ranked = found.map(({ id }) => modules[Number(id)]).filter((module) => module !== undefined);
  // Who types a whole name wants that module, however often another one mentions it.
  const named = text.toLowerCase().replaceAll(/[\s-]+/gu, "_");
  const isNamed = ({ name }: KnownModule): boolean => [name, name.replace(/^mod_/u, "")].includes(named);
  return [...ranked.filter(isNamed), ...ranked.filter((module) => !isNamed(module))];
}

// Two letters the other way round are two steps.
function misspelt(term: string): number | false {
  return term.length > 3 ? 0.34 : false;
}

function documentOf({ name, surveyed }: KnownModule, index: number) {
  const { summary, labels, words } = surveyed?.description ?? { summary: null, labels: [], words: "" };
  return {
    id: String(index),
    name,
    joined: name.replace(/^mod_/u, "").replaceAll(/[_-]/gu, ""),
    summary: summary ?? "",
    labels: labels.join(" "),
    options: surveyed?.options.join(" ") ?? "",
    words,
  };
}

function describe(module: KnownModule, releases: Releases): FoundModule {
  const { key, source, pinned, surveyed } = module;
  const stages = Object.values(pinned?.pins ?? {}).flatMap((pin) => ("stage" in pin ? [pin.stage] : []));
  return {
    key,
    source,
    summary: surveyed?.description.summary ?? null,
    stage: surveyed === null ? (stages[0] ?? null) : surveyed.facts.stage,
    pinned: pinned !== null,
    verdicts: verdictsOf(module, releases),
  };
}
