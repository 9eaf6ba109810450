import { absentModule } from "@prosody-foundry/compat";
import type { Candidate } from "./candidates.ts";
import type { Context } from "./context.ts";
import { explainVerdict, type Finding, judgeQuestions, type Question } from "./judge-candidates.ts";
import type { OpenModule, OpenModules } from "./open-modules.ts";
import type { OpenRelease } from "./open-releases.ts";
import type { Attempt } from "./walk-module.ts";
import { contentsAtOnce, endOfWalk, type Failure } from "./walk-rule.ts";

/** The search for a module's pin on a series. */
export interface Trail {
  module: OpenModule;
  /** The newest release of its series: what works there is the pin. */
  release: OpenRelease;
  /** What did not work there, newest first. */
  failures: Failure[];
  /** What was found there about the newest content, as long as nothing works, and then about that. */
  finding?: Finding;
  settled?: Settled;
}

/** Where a search ended. */
interface Settled {
  /** The newest content that works; undefined when there is none. */
  candidate: Candidate | undefined;
  /** Why the walk went no further; empty where it found something or there was nothing more. */
  end: string;
}

export interface SearchRequest {
  modules: OpenModules;
  wanted: readonly OpenModule[];
  /** Newest release of each series. */
  newest: readonly OpenRelease[];
}

/** Searches under way; `trails` grows by what is needed. */
export interface Search extends SearchRequest {
  trails: Trail[];
  /** Modules that need each other in a circle: what is looked at of one lies beside the other. */
  isStuck: boolean;
}

/**
 * Looks for the newest content of each wanted module, and of those they need, that works on the newest release of each
 * series: newest first, all modules side by side, so that one round of loading serves all of them.
 */
export async function searchPins(context: Context, request: SearchRequest): Promise<Search> {
  const search: Search = { ...request, trails: [], isStuck: false };
  for (const module of request.wanted) await followModule(search, module);
  while (search.trails.some(({ settled }) => settled === undefined)) {
    let tried = 0;
    for (const release of request.newest) tried += await runRound(context, search, release);
    search.isStuck = tried === 0;
  }
  return search;
}

/** A candidate and the module it is one of. */
interface Content {
  module: OpenModule;
  candidate: Candidate;
}

/** The community modules that lie beside a candidate on a release, or the searches they still wait for. */
export async function findClosure(
  search: Search,
  content: Content,
  release: OpenRelease,
): Promise<{ closure: Candidate[]; waiting: Trail[] }> {
  const found = new Set<Trail>();
  const queue: Content[] = [content];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
    const needs = (await findNeeds(search, item, release)).filter((trail) => !found.has(trail));
    for (const trail of needs) found.add(trail);
    queue.push(...(await contentsOf(search, needs)));
  }
  const others = [...found].filter(({ module }) => module !== content.module);
  const waiting = others.filter(({ settled }) => settled === undefined);
  return { closure: (await contentsOf(search, others)).map(({ candidate }) => candidate), waiting };
}

async function contentsOf({ isStuck }: Search, trails: readonly Trail[]): Promise<Content[]> {
  const contents: Content[] = [];
  for (const { module, settled, failures } of trails) {
    const attempt = settled === undefined && isStuck ? await module.walk.attempt(failures.length) : undefined;
    const tried = attempt !== undefined && "candidate" in attempt ? attempt.candidate : undefined;
    const candidate = settled?.candidate ?? tried;
    if (candidate !== undefined) contents.push({ module, candidate });
  }
  return contents;
}

/** The searches, on the series of a release, for the community modules that a candidate needs there. */
export async function findNeeds(
  search: Search,
  { module, candidate }: Content,
  release: OpenRelease,
): Promise<Trail[]> {
  const found: Trail[] = [];
  for (const name of candidate.facts.depends.filter((other) => !release.locked.core.includes(other))) {
    const needed = await search.modules.findNeeded(name, module);
    if (needed === undefined) continue;
    await followModule(search, needed);
    const trail = search.trails.find((one) => one.module === needed && one.release.series === release.series);
    if (trail !== undefined) found.push(trail);
  }
  return found;
}

async function followModule(search: Search, module: OpenModule): Promise<void> {
  if (search.trails.some((trail) => trail.module === module)) return;
  for (const release of search.newest) {
    const trail: Trail = { module, release, failures: [] };
    search.trails.push(trail);
    if (module.kept === undefined) continue;
    const candidate = await search.modules.readKept(module, release.series);
    trail.settled = { candidate, end: "" };
  }
}

/** One content, or a few, of each module whose needs are settled; answers how many were looked at. */
async function runRound(context: Context, search: Search, release: OpenRelease): Promise<number> {
  const steps: Step[] = [];
  // An array hands out what is added while it is gone through.
  for (const trail of search.trails) {
    if (trail.settled !== undefined || trail.release !== release) continue;
    context.progress(describeStep(trail));
    steps.push(...(await takeSteps(search, trail)));
  }
  const questions = steps.flatMap(({ question }) => question ?? []);
  const findings = await judgeQuestions(context, release, questions);
  const found = new Map(questions.map((question, index) => [question, findings[index]]));
  for (const step of steps) advance(search, step, step.question === undefined ? undefined : found.get(step.question));
  return steps.length;
}

/** The next content of a search; without one, there are no more. */
interface Step {
  trail: Trail;
  attempt: Attempt | undefined;
  question: Question | undefined;
}

async function takeSteps(search: Search, trail: Trail): Promise<Step[]> {
  const steps: Step[] = [];
  const most = search.isStuck ? 1 : contentsAtOnce(trail.failures.length);
  while (steps.length < most) {
    const attempt = await trail.module.walk.attempt(trail.failures.length + steps.length);
    const step = await makeStep(search, trail, attempt);
    if (step.waits && !search.isStuck) break;
    steps.push(step);
    if (attempt === undefined) break;
  }
  return steps;
}

async function makeStep(
  search: Search,
  trail: Trail,
  attempt: Attempt | undefined,
): Promise<Step & { waits: boolean }> {
  if (attempt === undefined || "because" in attempt) return { trail, attempt, question: undefined, waits: false };
  const { candidate } = attempt;
  const { closure, waiting } = await findClosure(search, { module: trail.module, candidate }, trail.release);
  return { trail, attempt, question: { candidate, closure }, waits: waiting.length > 0 };
}

/** What works settles the search, and so does what ends it; anything else is one more failure. */
function advance(search: Search, { trail, attempt, question }: Step, finding: Finding | undefined): void {
  // Newer contents of the same round come first.
  if (trail.settled !== undefined) return;
  if (attempt === undefined) {
    trail.settled = { candidate: undefined, end: describeExhausted(trail.failures.length) };
    return;
  }
  if (question !== undefined && finding !== undefined && works(finding)) {
    trail.finding = finding;
    trail.settled = { candidate: question.candidate, end: "" };
    return;
  }
  if (trail.failures.length === 0) trail.finding = finding;
  const failure = failureOf(trail.release, attempt, finding);
  trail.failures.push({ ...failure, because: nameRoot(search, trail, failure.because) });
  const isCore = trail.release.locked.core.includes(trail.module.name);
  const end = isCore ? "" : endOfWalk(trail.failures);
  if (end !== undefined) trail.settled = { candidate: undefined, end };
}

/** What a module needs and nobody has a working revision of: the reason for that is the one to know. */
function nameRoot({ trails }: Search, { release }: Trail, because: string): string {
  const needed = absentModule(because);
  const other = trails.find(({ module, release: on }) => module.name === needed && on === release);
  const root = other?.settled?.candidate === undefined ? other?.failures[0]?.because : undefined;
  return root === undefined ? because : `needs ${needed}, which does not work there: ${root}`;
}

function works({ verdict }: Finding): boolean {
  return verdict === "works" || verdict === "loads" || verdict === "doubtful";
}

function describeExhausted(failures: number): string {
  return failures > 1 ? `nor does any older revision work (${failures - 1} tried)` : "";
}

function failureOf(release: OpenRelease, attempt: Attempt, finding: Finding | undefined): Failure {
  const { node, date } = attempt;
  if ("because" in attempt) return { node, date, because: attempt.because, cause: "other" };
  if (finding === undefined) throw new Error(`${attempt.candidate.name} was not judged`);
  const because = explainVerdict(finding).because;
  return { node, date, because, cause: causeOf(release, attempt.candidate, finding) };
}

function causeOf(release: OpenRelease, { facts }: Candidate, { evidence }: Finding): Failure["cause"] {
  if (evidence.some(({ kind, says }) => kind === "header" && says === "broken")) return "header";
  const isMissing = (library: string): boolean =>
    !release.surface.lua.some((known) => known === library || known === library.split(".")[0]);
  // A Lua library that the image lacks is not the release's, whatever else is missing.
  if (Object.keys(facts.libraries).some(isMissing)) return "other";
  return evidence.some(({ kind, says }) => kind === "static" && says !== "loads") ? "release" : "other";
}

function describeStep({ module, release, failures }: Trail): string {
  const date = failures.at(-1)?.date;
  const before = date === undefined ? "" : `, before ${date}`;
  return `${module.name} on ${release.series}: trying ${failures.length + 1} of ${module.walk.total}${before}`;
}
