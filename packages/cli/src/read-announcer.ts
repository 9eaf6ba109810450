import { readFile } from "node:fs/promises";
import path from "node:path";
import { UserError } from "@prosody-foundry/kit";
import {
  announceRelease,
  type Github,
  type LedgerEntry,
  readLedger,
  type ReleaseFacts,
  releaseText,
  type TagPolicy,
} from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { findGithub } from "./propose-pull-requests.ts";
import { runGit } from "./run-git.ts";

/** A revision that was published. */
interface Published {
  entry: LedgerEntry;
  /** `host/path@sha256:…` */
  reference: string;
}

export interface AnnouncerRequest {
  github: Github;
  policy: TagPolicy;
  readSboms: (reference: string) => Promise<ReleaseFacts["sboms"]>;
  /** What the image means for its users, in Markdown; empty where that cannot be told. */
  notesOf: (entry: LedgerEntry) => Promise<string>;
}

/**
 * GitHub to tell of what is published: where somebody names the repository, or in a workflow. Elsewhere a token that happens
 * to be set is not taken for a wish.
 * @throws UserError of findGithub
 */
export async function findAnnounced(context: Context, named: string | undefined): Promise<Github | null> {
  const { GITHUB_ACTIONS: actions, GITHUB_TOKEN: token } = context.env;
  const isWorkflow = actions === "true" && token !== undefined && token !== "";
  return named !== undefined || isWorkflow ? findGithub(context, named) : null;
}

/**
 * Makes the release of each revision on GitHub, one after the other: which of them is the latest depends on those before.
 * @throws UserError COMMIT_MISSING, those of announceRelease
 */
export function openAnnouncer(context: Context, request: AnnouncerRequest): (published: Published) => Promise<void> {
  const told: LedgerEntry[] = [];
  let last: Promise<unknown> = Promise.resolve();
  return (published) => {
    const own = last.then(() => announce(context, request, { published, told }));
    // One that fails does not keep the others from being told.
    last = own.catch(() => undefined);
    return own;
  };
}

async function announce(
  context: Context,
  { github, policy, readSboms, notesOf }: AnnouncerRequest,
  { published: { entry, reference }, told }: { published: Published; told: LedgerEntry[] },
): Promise<void> {
  const { root, lockFile } = context;
  const commit = (await runGit(context, ["rev-parse", "--verify", "HEAD"]))?.trim();
  if (commit === undefined) {
    throw new UserError("COMMIT_MISSING", `There is no commit in ${root} that a release could be of`, {
      hint: "Publish from a clone of the repository.",
    });
  }
  const packages = path.join(root, "images", entry.image, "packages.lock.json");
  const { url } = await announceRelease(
    github,
    {
      entry,
      commit,
      policy,
      notes: releaseText(entry, reference, await notesOf(entry)),
      ledger: [...(await readLedger(root)), ...told],
      lock: await readFile(lockFile, "utf8"),
      packages: await readFile(packages, "utf8").catch(nullWhenMissing),
      sboms: await readSboms(reference),
    },
    { dryRun: false },
  );
  told.push(entry);
  context.say(`Release: ${url ?? ""}`);
}

function nullWhenMissing(error: NodeJS.ErrnoException): null {
  if (error.code !== "ENOENT") throw error;
  return null;
}
