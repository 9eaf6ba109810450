import { setTimeout as wait } from "node:timers/promises";
import { claimTag, type Revision } from "./marks.ts";
import { registryError, type Repository } from "./registry.ts";
import { immutableTag } from "./tags.ts";

export interface ClaimOptions {
  repository: Repository;
  /**
   * Milliseconds between a write and the look whether it stood: well above the time of one request. No registry can write
   * a tag only if it is free, so this is Fischer's mutual exclusion: of those who find it free together the last writer
   * has it, and all see the same one when they look again.
   */
  settle: number;
}

/** A registry that is busy is asked again so often, a little later each time. */
const turns = 6;

/**
 * What stands behind a tag in the end: what is there, or `digest`, or what somebody wrote at the same time. Each write is
 * tried once, right after a look: one that is tried again by itself could come after others have looked and settled.
 */
export async function settleTag({ repository, settle }: ClaimOptions, tag: string, digest: string): Promise<string> {
  for (let turn = 1; ; turn += 1) {
    const present = await repository.manifest(tag);
    if (present !== undefined) return present.digest;
    const written = await repository.tryTag(digest, tag, Math.max(settle, leastPatience));
    // It may have arrived although its answer did not.
    await wait(written ? settle : Math.max(settle, turn * 1000));
    const stands = await repository.manifest(tag);
    if (stands !== undefined) return stands.digest;
    const what = `${repository.name}:${tag}`;
    if (written) throw registryError("wrong", `${what} was written`, "the registry does not have it");
    if (turn === turns) throw registryError("unreachable", `${what} cannot be written`, "the registry stays busy");
  }
}

/** Milliseconds; tests settle faster than a busy machine starts a program. */
const leastPatience = 5000;

/**
 * Gets an index the first immutable tag, from `revision` on, that is not another's, and answers that revision. Interrupted
 * and asked again with the same index it answers the same: its claim, or its tag, is found.
 */
export async function claimRevision(options: ClaimOptions, revision: Revision, digest: string): Promise<Revision> {
  for (let { rev } = revision; ; rev += 1) {
    const wanted = { ...revision, rev };
    if ((await takeTag(options, immutableTag(wanted), digest)) === digest) return wanted;
  }
}

/** Digest of who has an immutable tag in the end. */
async function takeTag(options: ClaimOptions, tag: string, digest: string): Promise<string> {
  const present = await options.repository.manifest(tag);
  if (present !== undefined) return present.digest;
  const owner = await settleTag(options, claimTag(tag), digest);
  if (owner !== digest) return owner;
  // Whoever claimed it too late finds the tag itself taken.
  return settleTag(options, tag, digest);
}
