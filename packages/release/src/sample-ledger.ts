import { sha256 } from "@prosody-foundry/kit";
import type { LedgerEntry } from "./ledger.ts";
import { immutableTag } from "./tags.ts";

/** A published revision for this package's tests; its digest is made of its immutable tag. */
export function entryOf(version: string, rev = 1, more: Partial<LedgerEntry> = {}): LedgerEntry {
  const series = version.startsWith("trunk") ? "trunk" : version.split(".").slice(0, 2).join(".");
  const variant = more.variant ?? "";
  const image = variant === "" ? "prosody" : variant;
  const digest = `sha256:${sha256(immutableTag({ version, rev, variant }))}`;
  const made = { digest, id: null, contract: null, platforms: {} };
  return { image, variant, series, version, rev, ...made, yanked: false, date: "2026-11-19", ...more };
}
