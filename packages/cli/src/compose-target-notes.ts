import { readChangelogs, type Report } from "@prosody-foundry/bake";
import { cvesBetween, type LockedPackage, type Target } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import { type Lock, keysOf } from "@prosody-foundry/lockfile";
import {
  composeNotes,
  type ImageContents,
  lastPublished,
  type LedgerEntry,
  nextEntry,
  type Notes,
  type NotesReach,
  plannedContents,
} from "@prosody-foundry/release";
import { type Context, openBake } from "./context.ts";
import { openSources, sourceOf } from "./open-sources.ts";
import { readChangelog } from "./read-changelog.ts";
import { readContract } from "./read-image-packages.ts";
import { readMoveCommits } from "./read-pin-history.ts";

export interface TargetNotesRequest {
  target: Target;
  /** Digest of the index. */
  digest: string;
  /** Of its build here; null where it was built elsewhere, so that only the registry knows what is in it. */
  platforms: Report["platforms"] | null;
  lock: Lock;
  ledger: readonly LedgerEntry[];
  /** Where it is, or will be, published; null where that is not known. */
  repository: string | null;
  /** What a published image has in it; null where it cannot be read any more. */
  readContents: (entry: LedgerEntry) => Promise<ImageContents | null>;
}

/** The notes of a built target: as it is published, or as it would be now, against the publication before it. */
export async function composeTargetNotes(context: Context, request: TargetNotesRequest): Promise<Notes> {
  const { target, digest, platforms, ledger, repository } = request;
  const contract = await readContract(context.root, target.image);
  const built = { target, digest, contract, platforms: {}, date: context.today };
  const entry = nextEntry(built, ledger);
  const others = ledger.filter((one) => one.digest !== entry.digest);
  const previous = lastPublished(others, target.image, target.series) ?? null;
  const before = previous === null ? null : await request.readContents(previous);
  const after = platforms === null ? await request.readContents(entry) : plannedContents(target, platforms);
  if (after === null) throw unreadable(target.name);
  const changelog = await readChangelog(context.root, target.image);
  return composeNotes({ entry, previous, changelog, before, after, repository }, reachOf(context, request));
}

function unreadable(name: string): UserError {
  return new UserError("NOT_BUILT", `${name} is not built here, and the registry does not tell what is in it`, {
    hint: "Build it with `foundry build` and the same flags.",
  });
}

function reachOf(context: Context, { target, lock }: TargetNotesRequest): NotesReach {
  const sources = openSources(context, lock);
  return {
    async commitsOf({ name, from, to, source }) {
      const key = keysOf(lock, name).find((one) => lock.modules[one]?.source === source);
      if (key === undefined || from === null || to === null) return { commits: null, link: null };
      return readMoveCommits(sourceOf(sources, source), { name, from, to });
    },
    async cvesIn(moves) {
      const wanted = moves.flatMap(({ name, from }) => {
        const deb = debOf(target, name);
        return deb === undefined || from === null ? [] : [{ name, from, deb }];
      });
      const wishes = wanted.map(({ name, deb }) => ({ key: name, packages: [deb] }));
      const changelogs = await readChangelogs(await openBake(context), wishes);
      return new Map(
        wanted.map(({ name, from, deb }) => [name, cvesBetween(changelogs.get(name) ?? "", from, deb.version)]),
      );
    },
  };
}

function debOf({ debs }: Target, name: string): LockedPackage | undefined {
  return Object.values(debs.root).flatMap((list) => list.filter((deb) => deb.name === name))[0];
}
