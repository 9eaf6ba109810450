import path from "node:path";
import { findMarker, type LooseLock, parseLoosely, splitConflict } from "@prosody-foundry/lockfile";
import type { Context } from "./context.ts";
import { runGit, runShowLock } from "./run-git.ts";

/** The three locks a conflicted one is to be made of. */
export interface LockSides {
  /** Where they were found. */
  from: "index" | "heads" | "markers";
  /** Null where nobody knows what both began with. */
  base: LooseLock | null;
  ours: LooseLock;
  theirs: LooseLock;
}

/**
 * What a merge that git could not finish began with: the stages of git's index; the two heads, where the index was called
 * resolved and the merge goes on; the parts of the text between conflict markers. Null where there is none of that.
 * @throws UserError LOCK_MALFORMED, LOCK_VERSION for sides that are no locks.
 */
export async function readLockSides(context: Context, text: string): Promise<LockSides | null> {
  return (await readStages(context)) ?? (await readHeads(context, text)) ?? splitText(context, text);
}

async function readStages(context: Context): Promise<LockSides | null> {
  const [base, ours, theirs] = await Promise.all([":1:", ":2:", ":3:"].map((stage) => readAt(context, stage)));
  return ours && theirs ? { from: "index", base: base ?? null, ours, theirs } : null;
}

async function readHeads(context: Context, text: string): Promise<LockSides | null> {
  // Without markers it was resolved by hand, and what was written by hand is looked at.
  if (findMarker(text) === -1) return null;
  const found = await runGit(context, ["merge-base", "HEAD", "MERGE_HEAD"]);
  if (found === null) return null;
  const revisions = [`${found.trim()}:`, "HEAD:", "MERGE_HEAD:"];
  const [base, ours, theirs] = await Promise.all(revisions.map((revision) => readAt(context, revision)));
  return ours && theirs ? { from: "heads", base: base ?? null, ours, theirs } : null;
}

function splitText(context: Context, text: string): LockSides | null {
  const sides = findMarker(text) === -1 ? null : splitConflict(text);
  if (sides === null) return null;
  const parse = (side: string, name: string): LooseLock =>
    parseLoosely(side, `${path.basename(context.lockFile)} (${name})`);
  return {
    from: "markers",
    base: sides.base === null ? null : parse(sides.base, "base"),
    ours: parse(sides.ours, "ours"),
    theirs: parse(sides.theirs, "theirs"),
  };
}

async function readAt(context: Context, place: string): Promise<LooseLock | null> {
  const shown = await runShowLock(context, place);
  return shown === null ? null : parseLoosely(shown.text, shown.name);
}
