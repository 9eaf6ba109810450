import { type Cosign, verifyAttestation, verifySignature } from "./run-cosign.ts";
import type { TrustedSigner } from "./signer.ts";
import { isAbout, provenanceType } from "./statement.ts";

/** True when an index, `REPO@sha256:…`, has the trusted signer's signature and provenance: all that signIndex makes. */
export async function isIndexSigned(cosign: Cosign, reference: string, trusted: TrustedSigner): Promise<boolean> {
  const digest = reference.split("@").at(-1) ?? "";
  const { found } = await verifySignature(cosign, reference, trusted);
  if (!found.includes(digest)) return false;
  const attested = await verifyAttestation(cosign, reference, { predicateType: provenanceType, trusted });
  return attested.found.some((statement) => isAbout(statement, digest));
}
