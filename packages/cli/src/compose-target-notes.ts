import path from "node:path";
import { buildFolder, readChangelogs, readDocuments } from "@prosody-foundry/bake";
import { cvesBetween, type LockedPackage, type Target } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import { type Lock, keysOf } from "@prosody-foundry/lockfile";
import {
  composeNotes,
  contentsOf,
  type ImageContents,
  lastPublished,
  type LedgerEntry,
  nextEntry,
  type Notes,
  type NotesReach,
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
  /** True where it was built here; else only the registry knows what is in it. */
  built: boolean;
  lock: Lock;
  ledger: readonly LedgerEntry[];
  /** Where it is, or will be, published; null where that is not known. */
  repository: string | null;
  /** What a published image has in it; null where it cannot be read any more. */
  readContents: (entry: LedgerEntry) => Promise<ImageContents | null>;
}

/** The notes of a built target: as it is published, or as it would be now, against the publication before it. */
export async function composeTargetNotes(context: Context, request: TargetNotesRequest): Promise<Notes> {
  const { target, digest, ledger, repository } = request;
  const contract = await readContract(context.root, target.image);
  const made = { target, digest, contract, platforms: {}, date: context.today };
  const entry = nextEntry(made, ledger);
  const others = ledger.filter((one) => one.digest !== entry.digest);
  const previous = lastPublished(others, target.image, target.series) ?? null;
  const before = previous === null ? null : await request.readContents(previous);
  const after = request.built ? await readBuilt(context, target) : await request.readContents(entry);
  if (after === null) throw unreadable(target.name);
  const changelog = await readChangelog(context.root, target.image);
  return composeNotes({ entry, previous, changelog, before, after, repository }, reachOf(context, request));
}

// By its SBOM, not by the plan: of some packages that an image is made of nothing is left in it.
async function readBuilt({ cacheDir }: Context, { id, name }: Target): Promise<ImageContents> {
  return contentsOf(await readDocuments(path.join(buildFolder(cacheDir, id), "layout")), name);
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
      const keys = keysOf(lock, name);
      // An SBOM says where a module was had from, not what the lock calls that.
      const key = keys.find((one) => lock.modules[one]?.source === source) ?? (keys.length === 1 ? keys[0] : undefined);
      const own = key === undefined ? undefined : lock.modules[key]?.source;
      if (own === undefined || from === null || to === null) return { commits: null, link: null };
      return readMoveCommits(sourceOf(sources, own), { name, from, to });
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
