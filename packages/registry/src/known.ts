import { allSeries, compareText, type Series } from "@prosody-foundry/kit";
import { type Judgement, type Lock, type LockedModule, moduleNameOf, type Verdict } from "@prosody-foundry/lockfile";
import type { Survey, SurveyedModule } from "./schema.ts";

/** A module that the lock has, or a survey, or both. */
export interface KnownModule {
  /** `mod_x`; `mod_x@source` where that alone would not say which. */
  key: string;
  name: string;
  source: string;
  pinned: LockedModule | null;
  surveyed: SurveyedModule | null;
}

/** Prosody releases by version. */
export type Releases = Lock["releases"];

/** All modules that are known, sorted by name; what is pinned comes first where two sources have the same name. */
export function knownModules(lock: Lock, surveys: readonly Survey[]): KnownModule[] {
  const pinned = Object.entries(lock.modules).map(([key, module]): KnownModule => {
    const name = moduleNameOf(key);
    const survey = surveys.find(({ source }) => source === module.source);
    return { key, name, source: module.source, pinned: module, surveyed: survey?.modules[name] ?? null };
  });
  const taken = new Set(pinned.map(({ name, source }) => `${name}@${source}`));
  const others = surveys.flatMap(({ source, modules }) =>
    Object.entries(modules)
      .filter(([name]) => !taken.has(`${name}@${source}`))
      .map(([name, surveyed]): KnownModule => ({ key: name, name, source, pinned: null, surveyed })),
  );
  const all = [...pinned, ...others].toSorted((a, b) => compareText(a.name, b.name));
  return nameApart(all);
}

/** The modules that a word means: `mod_x`, `mod_x@source`. */
export function findKnown(known: readonly KnownModule[], key: string): KnownModule[] {
  const [name, source] = key.split("@");
  return known.filter((module) => module.name === name && (source === undefined || module.source === source));
}

/** What was found on each release: of the pin where there is one, else of what was surveyed. */
export function judgementsOf({ pinned, surveyed }: KnownModule): Judgement[] {
  return pinned?.judgements ?? surveyed?.judgements ?? [];
}

/** The verdict on the newest release of each series that the module was judged on. */
export function verdictsOf(module: KnownModule, releases: Releases): Partial<Record<Series, Verdict>> {
  const newest = sortVersions(Object.keys(releases)).toReversed();
  const found = allSeries.flatMap((series) => {
    const own = newest.filter((version) => releases[version]?.series === series);
    const verdict = own.map((version) => verdictIn(module, version)).find((one) => one !== undefined);
    return verdict === undefined ? [] : [[series, verdict] as const];
  });
  return Object.fromEntries(found);
}

/** The releases that the lock and the surveys know. */
export function knownReleases(lock: Lock, surveys: readonly Survey[]): Releases {
  const sides = [...surveys.map(({ releases }) => releases), lock.releases];
  return Object.fromEntries(sides.flatMap((side) => Object.entries(side)));
}

/** Oldest first; trunk builds, which are called `trunk-DAY-…`, last. */
export function sortVersions(versions: readonly string[]): string[] {
  const { compare } = new Intl.Collator("en", { numeric: true });
  return versions.toSorted(compare);
}

function verdictIn(module: KnownModule, version: string): Verdict | undefined {
  const sides = [module.pinned?.judgements ?? [], module.surveyed?.judgements ?? []];
  const judgements = sides.map((side) => side.find(({ releases }) => releases.includes(version)));
  return judgements.find((judgement) => judgement !== undefined)?.verdict;
}

function nameApart(modules: readonly KnownModule[]): KnownModule[] {
  const seen = new Map<string, number>();
  for (const { key } of modules) seen.set(key, (seen.get(key) ?? 0) + 1);
  const isAlone = ({ key, pinned }: KnownModule): boolean => pinned !== null || seen.get(key) === 1;
  return modules.map((module) => (isAlone(module) ? module : { ...module, key: `${module.name}@${module.source}` }));
}
