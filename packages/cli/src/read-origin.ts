import type { Origin, Source } from "@prosody-foundry/bake";
import type { Target } from "@prosody-foundry/images";
import { isUserError } from "@prosody-foundry/kit";
import { type PublishSettings, readSettings } from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { builderIdOf, publicAddress } from "./origin.ts";
import { readContract } from "./read-image-packages.ts";
import { runGit } from "./run-git.ts";

/**
 * Who builds here, out of which commit, and what the images promise: what a build says of itself beside its images.
 * @param builderId - SLSA's builder.id, when somebody named it
 * @throws UserError PUBLISH_MALFORMED, IMAGE_MALFORMED
 */
export async function readOrigin(
  context: Context,
  targets: readonly Pick<Target, "image">[],
  builderId?: string,
): Promise<{ settings: PublishSettings | undefined; origin: Origin }> {
  const settings = await readSettings(context.root).catch(whenUnpublished);
  const source = await readSource(context, settings);
  const contracts: Record<string, string> = {};
  for (const image of new Set(targets.map((target) => target.image))) {
    const version = await readContract(context.root, image);
    if (version !== null) contracts[image] = version;
  }
  return { settings, origin: { builder: builderIdOf(context.env, builderId), source, contracts } };
}

/** The repository by its remote, or by the settings where it has none. */
async function readSource(context: Context, settings: PublishSettings | undefined): Promise<Source | null> {
  const remote = await runGit(context, ["remote", "get-url", "origin"]);
  const commit = await runGit(context, ["rev-parse", "HEAD"]);
  // The ledger says what was published, not what is built.
  const changes = await runGit(context, ["status", "--porcelain", "--", ".", ":(exclude)images/ledger.json"]);
  const url = (remote === null ? null : publicAddress(remote.trim())) ?? settings?.source;
  if (url === undefined) return null;
  return { url, commit: commit?.trim() ?? null, dirty: (changes ?? "").trim() !== "" };
}

// Who only builds needs to have said nowhere where images go.
function whenUnpublished(error: unknown): undefined {
  if (!isUserError(error, "PUBLISH_MISSING")) throw error;
}
