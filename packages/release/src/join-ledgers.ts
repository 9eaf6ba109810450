import { compareText, prettyJson, UserError } from "@prosody-foundry/kit";
import type { Ledger, LedgerEntry } from "./ledger.ts";
import { immutableTag } from "./tags.ts";

/**
 * All entries of both, sorted by tag. Of one revision that both have, what only one knows is taken from it, and it is yanked
 * where one says so; everything else is as `ours` has it.
 * @throws UserError TAG_IMMUTABLE when one revision has two digests.
 */
export function joinLedgers(ours: readonly LedgerEntry[], theirs: readonly LedgerEntry[]): LedgerEntry[] {
  const joined = new Map<string, LedgerEntry>();
  for (const entry of [...ours, ...theirs]) {
    const tag = immutableTag(entry);
    const present = joined.get(tag);
    joined.set(tag, present === undefined ? entry : joinEntries(tag, present, entry));
  }
  return [...joined].toSorted(([a], [b]) => compareText(a, b)).map(([, entry]) => entry);
}

/** images/ledger.json of these entries. */
export function formatLedger(entries: readonly LedgerEntry[]): string {
  return prettyJson({ ledgerVersion: 1, entries } satisfies {
    ledgerVersion: Ledger["ledgerVersion"];
    entries: unknown;
  });
}

function joinEntries(tag: string, ours: LedgerEntry, theirs: LedgerEntry): LedgerEntry {
  if (ours.digest !== theirs.digest) {
    throw new UserError("TAG_IMMUTABLE", `${tag} is ${ours.digest} and cannot become ${theirs.digest}`, {
      hint: "Publish the new image as the next revision.",
    });
  }
  return {
    ...ours,
    id: ours.id ?? theirs.id,
    contract: ours.contract ?? theirs.contract,
    platforms: { ...theirs.platforms, ...ours.platforms },
    yanked: ours.yanked || theirs.yanked,
  };
}
