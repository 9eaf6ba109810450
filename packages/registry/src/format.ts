import { compareText } from "@prosody-foundry/kit";
import { gatherJudgements, groupJudgements, spreadJudgements } from "@prosody-foundry/lockfile";
import { printCompact } from "./print-compact.ts";
import type { Load, Survey, SurveyedModule, SurveyFile } from "./schema.ts";

/** The text of a survey: equal surveys give equal bytes. */
export function formatSurvey(survey: Survey): string {
  return printCompact(toFile(normaliseSurvey(survey)));
}

/** File to memory. */
export function fromFile(file: SurveyFile): Survey {
  const modules = Object.entries(file.modules).map(([name, { evidence, verdicts, ...module }]) => {
    return [name, { ...module, judgements: gatherJudgements({ evidence, verdicts }) }] as const;
  });
  return { ...file, modules: Object.fromEntries(modules) };
}

/** The one form among surveys that say the same: `parseSurvey(formatSurvey(survey))` gives this. */
export function normaliseSurvey(survey: Survey): Survey {
  const releases = Object.entries(survey.releases).map(([version, release]) => {
    return [version, { ...release, core: sortSet(release.core), features: sortSet(release.features) }] as const;
  });
  const modules = Object.entries(survey.modules).map(([name, module]) => [name, normaliseModule(module)] as const);
  return { ...survey, releases: Object.fromEntries(releases), modules: Object.fromEntries(modules) };
}

/** Loads that showed the same together. */
export function groupLoads(loads: readonly Load[]): Load[] {
  const groups = Map.groupBy(loads, ({ hosts, log }) => JSON.stringify([sortSet(hosts), log]));
  const joined = [...groups.values()].map((same) => ({
    releases: sortSet(same.flatMap(({ releases }) => releases)),
    hosts: sortSet(same[0]?.hosts ?? []),
    log: same[0]?.log ?? [],
  }));
  return joined.toSorted((a, b) => compareText(a.releases[0] ?? "", b.releases[0] ?? ""));
}

function toFile(survey: Survey): SurveyFile {
  const modules = Object.entries(survey.modules).map(([name, { judgements, ...module }]) => {
    return [name, { ...module, ...spreadJudgements(judgements) }] as const;
  });
  return { ...survey, modules: Object.fromEntries(modules) };
}

function normaliseModule(module: SurveyedModule): SurveyedModule {
  const { description, facts } = module;
  return {
    ...module,
    description: { ...description, labels: sortSet(description.labels), xeps: sortSet(description.xeps) },
    facts: { ...facts, depends: sortSet(facts.depends), optional: sortSet(facts.optional) },
    options: sortSet(module.options),
    loads: groupLoads(module.loads),
    judgements: groupJudgements(module.judgements),
  };
}

function sortSet<T extends string>(items: readonly T[]): T[] {
  return [...new Set(items)].toSorted(compareText);
}
