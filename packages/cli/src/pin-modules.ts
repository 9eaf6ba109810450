import type { Series } from "@prosody-foundry/kit";
import {
  type Evidence,
  type HostKind,
  isPin,
  type Judgement,
  type LockedModule,
  type NoPin,
  type Pin,
} from "@prosody-foundry/lockfile";
import type { Candidate } from "./candidates.ts";
import type { Finding } from "./judge-candidates.ts";

/** A finding with the series its release belongs to. */
export interface SeriesFinding extends Finding {
  series: Series;
}

export interface PinRequest {
  candidate: Candidate;
  /** What was found, newest release of each series first. */
  findings: readonly SeriesFinding[];
  series: readonly Series[];
  /** The module's entry until now. */
  before: LockedModule | undefined;
  hold: boolean;
}

/**
 * The lock's entry for a candidate: a pin for every series on whose newest judged release it works or at least loads,
 * the reason for none otherwise. Pins and judgements of series that were not asked for stay as they were.
 */
export function pinModule(request: PinRequest): LockedModule {
  const { candidate, before, findings } = request;
  const pins: LockedModule["pins"] = { ...before?.pins };
  for (const series of request.series) pins[series] = pinFor(candidate, findings, series);
  const judged = new Set(findings.map((finding) => finding.release));
  const kept = keepJudgements(before, pins, judged);
  return {
    source: candidate.source,
    patches: before?.patches ?? [],
    hold: request.hold || (before?.hold ?? false),
    pins,
    judgements: [...kept, ...findings.map((finding) => judgementOf(finding, before))],
  };
}

/** The entry with new findings in place of older ones on the same releases; its pins stay. */
export function rejudgeModule(module: LockedModule, findings: readonly SeriesFinding[]): LockedModule {
  const judged = new Set(findings.map((finding) => finding.release));
  const kept = keepJudgements(module, module.pins, judged);
  return { ...module, judgements: [...kept, ...findings.map((finding) => judgementOf(finding, module))] };
}

function pinFor(candidate: Candidate, findings: readonly SeriesFinding[], series: Series): Pin | NoPin {
  const own = findings.filter((finding) => finding.series === series);
  const newest = own[0];
  if (newest !== undefined && !["works", "loads", "doubtful"].includes(newest.verdict)) {
    return { none: `${newest.verdict} on ${newest.release}: ${reasonOf(newest)}` };
  }
  return {
    ...candidate.facts,
    node: candidate.node,
    date: candidate.date,
    revision: candidate.revision,
    tree: candidate.tree,
    integrity: candidate.integrity,
    hosts: hostsOf(own),
    refused: [],
  };
}

function hostsOf(findings: readonly Finding[]): HostKind[] {
  return [...new Set(findings.flatMap((finding) => finding.hosts))];
}

function reasonOf(finding: Finding): string {
  const says = finding.evidence.find((evidence) => evidence.says === finding.verdict);
  return says?.because ?? "nothing is known about it";
}

/** Judgements on releases that were not looked at now hold as long as one of the module's pins is still the same. */
function keepJudgements(
  before: LockedModule | undefined,
  pins: LockedModule["pins"],
  judged: ReadonlySet<string>,
): Judgement[] {
  if (before === undefined) return [];
  const old = new Set(Object.values(before.pins).flatMap((pin) => (isPin(pin) ? [pin.integrity] : [])));
  const same = Object.values(pins).some((pin) => isPin(pin) && old.has(pin.integrity));
  if (!same) return [];
  return before.judgements
    .map((judgement) => ({ ...judgement, releases: judgement.releases.filter((release) => !judged.has(release)) }))
    .filter(({ releases }) => releases.length > 0);
}

/** A finding as a judgement; an observation made again keeps the day it was first made, so that locks stay quiet. */
function judgementOf(finding: Finding, before: LockedModule | undefined): Judgement {
  const old = before?.judgements.find(({ releases }) => releases.includes(finding.release))?.evidence ?? [];
  const evidence = finding.evidence.map((item) => old.find((other) => saysTheSame(item, other)) ?? item);
  return { releases: [finding.release], verdict: finding.verdict, evidence };
}

// The other kinds carry the day upstream wrote what was read.
const observedByUs: readonly Evidence["kind"][] = ["header", "core", "loaded"];

function saysTheSame(a: Evidence, b: Evidence): boolean {
  return observedByUs.includes(a.kind) && a.kind === b.kind && a.says === b.says && a.because === b.because;
}
