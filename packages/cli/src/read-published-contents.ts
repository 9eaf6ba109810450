import { isUserError } from "@prosody-foundry/kit";
import { contentsOf, type ImageContents, type LedgerEntry, readPublished, spdxType } from "@prosody-foundry/release";
import type { Context } from "./context.ts";
import { openPublishing, type PublishFlags } from "./open-publishing.ts";
import { openTool } from "./open-tool.ts";

/**
 * What a published image has in it, by the SBOMs and manifests that its registry gives out; null, which is said, where it
 * does not any more.
 * @throws UserError of findTool
 */
export async function readPublishedContents(
  context: Context,
  entry: Pick<LedgerEntry, "digest">,
  flags: PublishFlags,
): Promise<ImageContents | null> {
  // Nothing is signed here, so nobody has to be able to.
  const { repository } = await openPublishing(context, { ...flags, sign: false });
  const reference = `${repository.name}@${entry.digest}`;
  try {
    const crane = { exec: context.exec, crane: await openTool(context, "crane") };
    const image = await readPublished(crane, { repository: repository.name, digest: entry.digest });
    const documents = await Promise.all(
      image.platforms.map(async ({ platform, digest, attestations }) => {
        const statements = attestations.flat().map(({ statement }) => statement);
        const sbom = statements.find((one) => one?.predicateType === spdxType)?.predicate;
        const manifest: unknown = JSON.parse((await repository.manifest(digest))?.text ?? "null");
        return [platform, { sbom, manifest }] as const;
      }),
    );
    return contentsOf(Object.fromEntries(documents), reference);
  } catch (error) {
    if (!isUserError(error, "IMAGE_UNREACHABLE", "REGISTRY_UNREACHABLE", "REGISTRY_DENIED", "SBOM_MALFORMED"))
      throw error;
    context.say(`Not compared with what was published last: ${error.message}`);
    return null;
  }
}
