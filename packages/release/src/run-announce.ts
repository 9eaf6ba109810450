import { type ReleaseFacts, releaseOf } from "./announce.ts";
import type { ReleaseAction } from "./releases.ts";
import type { Github } from "./run-github.ts";
import { type LedgerAction, writeRemoteLedger } from "./write-remote-ledger.ts";
import { writeRelease } from "./write-releases.ts";

export interface Announced {
  /** What was done, or with `dryRun` would be. */
  actions: (ReleaseAction | LedgerAction)[];
  /** Address of the release; null in a dry run before there is one. */
  url: string | null;
}

/**
 * Tells of a published image on GitHub: its release, and its entry in the committed ledger. Whoever was interrupted runs it
 * again and gets the rest; where all is there, nothing is written.
 * @throws UserError of Github.ask, LEDGER_MALFORMED, TAG_IMMUTABLE
 */
export async function announceRelease(
  github: Github,
  facts: ReleaseFacts,
  options: { dryRun: boolean },
): Promise<Announced> {
  const wanted = releaseOf(facts);
  const { actions, url } = await writeRelease(github, wanted, options);
  const entries = [facts.entry];
  const committed = await writeRemoteLedger(github, { entries, message: `Published ${wanted.tag}`, ...options });
  return { actions: [...actions, ...committed], url };
}
