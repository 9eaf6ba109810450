export { Ledger, LedgerEntry } from "./ledger.ts";
export { readLedger } from "./read-ledger.ts";
export { type TagPolicy, immutableTag, tagsFor } from "./tags.ts";
export { type BuiltTarget, nextEntry, policyOf, tagsOfTarget } from "./target-tags.ts";
