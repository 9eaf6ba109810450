import type { Platform } from "@prosody-foundry/images";
import { z } from "zod";
import { predicateTypes } from "./statement.ts";
import { readJsonBlob, readParts, readStatements } from "./read-layout.ts";

/** What a layout says of one platform's image: its manifest, and the predicate of its bill of materials. */
export interface LayoutDocuments {
  manifest: unknown;
  sbom: unknown;
}

const Statement = z.looseObject({ predicateType: z.string(), predicate: z.unknown() });

/** Manifest and SBOM of every platform in an OCI layout folder. @throws UserError LAYOUT_BROKEN */
export async function readDocuments(folder: string): Promise<Partial<Record<Platform, LayoutDocuments>>> {
  const documents: Partial<Record<Platform, LayoutDocuments>> = {};
  for (const { platform, image, attestation } of await readParts(folder)) {
    const manifest = await readJsonBlob(folder, { digest: image.digest, shape: z.unknown() });
    const statements = z.array(Statement).parse(await readStatements(folder, attestation));
    const sbom = statements.find(({ predicateType }) => predicateType === predicateTypes.sbom)?.predicate;
    documents[platform] = { manifest, sbom };
  }
  return documents;
}
