import type { Series } from "@prosody-foundry/kit";
import {
  type Evidence,
  type HostKind,
  isPin,
  type Judgement,
  type Lock,
  type LockedModule,
  type NoPin,
  type Pin,
} from "@prosody-foundry/lockfile";
import type { Candidate } from "./candidates.ts";
import type { Finding } from "./judge-candidates.ts";
import { type Failure, newestOfRuns } from "./walk-rule.ts";

/** A finding with the series its release belongs to. */
export interface SeriesFinding extends Finding {
  series: Series;
}

/** What a series gets: a candidate, or the reason for none. */
export type Decision = { candidate: Candidate; refused: readonly Failure[] } | NoPin;

export interface PinRequest {
  /** Its name. */
  source: string;
  patches: LockedModule["patches"];
  decisions: ReadonlyMap<Series, Decision>;
  /** What was found, newest release of each series first. */
  findings: readonly SeriesFinding[];
  /** The lock so far, and the module's entry in it. */
  releases: Lock["releases"];
  before: LockedModule | undefined;
  /** Undefined: as before. */
  hold: boolean | undefined;
}

/** The lock's entry with what was decided. Pins and judgements of series without a decision stay as they were. */
export function pinModule(request: PinRequest): LockedModule {
  const { before, decisions, patches, source } = request;
  const pins: LockedModule["pins"] = { ...before?.pins };
  for (const [series, decision] of decisions) pins[series] = pinFor(decision, series, request.findings);
  const entry = { source, patches, hold: request.hold ?? before?.hold ?? false, pins };
  const findings = request.findings.filter(({ series }) => decisions.has(series));
  const kept = before === undefined ? [] : keepJudgements(before, entry, request.releases);
  return { ...entry, judgements: mergeJudgements(kept, findings, before) };
}

/**
 * The entry with new findings in place of older ones on the same releases; its pins stay where they are. What was found
 * about a pin or patches that it no longer has says nothing about those it has.
 * @param judged the entry that the findings are about
 */
export function rejudgeModule(
  module: LockedModule,
  judged: LockedModule,
  findings: readonly SeriesFinding[],
): LockedModule {
  if (JSON.stringify(module.patches) !== JSON.stringify(judged.patches)) return module;
  const own = findings.filter(({ series }) => contentOf(module.pins[series]) === contentOf(judged.pins[series]));
  const pins = Object.entries(module.pins).map(([series, pin]) => {
    const found = own.filter((finding) => finding.series === series);
    return [series, isPin(pin) && found.length > 0 ? { ...pin, hosts: hostsOf(found) } : pin];
  });
  return { ...module, pins: Object.fromEntries(pins), judgements: mergeJudgements(module.judgements, own, module) };
}

function pinFor(decision: Decision, series: Series, findings: readonly SeriesFinding[]): Pin | NoPin {
  if ("none" in decision) return decision;
  const { candidate, refused } = decision;
  return {
    ...candidate.facts,
    node: candidate.node,
    date: candidate.date,
    revision: candidate.revision,
    tree: candidate.tree,
    integrity: candidate.integrity,
    hosts: hostsOf(findings.filter((finding) => finding.series === series)),
    refused: newestOfRuns(refused).map(({ node, because }) => ({ node, because })),
  };
}

function hostsOf(findings: readonly Finding[]): HostKind[] {
  return [...new Set(findings.flatMap((finding) => finding.hosts))];
}

/** Judgements hold where the pin of their release's series, and the patches, are the same. */
function keepJudgements(
  before: LockedModule,
  after: Omit<LockedModule, "judgements">,
  releases: Lock["releases"],
): Judgement[] {
  if (JSON.stringify(before.patches) !== JSON.stringify(after.patches)) return [];
  const isSame = (release: string): boolean => {
    const series = releases[release]?.series;
    return series !== undefined && contentOf(before.pins[series]) === contentOf(after.pins[series]);
  };
  return before.judgements.map((judgement) => ({ ...judgement, releases: judgement.releases.filter(isSame) }));
}

function contentOf(pin: Pin | NoPin | undefined): string {
  return isPin(pin) ? pin.integrity : "";
}

function mergeJudgements(
  kept: readonly Judgement[],
  findings: readonly SeriesFinding[],
  before: LockedModule | undefined,
): Judgement[] {
  const judged = new Set(findings.map(({ release }) => release));
  const others = kept
    .map((judgement) => ({ ...judgement, releases: judgement.releases.filter((release) => !judged.has(release)) }))
    .filter(({ releases }) => releases.length > 0);
  return [...others, ...findings.map((finding) => judgementOf(finding, before))];
}

/** A finding as a judgement; an observation made again keeps the day it was first made, so that locks stay quiet. */
export function judgementOf(finding: Finding, before: Pick<LockedModule, "judgements"> | undefined): Judgement {
  const old = before?.judgements.find(({ releases }) => releases.includes(finding.release))?.evidence ?? [];
  const evidence = finding.evidence.map((item) => old.find((other) => saysTheSame(item, other)) ?? item);
  return { releases: [finding.release], verdict: finding.verdict, evidence };
}

// The other kinds carry the day upstream wrote what was read.
const observedByUs: readonly Evidence["kind"][] = ["header", "core", "loaded"];

function saysTheSame(a: Evidence, b: Evidence): boolean {
  return observedByUs.includes(a.kind) && a.kind === b.kind && a.says === b.says && a.because === b.because;
}
