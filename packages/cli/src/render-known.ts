import { allSeries, type Series } from "@prosody-foundry/kit";
import { isPin, type Judgement, type LockedModule, type Pin } from "@prosody-foundry/lockfile";
import {
  type KnownModule,
  type Load,
  type Releases,
  sortVersions,
  type SurveyedModule,
} from "@prosody-foundry/registry";

/** Modules that build on a module. */
export interface Users {
  neededBy: string[];
  usedBy: string[];
}

export interface Around {
  users: Users;
  releases: Releases;
}

/** Which of the known modules cannot do without this one, and which use it when it is there. */
export function usersOf({ name }: KnownModule, known: readonly KnownModule[]): Users {
  const facts = known.map(({ key, surveyed, pinned }) => {
    const pins = Object.values(pinned?.pins ?? {}).filter(isPin);
    return { key, of: [...pins, ...(surveyed === null ? [] : [surveyed.facts])] };
  });
  const neededBy = facts.filter(({ of }) => of.some(({ depends }) => depends.includes(name))).map(({ key }) => key);
  const uses = facts.filter(({ of }) => of.some(({ optional }) => optional.includes(name))).map(({ key }) => key);
  return { neededBy, usedBy: uses.filter((key) => !neededBy.includes(key)) };
}

/** Everything known about a module, for people. */
export function renderKnown(module: KnownModule, around: Around): string {
  const { key, source, pinned, surveyed } = module;
  const lines = [
    `${key}, from ${source}`,
    ...describeSurveyed(surveyed),
    ...alignFacts([
      ["needed by", around.users.neededBy.join(" ")],
      ["used by", around.users.usedBy.join(" ")],
    ]),
    ...describeStanding(module),
    ...(pinned === null ? [] : describeLocked(pinned, around)),
    ...describeSurvey(module, around),
    "",
  ];
  return lines.join("\n");
}

function describeSurveyed(surveyed: SurveyedModule | null): string[] {
  if (surveyed === null) return [];
  const { description, facts, node, date, revision } = surveyed;
  return [
    ...(description.summary === null ? [] : [description.summary]),
    "",
    ...alignFacts([
      ["surveyed", `${node} of ${date}${revision === null ? "" : `, ${revision} changesets`}`],
      ["labels", description.labels.join(" ")],
      ["XEPs", description.xeps.map((xep) => `XEP-${xep}`).join(" ")],
      ["superseded", description.supersededBy === null ? "" : `by ${description.supersededBy}`],
      ...factsOf(facts),
      ["options", surveyed.options.join(" ")],
      ["unread", description.unread.join("; ")],
    ]),
  ];
}

function describeStanding({ key, pinned, surveyed }: KnownModule): string[] {
  if (pinned === null) return ["", `It is not pinned: \`foundry module add ${key}\` would do that.`];
  const pins = Object.values(pinned.pins).filter(isPin);
  const isNewer = surveyed !== null && pins.some((pin) => isNews(surveyed, pin));
  return [
    "",
    ...(isNewer ? [`A newer revision than that pinned was surveyed: \`foundry module diff ${key}\`.`] : []),
    ...(pinned.hold ? ["held: `foundry module update` passes it over"] : []),
    ...pinned.patches.map(({ file, sha256 }) => `patched by ${file} (${sha256.slice(0, 12)})`),
  ];
}

// What was tried and refused is no news.
function isNews(surveyed: SurveyedModule, { tree, date, refused }: Pin): boolean {
  return tree !== surveyed.tree && date <= surveyed.date && !refused.some(({ node }) => node === surveyed.node);
}

/** Series with the same pin together. */
function describeLocked({ pins, judgements }: LockedModule, { releases }: Around): string[] {
  const judged = new Set(judgements.flatMap((judgement) => judgement.releases).map((one) => seriesOf(one, releases)));
  const known = allSeries.filter((series) => pins[series] !== undefined || judged.has(series));
  const groups = [...Map.groupBy(known, (series) => JSON.stringify(pins[series])).values()];
  return groups.flatMap((series) => {
    const [first = "trunk"] = series;
    const pin = pins[first];
    const title = series.join(", ");
    const head = isPin(pin) ? [`${title}: pinned`, ...describePin(pin)] : [`${title}: no pin. ${pin?.none ?? ""}`];
    const here = series.flatMap((one) => judgementsOn(judgements, releasesOf(one, judgements, releases)));
    return [...head, ...here.flatMap(describeJudgement), ""];
  });
}

/** What the survey found, but on series with the very content pinned that was surveyed. */
function describeSurvey({ pinned, surveyed }: KnownModule, { releases }: Around): string[] {
  if (surveyed === null) return [];
  const { judgements, loads } = surveyed;
  const isPinned = (series: Series): boolean => {
    const pin = pinned?.pins[series];
    return isPin(pin) && pin.tree === surveyed.tree;
  };
  return allSeries
    .filter((series) => !isPinned(series))
    .flatMap((series) => {
      const judged = judgementsOn(judgements, releasesOf(series, judgements, releases));
      if (judged.length === 0) return [];
      const blocks = judged.flatMap((judgement) => [
        ...describeJudgement(judgement),
        ...describeLoads(loads, judgement),
      ]);
      return ["", `${series}, as surveyed:`, ...blocks];
    });
}

function describeLoads(loads: readonly Load[], { releases }: Judgement): string[] {
  const on = loads.map((load) => ({ ...load, releases: load.releases.filter((one) => releases.includes(one)) }));
  return on
    .filter((load) => load.releases.length > 0)
    .flatMap((load) => {
      const where = load.releases.length === releases.length ? "" : ` (${load.releases.join(", ")})`;
      const hosts = load.hosts.length === 0 ? "" : load.hosts.join(" ") + where;
      return alignFacts([["hosts", hosts], ...load.log.map((line): Fact => ["log", line + where])], "    ");
    });
}

function describePin(pin: Pin): string[] {
  return alignFacts([
    ["revision", `${pin.node} of ${pin.date}${pin.revision === null ? "" : `, ${pin.revision} changesets`}`],
    ["integrity", pin.integrity],
    ["tree", pin.tree],
    ...factsOf(pin),
    ["hosts", pin.hosts.join(" ")],
    ...pin.refused.map(({ node, because }): Fact => ["refused", `${node}: ${because}`]),
  ]);
}

type Fact = readonly [label: string, value: string];

function factsOf(facts: SurveyedModule["facts"]): Fact[] {
  const libraries = Object.entries(facts.libraries).map(([library, from]) => `${library} (${from ?? "not in Debian"})`);
  return [
    ["licence", facts.licence],
    ["stage", facts.stage ?? ""],
    ["layout", facts.layout === "standard" ? "" : facts.layout],
    ["needs", facts.depends.join(" ")],
    ["uses", facts.optional.join(" ")],
    ["libraries", libraries.join(", ")],
  ];
}

function alignFacts(facts: readonly Fact[], indent = "  "): string[] {
  const known = facts.filter(([, value]) => value !== "");
  return known.map(([label, value]) => `${indent}${label.padEnd(10)} ${value}`);
}

function describeJudgement({ releases, verdict, evidence }: Judgement): string[] {
  return [
    `  Prosody ${releases.join(", ")}: ${verdict}`,
    ...evidence.map(({ kind, says, because, date }) => `    ${kind.padEnd(8)} ${says.padEnd(9)} ${because} (${date})`),
  ];
}

function releasesOf(series: Series, judgements: readonly Judgement[], releases: Releases): string[] {
  const judged = judgements.flatMap((judgement) => judgement.releases);
  return sortVersions(judged.filter((release) => seriesOf(release, releases) === series));
}

/** A release that nobody knows any more stands with the last. */
function seriesOf(release: string, releases: Releases): Series {
  return releases[release]?.series ?? "trunk";
}

function judgementsOn(judgements: readonly Judgement[], wanted: readonly string[]): Judgement[] {
  return judgements
    .map((judgement) => ({ ...judgement, releases: wanted.filter((one) => judgement.releases.includes(one)) }))
    .filter(({ releases }) => releases.length > 0);
}
