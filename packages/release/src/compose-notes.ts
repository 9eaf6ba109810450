import type { Changeset } from "@prosody-foundry/source";
import { sectionsSince } from "./changelog.ts";
import { compareContents, type ModuleMove, type PackageMove } from "./contents-change.ts";
import type { ImageContents } from "./image-contents.ts";
import type { LedgerEntry } from "./ledger.ts";
import type { Notes } from "./notes.ts";
import { immutableTag } from "./tags.ts";

export interface NotesRequest {
  /** What is published: the ledger's entry of it, written or to be. */
  entry: Pick<LedgerEntry, "image" | "variant" | "series" | "version" | "rev" | "contract">;
  /** The publication before it on the same series; null for the first. */
  previous: LedgerEntry | null;
  /** Text of the image's CHANGELOG.md; empty where there is none. */
  changelog: string;
  /** Null where the previous image cannot be read any more: then nothing is compared. */
  before: ImageContents | null;
  after: ImageContents;
  /** Where it is published, without a tag; null where that is not known. */
  repository: string | null;
}

/** What notes tell that neither image has in it. */
export interface NotesReach {
  /** Upstream's changesets of a module that is in both images, between its two revisions, newest first; null where no history tells. */
  commitsOf(move: ModuleMove): Promise<ModuleCommits>;
  /**
   * By package: the CVEs that its changelog says were fixed between the two versions. All packages that are in both images
   * with another version are asked for at once.
   */
  cvesIn(moves: readonly PackageMove[]): Promise<ReadonlyMap<string, readonly string[]>>;
}

export interface ModuleCommits {
  commits: Changeset[] | null;
  /** Address of a changeset at upstream, with `{node}` for its revision; null where there is none. */
  link: string | null;
}

/** The notes of one publication for its users, as a value; `renderNotes` makes Markdown of it. */
export async function composeNotes(request: NotesRequest, reach: NotesReach): Promise<Notes> {
  const draft = draftNotes(request);
  const modules = await inTurn(draft.modules, async (move) => ({ ...move, ...(await commitsOf(reach, move)) }));
  const updates = draft.packages.filter(({ from, to }) => from !== null && to !== null);
  const cves = updates.length === 0 ? new Map<string, string[]>() : await reach.cvesIn(updates);
  const packages = draft.packages.map((move) => ({ ...move, cves: [...(cves.get(move.name) ?? [])] }));
  return { ...draft, modules, packages };
}

/** The notes as far as changelog and contents tell: without upstream's changesets and without CVEs. Pure. */
export function draftNotes(request: NotesRequest): Notes {
  const { entry, previous, before, after } = request;
  const change = compareContents(before, after);
  const compared = before === null ? { modules: [], packages: [] } : change;
  return {
    title: titleOf(entry),
    reference: request.repository === null ? null : `${request.repository}:${immutableTag(entry)}`,
    rev: entry.rev,
    contract: { from: previous?.contract ?? null, to: entry.contract },
    sections: previous === null ? [] : sectionsSince(request.changelog, previous.contract),
    release: { from: previous?.version ?? null, to: entry.version },
    modules: compared.modules.map((move) => ({ ...move, commits: null, link: null })),
    packages: compared.packages.map((move) => ({ ...move, cves: [] })),
    platforms: change.platforms,
    counts: { modules: Object.keys(after.modules).length, packages: Object.keys(after.packages).length },
    isFirst: previous === null,
    isCompared: before !== null,
  };
}

function titleOf({ image, variant, version, rev }: NotesRequest["entry"]): string {
  return `${immutableTag({ version, rev, variant })} (${image})`;
}

async function commitsOf(reach: NotesReach, move: ModuleMove): Promise<ModuleCommits> {
  return move.from === null || move.to === null ? { commits: null, link: null } : reach.commitsOf(move);
}

// One after the other: each may ask upstream.
async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
