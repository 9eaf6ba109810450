import { addToLedger, findSuperseded, type Github, readRemoteEntries } from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { runGit } from "./run-git.ts";

/**
 * Takes what GitHub's default branch says was published into the ledger here: that of a checkout is as old as its commit.
 * @throws UserError of readRemoteEntries, TAG_IMMUTABLE
 */
export async function joinRemoteLedger(context: Context, github: Github): Promise<void> {
  const entries = await readRemoteEntries(github);
  if (entries.length > 0) await addToLedger(context.root, entries, (message) => context.say(message));
}

/**
 * In the run of a workflow for the very commit that is checked out: the branch that has gone on from it since, so that the
 * newer commit's run publishes; null otherwise.
 */
export async function findNewerBranch(context: Context, github: Github): Promise<string | null> {
  const { GITHUB_SHA: commit } = context.env;
  const head = (await runGit(context, ["rev-parse", "--verify", "HEAD"]))?.trim();
  return head !== undefined && head === commit ? findSuperseded(github, head) : null;
}
