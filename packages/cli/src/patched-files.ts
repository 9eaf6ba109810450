import { isUserError } from "@prosody-foundry/kit";
import type { Lock } from "@prosody-foundry/lockfile";
import type { ExpectedFiles, PinnedModule } from "@prosody-foundry/release";
import { ensureContent, integrityOf, patchModule } from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import { openSources, sourceOf } from "./open-sources.ts";
import { readLockedPatches } from "./read-locked-patches.ts";

/**
 * The content hash of a module with local patches: upstream's content, from the cache or its source, with the patches of
 * this repository where they are those of the lock.
 */
export async function patchedFiles(
  context: Context,
  { name, key, pin }: PinnedModule,
  lock: Lock,
): Promise<ExpectedFiles> {
  const module = lock.modules[key];
  try {
    const patches = await readLockedPatches(context.root, key, module);
    const source = sourceOf(openSources(context, lock), module?.source ?? "");
    const { content } = await ensureContent({ name, ...pin }, source.all, context);
    return { integrity: integrityOf(patchModule(content, patches)) };
  } catch (error) {
    if (!isUserError(error)) throw error;
    return { unknown: `it has local patches, and ${error.message}` };
  }
}
