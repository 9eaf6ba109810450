import { UserError, didYouMean } from "@prosody-foundry/kit";
import type { LedgerEntry } from "./ledger.ts";
import { isFloating, unionOf, yankTag } from "./marks.ts";
import { planPublish, type PublishFacts } from "./publish-plan.ts";
import { manifestPut, type PublishRequest } from "./publish-requests.ts";
import { type PublishHands, type PublishOutcome, reconcileTags } from "./run-publish.ts";
import { floatingTagsFor, immutableTag } from "./tags.ts";

export interface YankPlan {
  /** Immutable tags that are withdrawn now. */
  yanked: string[];
  /** The marks that have to be written. */
  requests: PublishRequest[];
  /** Floating tags that fall back to an older revision. */
  moves: PublishRequest[];
  /** Floating tags that stay on a withdrawn revision: nothing else stands that they could go to. */
  left: string[];
  entries: LedgerEntry[];
}

/**
 * What withdrawing these image revisions comes to. There is no way back: marks are facts that every publisher adds up, so
 * a revision is followed by the next one instead.
 * @throws UserError YANK_UNKNOWN for a tag that is no published image revision.
 */
export function planYank(facts: Omit<PublishFacts, "targets">, tags: readonly string[]): YankPlan {
  const known = unionOf(facts.ledger, facts.registry);
  const entries = tags.map((tag) => findRevision(known, tag));
  const names = [...facts.registry.names, ...tags.map(yankTag)];
  const after = { ...facts, registry: { ...facts.registry, names }, targets: [] };
  const standing = floatingTagsFor(facts.policy, unionOf(facts.ledger, after.registry));
  const withdrawn = new Set(entries.map(({ digest }) => digest));
  const carrying = Object.entries(facts.registry.digests).filter(
    ([tag, digest]) => isFloating(tag) && withdrawn.has(digest),
  );
  return {
    yanked: [...tags],
    requests: tags
      .filter((tag) => !facts.registry.names.includes(yankTag(tag)))
      .map((tag) => manifestPut(`${facts.repository}:${yankTag(tag)}`, null)),
    moves: planPublish(after).floating.map(({ request }) => request),
    left: carrying.map(([tag]) => tag).filter((tag) => !standing.has(tag)),
    entries: entries.map((entry) => ({ ...entry, yanked: true })),
  };
}

function findRevision(known: readonly LedgerEntry[], tag: string): LedgerEntry {
  const found = known.find((entry) => immutableTag(entry) === tag);
  if (found !== undefined) return found;
  throw new UserError("YANK_UNKNOWN", `${tag} is no published image revision`, {
    hint: didYouMean(tag, known.map(immutableTag)) ?? "Name immutable tags, as in 13.0.7-r3.",
  });
}

/** Marks the revisions in the registry, then in the ledger, then lets the floating tags fall back. */
export async function runYank(
  facts: Omit<PublishFacts, "targets">,
  plan: YankPlan,
  hands: Pick<PublishHands, "repository" | "readFacts" | "say" | "record">,
): Promise<PublishOutcome["moved"]> {
  for (const entry of plan.entries) {
    const mark = yankTag(immutableTag(entry));
    if ((await hands.repository.manifest(mark)) === undefined) await hands.repository.tag(entry.digest, mark);
    hands.say(`${immutableTag(entry)}: withdrawn`);
  }
  const ledgered = new Set(facts.ledger.map(immutableTag));
  await hands.record(plan.entries.filter((entry) => ledgered.has(immutableTag(entry))));
  return reconcileTags(facts, hands);
}
