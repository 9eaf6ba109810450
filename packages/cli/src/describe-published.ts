import { readReport } from "@prosody-foundry/bake";
import { isUserError } from "@prosody-foundry/kit";
import { type LedgerEntry, readLedger, renderNotes } from "@prosody-foundry/release";
import { composeTargetNotes } from "./compose-target-notes.ts";
import type { Context } from "./context.ts";
import { type PublishFlags, repositoryName } from "./open-publishing.ts";
import type { Planned } from "./plan-images.ts";
import { readPublishedContents } from "./read-published-contents.ts";

interface PublishedNow {
  entry: LedgerEntry;
  planned: Planned;
  flags: PublishFlags;
}

/**
 * The notes of an image that was just published, in Markdown; empty where what they are made of cannot be had, which is
 * said: a publication does not wait for its notes.
 */
export async function describePublished(context: Context, { entry, planned, flags }: PublishedNow): Promise<string> {
  const target = planned.targets.find(({ id }) => id === entry.id);
  const report = target && (await readReport(context.cacheDir, target.id));
  if (target === undefined) return "";
  try {
    const notes = await composeTargetNotes(context, {
      target,
      digest: entry.digest,
      built: report !== undefined,
      lock: planned.lock,
      ledger: [...(await readLedger(context.root)), entry],
      repository: await repositoryName(context, flags),
      readContents: (previous) => readPublishedContents(context, previous, flags),
    });
    return renderNotes(notes);
  } catch (error) {
    if (!isUserError(error)) throw error;
    context.say(`${target.name}: published without notes: ${error.message}`);
    return "";
  }
}
