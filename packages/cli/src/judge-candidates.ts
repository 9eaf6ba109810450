import {
  coreEvidence,
  declaredEvidence,
  headerEvidence,
  judge,
  type LoadRequest,
  type LoadResult,
  runLoads,
  staticEvidence,
} from "@prosody-foundry/compat";
import type { Evidence, HostKind, Verdict } from "@prosody-foundry/lockfile";
import { shippingFiles } from "@prosody-foundry/source";
import type { Candidate } from "./candidates.ts";
import { type Context, engineExec } from "./context.ts";
import type { OpenRelease } from "./open-releases.ts";

/** What was found about one candidate on one release. */
export interface Finding {
  release: string;
  verdict: Verdict;
  evidence: Evidence[];
  hosts: HostKind[];
  /** What the server logged about it, where it was loaded. */
  log?: string[];
}

/** A candidate and the community modules that are to lie beside it when it is loaded. */
export interface Question {
  candidate: Candidate;
  closure: readonly Candidate[];
}

/** Gathers all kinds of evidence on one release and judges: one finding for each question, in their order. */
export async function judgeQuestions(
  context: Context,
  release: OpenRelease,
  questions: readonly Question[],
): Promise<Finding[]> {
  const read = questions.map((question) => ({ question, evidence: readEvidence(context, release, question) }));
  const loads = await loadAll(
    context,
    release,
    read.filter(({ evidence }) => canBeLoaded(evidence)).map(({ question }) => question),
  );
  return read.map(({ question, evidence }) => {
    const result = loads.get(question);
    const all = result === undefined ? evidence : [...evidence, result.evidence];
    return {
      release: release.version,
      verdict: judge(all),
      evidence: all,
      hosts: result?.hosts ?? [],
      log: result?.log,
    };
  });
}

/**
 * The verdict with why it is that one: by what the release has itself, the header or the log before what was only read.
 * A name the release has is its own, whether code is left of the community's or not.
 */
export function explainVerdict({ verdict, evidence }: Finding): { verdict: Verdict; because: string } {
  const kinds: readonly Evidence["kind"][] = ["core", "header", "loaded", "static", "declared"];
  const sorted = evidence.toSorted((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind));
  const core = sorted.find(({ says }) => says === "core");
  if (core !== undefined) return { verdict: "core", because: core.because };
  const because = sorted.find(({ says }) => says === verdict)?.because ?? "nothing is known about it";
  return { verdict, because };
}

export interface Candidates {
  /** By name: what may be loaded, as the module in question or because another one needs it. */
  candidates: ReadonlyMap<string, Candidate>;
  /** Those to judge; all of them unless given. */
  names?: readonly string[];
}

/** The same for candidates that are one another's dependencies; by module name. */
export async function judgeCandidates(
  context: Context,
  release: OpenRelease,
  { candidates, names }: Candidates,
): Promise<Map<string, Finding>> {
  const judged = [...candidates].filter(([name]) => names?.includes(name) ?? true);
  const questions = judged.map(([, candidate]) => ({
    candidate,
    closure: closureOf(candidate, candidates, release),
  }));
  const findings = await judgeQuestions(context, release, questions);
  return new Map(judged.map(([name], index) => [name, at(findings, index)]));
}

/** Evidence that needs no running server. */
function readEvidence(context: Context, release: OpenRelease, { candidate, closure }: Question): Evidence[] {
  const on = { version: release.version, ...release.locked };
  const { patched, date, lineDates } = candidate;
  const modules = new Set([candidate.name, ...closure.map(({ name }) => name)]);
  return [
    ...headerEvidence(patched, on, context.today),
    ...coreEvidence(patched, on, context.today),
    ...(candidate.declared?.get(release.version) ?? declaredEvidence(patched, on, { date, lineDates })),
    ...staticEvidence(patched, release.surface, { date, modules }),
  ];
}

/** A server would not even try what has no code, is refused by its header, or is shadowed by core. */
function canBeLoaded(evidence: readonly Evidence[]): boolean {
  return !evidence.some(
    ({ kind, says }) => says === "tombstone" || says === "core" || (kind === "header" && says === "broken"),
  );
}

async function loadAll(
  context: Context,
  release: OpenRelease,
  questions: readonly Question[],
): Promise<Map<Question, LoadResult>> {
  if (questions.length === 0) return new Map();
  const loads = await runLoads({
    exec: await engineExec(context),
    image: release.image,
    modules: questions.map(loadRequest),
    progress: (message) => context.progress(`Prosody ${release.version}: ${message}`),
    date: context.today,
    cacheDir: context.cacheDir,
  });
  return new Map(questions.map((question, index) => [question, at(loads, index)]));
}

function loadRequest({ candidate, closure }: Question): LoadRequest {
  return {
    name: candidate.name,
    files: shippingFiles(candidate.patched),
    closure: closure.map((other) => ({ name: other.name, files: shippingFiles(other.patched) })),
  };
}

/** Community modules it needs, as far as they are at hand and the release has none itself. */
function closureOf(item: Candidate, candidates: ReadonlyMap<string, Candidate>, release: OpenRelease): Candidate[] {
  const found = new Map<string, Candidate>();
  const queue = [...item.facts.depends];
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    const other = candidates.get(name);
    if (other === undefined || name === item.name || found.has(name) || release.locked.core.includes(name)) continue;
    found.set(name, other);
    queue.push(...other.facts.depends);
  }
  return [...found.values()];
}

function at<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new Error(`${items.length} answers, and none to question ${index}`);
  return item;
}
