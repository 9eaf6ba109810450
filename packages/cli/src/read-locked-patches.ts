import { UserError } from "@prosody-foundry/kit";
import type { LockedModule } from "@prosody-foundry/lockfile";
import { type LocalPatch, readPatches } from "@prosody-foundry/source";

/**
 * The patches a locked module carries, once they are those of the lock. `key` is the lock's: also the name of their folder.
 * @throws UserError PATCH_CHANGED, those of readPatches
 */
export async function readLockedPatches(
  root: string,
  key: string,
  module: Pick<LockedModule, "patches"> | undefined,
): Promise<LocalPatch[]> {
  const found = await readPatches(root, key);
  const changed = findChanged(module?.patches ?? [], found);
  if (changed === undefined) return found;
  throw new UserError("PATCH_CHANGED", `${changed} is not what modules.lock.json has for ${key}`, {
    hint: `Run \`foundry module update ${key}\` to judge it and lock it, or restore the file.`,
  });
}

type Hashed = readonly { file: string; sha256: string }[];

/** The first file that one side has and the other has not, or has otherwise. */
function findChanged(locked: Hashed, found: Hashed): string | undefined {
  const files = new Set([...locked, ...found].map(({ file }) => file));
  return [...files].find((file) => hashIn(locked, file) !== hashIn(found, file));
}

function hashIn(patches: Hashed, file: string): string | undefined {
  return patches.find((patch) => patch.file === file)?.sha256;
}
