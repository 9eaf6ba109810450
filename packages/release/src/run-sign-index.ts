import type { Exec, Progress } from "@prosody-foundry/kit";
import { UserError } from "@prosody-foundry/kit";
import { type IndexFacts, indexProvenance } from "./index-provenance.ts";
import { statementsOf } from "./judge-provenance.ts";
import type { PublishedImage } from "./published.ts";
import { readPublished, resolveReference } from "./read-published.ts";
import { type Signed, signImage } from "./run-sign-image.ts";
import type { VerifiedImage } from "./run-verify-image.ts";
import type { Signer, TrustedSigner } from "./signer.ts";
import { Provenance, provenanceType } from "./statement.ts";

export interface SignIndexRequest {
  exec: Exec;
  /** Paths of the two programs. */
  tools: { cosign: string; crane: string };
  /** `REPO@sha256:…` of an index in a registry. */
  reference: string;
  signer: Signer;
  trusted: TrustedSigner;
  progress: Progress;
}

/**
 * Signs an index that is in a registry, and attests its provenance, made of what is in it. Does nothing where both are there.
 * @throws UserError SIGN_INCOMPLETE for an index without source or without provenance of a platform, IMAGE_UNREACHABLE, and
 * those of signImage
 */
export async function signIndex(request: SignIndexRequest): Promise<Signed> {
  const { exec, tools, reference, signer, trusted, progress } = request;
  const crane = { exec, crane: tools.crane };
  const image = await readPublished(crane, await resolveReference(crane, reference));
  const attestations = [{ predicateType: provenanceType, predicate: indexProvenance(factsOf(image)) }];
  return signImage({ exec, cosign: tools.cosign, reference, signer, trusted, attestations, progress });
}

function factsOf(image: PublishedImage): IndexFacts {
  const annotations = image.index?.annotations ?? {};
  const source = annotations["org.opencontainers.image.source"];
  const [fault] = image.faults;
  if (fault !== undefined) throw incomplete(image, fault);
  if (source === undefined) throw incomplete(image, "it does not say where it comes from");
  const revision = annotations["org.opencontainers.image.revision"];
  return {
    source,
    revision: revision?.replace(/-dirty$/u, "") ?? null,
    dirty: revision?.endsWith("-dirty") ?? false,
    annotations,
    platforms: image.platforms.map(({ platform, digest, attestations }) => {
      const provenance = Provenance.safeParse(statementsOf(attestations, provenanceType)[0]?.predicate);
      if (!provenance.success) throw incomplete(image, `${platform} has no provenance v1`);
      return { platform, digest, provenance: provenance.data };
    }),
  };
}

function incomplete({ repository, digest }: PublishedImage, because: string): UserError {
  return new UserError("SIGN_INCOMPLETE", `${repository}@${digest} is not signed: ${because}`, {
    hint: "Build it anew from a repository whose images/publish.json names its source.",
  });
}

/** @throws UserError IMAGE_REFUSED with every check that an image did not pass */
export function refuseUnverified({ repository, digest, checks }: VerifiedImage): void {
  const failed = checks.filter(({ status }) => status !== "passed");
  if (failed.length === 0) return;
  const lines = failed.map(
    ({ name, status, detail }) => `\n  ${name}${status === "failed" ? "" : " (not run)"}: ${detail}`,
  );
  throw new UserError("IMAGE_REFUSED", `${repository}@${digest} does not pass:${lines.join("")}`, {
    hint: "`foundry verify-image` says it again, with the commands to look closer.",
  });
}
