import { coreEvidence, declaredEvidence, headerEvidence, judge, staticEvidence } from "@prosody-foundry/compat";
import { canonicalJson, type Series } from "@prosody-foundry/kit";
import {
  type Evidence,
  type Judgement,
  type Lock,
  type LockedModule,
  type Verdict,
  verdictOn,
} from "@prosody-foundry/lockfile";
import { readSurvey } from "@prosody-foundry/registry";
import { integrityOf, type ModuleContent } from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import { readSurfaces } from "./open-releases.ts";
import type { OpenSource } from "./open-sources.ts";
import { readLineDates } from "./read-line-dates.ts";

/** What is known of another revision of a pinned module, on releases on which the same is known. */
export interface ForeseenVerdict {
  releases: string[];
  before: Verdict;
  after: Verdict;
  /**
   * `surveyed`: this content was; `same`: it ships what the pin ships; `read`: nobody has loaded it yet, this is what its
   * files tell.
   */
  basis: "surveyed" | "same" | "read";
  /** Evidence that only the pin has, and that only the revision has. */
  gone: Evidence[];
  added: Evidence[];
}

interface ForeseenRevision {
  node: string;
  /** YYYY-MM-DD */
  date: string;
  content: ModuleContent;
  /** With the module's patches: what would ship. */
  patched: ModuleContent;
  /** True where that is what the pin ships. */
  isSame: boolean;
}

export interface ForeseeRequest {
  lock: Lock;
  module: LockedModule;
  source: OpenSource;
  series: readonly Series[];
  revision: ForeseenRevision;
}

/**
 * The verdicts on another revision as far as they can be had without a server, on each release the lock has of its series.
 * @throws UserError SURVEY_MALFORMED, those of the evidence
 */
export async function foreseeVerdicts(context: Context, request: ForeseeRequest): Promise<ForeseenVerdict[]> {
  const { lock, module, series } = request;
  const releases = Object.entries(lock.releases).filter(([, release]) => series.includes(release.series));
  const judgements = await judgeRevision(context, request);
  const found = releases.map(([version]): ForeseenVerdict => {
    const old = module.judgements.find((judgement) => judgement.releases.includes(version))?.evidence ?? [];
    const { basis, verdict, evidence } = judgements(version);
    const change = { gone: without(old, evidence), added: without(evidence, old) };
    return { releases: [version], before: verdictOn(module, version), after: verdict, basis, ...change };
  });
  const groups = Map.groupBy(found, (verdict) => canonicalJson({ ...verdict, releases: [] }));
  return [...groups.values()].map((group) => ({
    ...first(group),
    releases: group.flatMap(({ releases: [one = ""] }) => one),
  }));
}

type Judged = Pick<ForeseenVerdict, "basis"> & Pick<Judgement, "verdict" | "evidence">;

async function judgeRevision(context: Context, request: ForeseeRequest): Promise<(version: string) => Judged> {
  const surveyed = await readSurveyed(context, request);
  const read = await readEvidence(context, request);
  return (version) => {
    const judgement = surveyed.find(({ releases }) => releases.includes(version));
    if (judgement !== undefined) return { basis: "surveyed", ...judgement };
    const evidence = read(version);
    const basis = evidence.some(({ kind }) => kind === "loaded") ? "same" : "read";
    return { basis, evidence, verdict: judge(evidence) };
  };
}

/** What the survey says of this very content: without patches, since it knows none. */
async function readSurveyed(context: Context, { source, revision }: ForeseeRequest): Promise<Judgement[]> {
  if (revision.patched !== revision.content) return [];
  const survey = await readSurvey(context.root, source.name);
  const module = survey?.modules[revision.content.name];
  return module?.integrity === integrityOf(revision.content) ? module.judgements : [];
}

async function readEvidence(
  context: Context,
  { lock, module, source, revision }: ForeseeRequest,
): Promise<(version: string) => Evidence[]> {
  const { node, date, content, patched } = revision;
  const surfaces = await readSurfaces(context);
  const lineDates = (await readLineDates(source.tree, { node, content }, context.progress)) ?? undefined;
  return (version) => {
    const locked = lock.releases[version];
    if (locked === undefined) return [];
    const release = { version, ...locked };
    const surface = surfaces.get(version);
    const old = module.judgements.find(({ releases }) => releases.includes(version))?.evidence ?? [];
    return [
      ...headerEvidence(patched, release, context.today),
      ...coreEvidence(patched, release, context.today),
      ...declaredEvidence(patched, release, { date, lineDates }),
      ...(surface === undefined ? [] : staticEvidence(patched, surface, { date })),
      ...(revision.isSame ? old.filter(({ kind }) => kind === "loaded") : []),
    ];
  };
}

/** Equal evidence of another day is the same. */
function without(evidence: readonly Evidence[], others: readonly Evidence[]): Evidence[] {
  const known = new Set(others.map(keyOf));
  return evidence.filter((item) => !known.has(keyOf(item)));
}

function keyOf({ kind, says, because }: Evidence): string {
  return canonicalJson([kind, says, because]);
}

function first<T>(group: readonly T[]): T {
  const [item] = group;
  if (item === undefined) throw new Error("Map.groupBy made an empty group");
  return item;
}
