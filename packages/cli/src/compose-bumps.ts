import type { Target } from "@prosody-foundry/images";
import { diffLocks, type Lock, normaliseLock } from "@prosody-foundry/lockfile";
import { type Bump, bumpUnits, makeBump, type StayingModule } from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { planRebuilt, planUnits, withModules } from "./plan-bump.ts";
import { readCommittedLock } from "./read-committed-lock.ts";
import { readImagePackages } from "./read-image-packages.ts";
import { readPinHistories } from "./read-pin-history.ts";

export interface ComposeRequest {
  /** The lock in the repository, and the one with all pins where they may go. */
  now: Lock;
  after: Lock;
  /** One bump for each module, with those that have to move together. */
  each: boolean;
  available: boolean;
  stays: readonly StayingModule[];
}

export interface ComposedBumps {
  /** The committed lock: what the bumps start from. */
  base: Lock;
  /** What the lock becomes. */
  lock: Lock;
  bumps: Bump[];
  stays: StayingModule[];
}

/**
 * The bumps between the lock that is committed and the one with newer pins: what an earlier run left there uncommitted is
 * part of them, so that running again only ever replaces.
 */
export async function composeBumps(context: Context, request: ComposeRequest): Promise<ComposedBumps> {
  const { now, available } = request;
  // As it will be read again: the order of some lists is part of a target's id.
  const after = normaliseLock(request.after);
  const moved = diffLocks(now, after).modules.map(({ name }) => name);
  if (moved.length === 0) return { base: now, lock: now, bumps: [], stays: [...request.stays] };
  const base = (await readCommittedLock(context)) ?? now;
  const changes = diffLocks(base, after).modules.filter(({ change }) => change !== "removed");
  const found = bumpUnits(
    [base, after],
    changes.map(({ name }) => name),
  );
  const { units, stays, old } = await planUnits(context, {
    before: base,
    after,
    units: found,
    each: request.each,
    available,
  });
  const accepted = units.flatMap(({ names }) => names);
  const refused = found.flatMap(({ names }) => names).filter((name) => !accepted.includes(name));
  const all = [...request.stays, ...stays];
  const lock = { ...after, modules: withModules(after, now, refused).modules };
  if (diffLocks(now, lock).modules.length === 0) return { base, lock: now, bumps: [], stays: all };
  const composed: ComposedBumps = { base, lock, bumps: [], stays: all };
  const parts = request.each
    ? units.map(({ lead, names }) => ({ lead, names, stays: [] }))
    : [{ lead: null, names: accepted, stays: all }];
  for (const part of parts) composed.bumps.push(await composeBump(context, { ...part, base, old, after, available }));
  return composed;
}

interface Part extends Pick<ComposeRequest, "after" | "available"> {
  lead: string | null;
  /** Keys of the modules that move. */
  names: readonly string[];
  stays: StayingModule[];
  base: Lock;
  /** What was planned with it. */
  old: readonly Target[];
}

async function composeBump(context: Context, { lead, names, stays, base, old, after, available }: Part): Promise<Bump> {
  const own = withModules(base, after, names);
  const targets = await planRebuilt(context, { old, after: own, available });
  const histories = await readPinHistories(context, { before: base, after, keys: names });
  const packages = await readImagePackages(context.root, [...new Set(targets.map(({ image }) => image))]);
  return makeBump({ before: base, after: own, lead, histories, stays, targets, packages });
}
