import path from "node:path";
import { type Progress, compareText, prettyJson, runExclusive, writeFileWhole } from "@prosody-foundry/kit";
import type { Ledger, LedgerEntry } from "./ledger.ts";
import { compareRevisions, immutableTag, secondDigest } from "./tags.ts";
import { readLedger } from "./read-ledger.ts";

/**
 * Adds entries to images/ledger.json of the repository at `root`, whole or not at all: what it says of a revision already
 * stays, but that one withdrawn anywhere is withdrawn. Answers whether anything was new.
 * @throws UserError LEDGER_MALFORMED, TAG_IMMUTABLE.
 */
export async function addToLedger(root: string, added: readonly LedgerEntry[], onWait: Progress): Promise<boolean> {
  const file = path.join(root, "images/ledger.json");
  const write = async (): Promise<boolean> => {
    const ledger: Ledger = { ledgerVersion: 1, entries: mergeEntries(await readLedger(root), added) };
    return ledger.entries.length > 0 && writeFileWhole(file, prettyJson(ledger));
  };
  return runExclusive(file, write, { onWait });
}

function mergeEntries(present: readonly LedgerEntry[], added: readonly LedgerEntry[]): LedgerEntry[] {
  const byTag = new Map<string, LedgerEntry>();
  for (const entry of [...present, ...added]) {
    const tag = immutableTag(entry);
    const before = byTag.get(tag);
    byTag.set(tag, before === undefined ? entry : mergeEntry(before, entry));
  }
  return [...byTag.values()].toSorted((a, b) => compareRevisions(a, b) || compareText(a.variant, b.variant));
}

function mergeEntry(before: LedgerEntry, after: LedgerEntry): LedgerEntry {
  if (before.digest !== after.digest) throw secondDigest(immutableTag(before), [before.digest, after.digest]);
  const fuller = before.id === null && after.id !== null ? after : before;
  return { ...fuller, yanked: before.yanked || after.yanked };
}
