import { canonicalJson, compareText } from "@prosody-foundry/kit";
import { z } from "zod";
import { Evidence, type Judgement, Verdict } from "./schema.ts";

/** Judgements as they are written: each observation once, with the releases it was made on. */
export const FileJudgements = z.strictObject({
  evidence: z.array(z.strictObject({ ...Evidence.shape, releases: z.array(z.string()).min(1) })),
  verdicts: z.record(z.string(), Verdict),
});
export type FileJudgements = z.infer<typeof FileJudgements>;

/**
 * The one form of judgements that say the same: releases with the same verdict and evidence together, evidence in a
 * fixed order. A release that is named twice keeps its first judgement, the one `verdictOn` answers with.
 */
export function groupJudgements(judgements: readonly Judgement[]): Judgement[] {
  const groups = new Map<string, Judgement>();
  const seen = new Set<string>();
  for (const { releases, verdict, evidence } of judgements) {
    const fresh = releases.filter((release) => !seen.has(release));
    const sorted = sortEvidence(evidence);
    const key = canonicalJson([verdict, sorted]);
    const present = groups.get(key)?.releases ?? [];
    const all = [...new Set([...present, ...fresh])].toSorted(compareText);
    if (fresh.length > 0) groups.set(key, { releases: all, verdict, evidence: sorted });
    for (const release of fresh) seen.add(release);
  }
  return [...groups.values()].toSorted((a, b) => compareText(a.releases[0] ?? "", b.releases[0] ?? ""));
}

/** Memory to file; takes what groupJudgements gives. */
export function spreadJudgements(judgements: readonly Judgement[]): FileJudgements {
  const found = new Map<string, FileJudgements["evidence"][number]>();
  for (const [item, releases] of judgements.flatMap((one) =>
    one.evidence.map((said) => [said, one.releases] as const),
  )) {
    const key = keyOf(item);
    const all = [...(found.get(key)?.releases ?? []), ...releases].toSorted(compareText);
    found.set(key, { ...item, releases: all });
  }
  const verdicts = judgements.flatMap(({ releases, verdict }) =>
    releases.map((release) => [release, verdict] as const),
  );
  const ordered = [...found].toSorted(([a], [b]) => compareText(a, b));
  return { evidence: ordered.map(([, item]) => item), verdicts: Object.fromEntries(verdicts) };
}

/** File to memory. */
export function gatherJudgements(file: FileJudgements): Judgement[] {
  const judgements = Object.entries(file.verdicts).map(([release, verdict]) => ({
    releases: [release],
    verdict,
    evidence: file.evidence
      .filter(({ releases }) => releases.includes(release))
      .map(({ releases: _releases, ...item }) => item),
  }));
  return groupJudgements(judgements);
}

function sortEvidence(evidence: readonly Evidence[]): Evidence[] {
  const different = new Map(evidence.map((item) => [keyOf(item), item]));
  return [...different].toSorted(([a], [b]) => compareText(a, b)).map(([, item]) => item);
}

const kinds = Evidence.shape.kind.options;

// Kinds in the order of the schema: what is known without a server first.
function keyOf({ kind, says, because, date }: Evidence): string {
  return canonicalJson([kinds.indexOf(kind), kind, says, because, date]);
}
