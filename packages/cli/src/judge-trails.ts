import type { Context } from "./context.ts";
import { type Finding, judgeQuestions, type Question } from "./judge-candidates.ts";
import type { OpenRelease } from "./open-releases.ts";
import type { SeriesFinding } from "./pin-modules.ts";
import { findClosure, type Search, type Trail } from "./search-pins.ts";
import { dateCandidate } from "./walk-module.ts";

/**
 * What is found about the content that each search ended with (the newest where nothing works) on every release of its
 * series, newest release first.
 */
export async function judgeTrails(
  context: Context,
  search: Search,
  releases: readonly OpenRelease[],
): Promise<Map<Trail, SeriesFinding[]>> {
  const findings = new Map<Trail, SeriesFinding[]>();
  for (const release of releases) {
    for (const [trail, finding] of await judgeRelease(context, search, release)) {
      findings.set(trail, [...(findings.get(trail) ?? []), { ...finding, series: release.series }]);
    }
  }
  return findings;
}

async function judgeRelease(context: Context, search: Search, release: OpenRelease): Promise<Map<Trail, Finding>> {
  const found = new Map<Trail, Finding>();
  const asked: Array<{ trail: Trail; question: Question }> = [];
  for (const trail of search.trails) {
    if (trail.release.series !== release.series || trail.module.kept !== undefined) continue;
    const known = trail.release === release ? knownFinding(trail) : undefined;
    const question = known === undefined ? await makeQuestion(context, search, { trail, release }) : undefined;
    if (known !== undefined) found.set(trail, known);
    if (question !== undefined) asked.push({ trail, question });
  }
  const questions = asked.map(({ question }) => question);
  const findings = await judgeQuestions(context, release, questions);
  for (const [index, { trail }] of asked.entries()) {
    const finding = findings[index];
    if (finding !== undefined) found.set(trail, finding);
  }
  return found;
}

/** The search has asked this already, but for an older content without the days of its README. */
function knownFinding({ settled, failures, finding }: Trail): Finding | undefined {
  return settled?.candidate === undefined || failures.length === 0 ? finding : undefined;
}

interface Wish {
  trail: Trail;
  release: OpenRelease;
}

async function makeQuestion(context: Context, search: Search, { trail, release }: Wish): Promise<Question | undefined> {
  const { module, settled } = trail;
  const newest = await module.walk.attempt(0);
  const first = newest !== undefined && "candidate" in newest ? newest.candidate : undefined;
  const found = settled?.candidate ?? first;
  if (found === undefined) return undefined;
  // The newest was dated when it was read; of all others only those that become pins are.
  const candidate = found === first ? found : await dateCandidate(context, module.source, found);
  const { closure } = await findClosure(search, { module, candidate }, release);
  return { candidate, closure };
}
