import { type Evidence, HostKind } from "@prosody-foundry/lockfile";
import type { TriedKind } from "./load-config.ts";
import { type KindOutcome, type LoadAnswer, loadAnswers } from "./load-judge.ts";

export interface LoadSummary {
  evidence: Evidence;
  hosts: HostKind[];
}

/**
 * One piece of evidence out of what was seen on each kind of host: the worst of what was seen on a kind (with and
 * without statistics), the best over the kinds.
 * @param options - options that were set for it; who wants to see the same has to set them too
 */
export function summariseLoad(
  outcomes: readonly KindOutcome[],
  date: string,
  options: readonly string[] = [],
): LoadSummary {
  const kinds = [...new Set(outcomes.map((outcome) => outcome.kind))];
  const perKind = kinds.map((kind) => worstOf(outcomes, kind)).toSorted(compareOutcomes);
  const hosts = hostsOf(perKind);
  const best = perKind[0];
  if (best === undefined) throw new Error("No kind of host was tried");
  const set = options.length === 0 ? "" : `, with ${options.join(", ")} set`;
  const because = best.says === "loads" ? `it loads on ${hosts.join(", ")}${set}` : joinReasons(perKind, best.says);
  return { evidence: { kind: "loaded", says: best.says, because, date }, hosts };
}

// A host can hide the real reason: "load me as a component" on one, the missing library on the other.
function joinReasons(outcomes: readonly KindOutcome[], says: LoadAnswer): string {
  const same = outcomes.filter((outcome) => outcome.says === says);
  const reasons = Map.groupBy(same, (outcome) => outcome.because);
  if (reasons.size === 1) return same[0]?.because ?? "";
  const parts = Array.from(reasons, ([because, on]) => `on ${on.map(({ kind }) => kind).join(", ")}: ${because}`);
  return parts.join("; ");
}

function worstOf(outcomes: readonly KindOutcome[], kind: TriedKind): KindOutcome {
  const [worst] = outcomes.filter((outcome) => outcome.kind === kind).toSorted((a, b) => compareOutcomes(b, a));
  if (worst === undefined) throw new Error(`${kind} was not tried`);
  return worst;
}

function compareOutcomes(a: KindOutcome, b: KindOutcome): number {
  return loadAnswers.indexOf(a.says) - loadAnswers.indexOf(b.says);
}

function hostsOf(outcomes: readonly KindOutcome[]): HostKind[] {
  const seen = outcomes.filter((outcome) => outcome.says === "loads" || outcome.says === "doubtful");
  return HostKind.options.filter((kind) => seen.some((outcome) => outcome.at.includes(kind)));
}
