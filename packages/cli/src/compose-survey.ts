import { describeModule, optionsOf } from "@prosody-foundry/compat";
import type { Judgement } from "@prosody-foundry/lockfile";
import { distinctWords, groupLoads, type Load, type Survey, type SurveyedModule } from "@prosody-foundry/registry";
import type { Candidate } from "./candidates.ts";
import type { Finding } from "./judge-candidates.ts";
import type { OpenRelease } from "./open-releases.ts";
import { judgementOf } from "./pin-modules.ts";
import type { ModuleTree } from "./read-tree.ts";

/** What a sweep found. */
export interface Sweep {
  tree: ModuleTree;
  /** Those that modules were loaded on. */
  releases: readonly OpenRelease[];
  findings: ReadonlyMap<string, Finding[]>;
  /** Versions that are declared, whether they could be had or not. */
  declared: ReadonlySet<string>;
}

/**
 * The survey of a sweep. What was found before on a release that could not be had this time stays, for modules whose tree
 * is the same; an observation made again keeps the day it was first made.
 */
export function composeSurvey(sweep: Sweep, before: Survey | undefined): Survey {
  const { source, revision, candidates, unreadable } = sweep.tree;
  const heard = sweep.releases.map(({ version, locked }) => [version, locked] as const);
  const kept = Object.entries(before?.releases ?? {}).filter(([version]) => sweep.declared.has(version));
  const modules = [...candidates.values()].map((candidate) => {
    return [candidate.name, surveyModule(candidate, sweep, before?.modules[candidate.name])] as const;
  });
  return {
    surveyVersion: 1,
    source: source.name,
    url: source.locked.url,
    node: revision.node,
    date: revision.date.slice(0, 10),
    releases: Object.fromEntries([...kept, ...heard]),
    unreadable,
    modules: Object.fromEntries(modules),
  };
}

function surveyModule(candidate: Candidate, sweep: Sweep, before: SurveyedModule | undefined): SurveyedModule {
  const { node, date, revision, tree, integrity, facts, content, name } = candidate;
  const { text, ...description } = describeModule(content);
  const options = optionsOf(content);
  // They are found by these already.
  const known = [name.replaceAll("_", " "), description.summary ?? "", ...options].join(" ");
  const findings = sweep.findings.get(name) ?? [];
  const old = keepFound(sweep, before?.tree === tree ? before : undefined);
  return {
    node,
    date,
    revision,
    tree,
    integrity,
    facts,
    description: { ...description, words: distinctWords(text, known) },
    options,
    loads: groupLoads([...old.loads, ...findings.flatMap(loadOf)]),
    judgements: [...old.judgements, ...findings.map((finding) => judgementOf(finding, before))],
  };
}

function keepFound({ releases, declared }: Sweep, before: SurveyedModule | undefined) {
  const again = new Set(releases.map(({ version }) => version));
  const keep = <T extends Load | Judgement>(items: readonly T[]): T[] =>
    items
      .map((item) => ({ ...item, releases: item.releases.filter((one) => declared.has(one) && !again.has(one)) }))
      .filter((item) => item.releases.length > 0);
  return { loads: keep(before?.loads ?? []), judgements: keep(before?.judgements ?? []) };
}

function loadOf({ release, hosts, log = [], evidence }: Finding): Load[] {
  const reason = evidence.find(({ kind }) => kind === "loaded")?.because;
  return reason === undefined ? [] : [{ releases: [release], hosts, log: shortenLog(log, reason) }];
}

/** Lines of the log that a survey keeps of one module, and their length. */
const [lines, letters] = [3, 160];

// "took 0.68s", "37902 bytes": another number each time, and some lines come only on a slow day.
const measured = /\d\s?(?:bytes|ms|s|seconds)\b/u;

/** What the log says beyond the reason: whatever the host, once. */
function shortenLog(log: readonly string[], reason: string): string[] {
  const said = log.map((line) => line.replace(/ on '[\w-]+\.test'/u, "").replace(/ [\w-]+\.test:/u, " "));
  const more = [...new Set(said)].filter((line) => !reason.includes(messageOf(line)) && !measured.test(line));
  return more.slice(0, lines).map((line) => (line.length <= letters ? line : `${line.slice(0, letters - 1)}…`));
}

// "error modulemanager: Error initializing module 'x': words", "warn x: words"
function messageOf(line: string): string {
  return line.replace(/^\S+ \S+: (?:Error initializing module '[^']*': )?/u, "");
}
