import type { Platform } from "@prosody-foundry/images";
import { prettyJson } from "@prosody-foundry/kit";
import type { Crane } from "./read-blobs.ts";
import { readPublished, resolveReference } from "./read-published.ts";
import { spdxType } from "./statement.ts";

/**
 * The SPDX document of each platform of a published image, out of its attestations.
 * @throws UserError IMAGE_UNREACHABLE
 */
export async function readSboms(crane: Crane, reference: string): Promise<Partial<Record<Platform, string>>> {
  const { platforms } = await readPublished(crane, await resolveReference(crane, reference));
  const found = platforms.flatMap(({ platform, attestations }) => {
    const statements = attestations.flat().flatMap(({ statement }) => statement ?? []);
    const own = statements.find(({ predicateType }) => predicateType === spdxType);
    return own === undefined ? [] : [[platform, prettyJson(own.predicate)] as const];
  });
  return Object.fromEntries(found);
}
