import { allSeries, compareText, type Series } from "@prosody-foundry/kit";
import {
  diffLocks,
  isPin,
  type Lock,
  type LockedModule,
  type ModuleChange,
  moduleNameOf,
  type Pin,
  type PinChange,
  type VerdictChange,
} from "@prosody-foundry/lockfile";
import { bucketOf, compareUpstream, seriesOfVersion } from "@prosody-foundry/images";
import { bucketLayer } from "./bump-targets.ts";
import type { BumpedModule, BumpedSeries, ChangedFact, Delta, RebuiltTarget } from "./bump.ts";

/** What the lock does not say about a module's way from one pin to another. */
export interface ModuleHistory extends Pick<BumpedModule, "link" | "commits" | "diffs"> {
  /** Configuration options its code reads. */
  options: Delta;
}

export interface ModulesRequest {
  before: Lock;
  after: Lock;
  /** By key. */
  histories: ReadonlyMap<string, ModuleHistory>;
  targets: readonly RebuiltTarget[];
}

/** The modules that differ between two locks, sorted by key, with what a report tells of each. Pure. */
export function bumpedModules(request: ModulesRequest): BumpedModule[] {
  const { modules } = diffLocks(request.before, request.after);
  return modules.flatMap((change) => {
    const after = request.after.modules[change.name];
    return after === undefined ? [] : [bumpedModule(request, change, after)];
  });
}

function bumpedModule(request: ModulesRequest, change: ModuleChange, after: LockedModule): BumpedModule {
  const { name } = change;
  const before = request.before.modules[name];
  const history = request.histories.get(name) ?? unknownHistory;
  return {
    name,
    source: after.source,
    link: history.link,
    series: allSeries.flatMap((series) => bumpedSeries({ before, after }, change, series)),
    commits: history.commits,
    diffs: history.diffs,
    changes: { ...changedFactsOf(before, after), options: history.options },
    verdicts: change.verdicts.map((verdict) => ({ ...verdict, because: reasonsFor(after, verdict) })),
    bytes: bytesOf(moduleNameOf(name), request.targets),
  };
}

const unknownHistory: ModuleHistory = {
  link: null,
  commits: null,
  diffs: null,
  options: { added: [], removed: [] },
};

interface Sides {
  before: LockedModule | undefined;
  after: LockedModule;
}

function bumpedSeries({ before, after }: Sides, change: ModuleChange, series: Series): BumpedSeries[] {
  const [old, now] = [before?.pins[series], after.pins[series]];
  if (old === undefined && now === undefined) return [];
  const moved = change.pins.find((pin) => pin.series === series);
  const same = isPin(now) ? now : null;
  const pin: PinChange = moved ?? { series, from: same, to: same };
  const release = newestJudged(after, series);
  const known = new Set(isPin(old) ? old.refused.map(({ node }) => node) : []);
  return [
    {
      series,
      from: pointOf(pin.from),
      to: pointOf(pin.to),
      release,
      before: verdictOf(before, release),
      after: verdictOf(after, release),
      refused: isPin(now) ? now.refused.filter(({ node }) => !known.has(node)) : [],
    },
  ];
}

// A whole pin has more fields than a report needs.
function pointOf(point: PinChange["from"]): PinChange["from"] {
  if (point === null || "none" in point) return point;
  const { node, date, revision, integrity } = point;
  return { node, date, revision, integrity };
}

function newestJudged(module: LockedModule, series: Series): string | null {
  const releases = module.judgements.flatMap((judgement) => judgement.releases);
  const own = releases.filter((release) => seriesOfVersion(release) === series);
  return own.toSorted(compareUpstream).at(-1) ?? null;
}

function verdictOf(module: LockedModule | undefined, release: string | null): BumpedSeries["after"] {
  const judged = module?.judgements.find(({ releases }) => release !== null && releases.includes(release));
  return judged?.verdict ?? "unknown";
}

/** What of the evidence on a release is not silent. */
function reasonsFor(module: LockedModule, { release }: VerdictChange): string[] {
  const judged = module.judgements.find(({ releases }) => releases.includes(release));
  const loud = judged?.evidence.filter(({ says }) => says !== "silent") ?? [];
  return loud.map(({ kind, says, because }) => `${kind} ${says}: ${because}`);
}

type LockedFact = Exclude<ChangedFact, "options">;

const factsOfPin: Record<LockedFact, (pin: Pin) => string[]> = {
  stage: ({ stage }) => (stage === null ? [] : [stage]),
  licence: ({ licence }) => [licence],
  needs: ({ depends }) => depends,
  uses: ({ optional }) => optional,
  libraries: ({ libraries }) => Object.entries(libraries).map(([name, from]) => `${name} (${from ?? "not in Debian"})`),
};

function changedFactsOf(before: LockedModule | undefined, after: LockedModule): Record<LockedFact, Delta> {
  const delta = (fact: LockedFact): Delta =>
    deltaOf(valuesOf(before, factsOfPin[fact]), valuesOf(after, factsOfPin[fact]));
  return {
    stage: delta("stage"),
    licence: delta("licence"),
    needs: delta("needs"),
    uses: delta("uses"),
    libraries: delta("libraries"),
  };
}

/** Over all series: what no pin had is new, what no pin has is gone. */
function valuesOf(module: LockedModule | undefined, read: (pin: Pin) => string[]): string[] {
  return Object.values(module?.pins ?? {}).flatMap((pin) => (isPin(pin) ? read(pin) : []));
}

/** What came and what went between two lists, each once and sorted. */
export function deltaOf(before: readonly string[], after: readonly string[]): Delta {
  const [old, now] = [new Set(before), new Set(after)];
  return {
    added: [...now.difference(old)].toSorted(compareText),
    removed: [...old.difference(now)].toSorted(compareText),
  };
}

/** The largest of the layers that are pulled anew because of a module. */
function bytesOf(name: string, targets: readonly RebuiltTarget[]): number | null {
  const layer = bucketLayer(bucketOf(name));
  const layers = targets.filter(({ modules }) => modules.includes(name)).flatMap((target) => target.layers);
  const sizes = layers.flatMap((one) => (one.name === layer && one.bytes !== null ? [one.bytes] : []));
  return sizes.length === 0 ? null : Math.max(...sizes);
}
