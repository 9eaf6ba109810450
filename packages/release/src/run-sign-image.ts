import { canonicalJson, type Progress, UserError } from "@prosody-foundry/kit";
import { type Cosign, type OpenSigner, verifyAttestation, verifySignature, withSigner } from "./run-cosign.ts";
import type { Signer, TrustedSigner } from "./signer.ts";
import { isAbout } from "./statement.ts";

export interface SignRequest extends Cosign {
  /** The index, `REPO@sha256:…`. */
  reference: string;
  signer: Signer;
  /** Whose signature it has to be afterwards: what users are told to trust. */
  trusted: TrustedSigner;
  /** What is attested about the index: type (a URI) and predicate. */
  attestations: readonly { predicateType: string; predicate: unknown }[];
  progress: Progress;
}

/** What had to be done: nothing, when it was signed and attested before. */
export interface Signed {
  signed: boolean;
  /** Types of the attestations that were made. */
  attested: string[];
}

/**
 * Signs an index by its digest and attests the predicates to it, unless the trusted signer's signature and the same
 * attestations are there: run again after an interruption, it makes what is missing. Registries without the referrers API
 * keep all of them in one index under a tag, so two signers at once may undo each other: what is not there afterwards is
 * made again.
 * @throws UserError SIGN_FAILED when cosign refuses; SIGN_UNVERIFIED when the trusted signer is another one
 */
export async function signImage(request: SignRequest): Promise<Signed> {
  return withSigner(request, request.signer, async (signer) => {
    const signed = await ensure(request, "the signature", {
      find: () => findSignature(request),
      make: () => signer.sign(request.reference),
    });
    const attested: string[] = [];
    for (const attestation of request.attestations) {
      if (await attestOnce(request, signer, attestation)) attested.push(attestation.predicateType);
    }
    return { signed, attested };
  });
}

function attestOnce(request: SignRequest, signer: OpenSigner, attestation: Attestation): Promise<boolean> {
  const { predicateType, predicate } = attestation;
  return ensure(request, `the attestation ${predicateType}`, {
    find: () => findAttestation(request, attestation),
    make: () => signer.attest(request.reference, predicateType, predicate),
  });
}

type Attestation = SignRequest["attestations"][number];

interface Work {
  /** Why it is not there; undefined when it is. */
  find: () => Promise<string | undefined>;
  make: () => Promise<void>;
}

const attempts = 2;

async function ensure({ reference, progress }: SignRequest, what: string, { find, make }: Work): Promise<boolean> {
  let missing = await find();
  if (missing === undefined) return false;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    progress(`Making ${what} of ${reference}`);
    await make();
    missing = await find();
    if (missing === undefined) return true;
  }
  throw new UserError("SIGN_UNVERIFIED", `${what} of ${reference} was made and does not hold: ${missing}`, {
    hint: "Sign with the key, or from the workflow, that `signing` of images/publish.json names.",
  });
}

async function findSignature({ reference, trusted, ...cosign }: SignRequest): Promise<string | undefined> {
  const { found, refused } = await verifySignature(cosign, reference, trusted);
  if (refused !== undefined) return refused;
  return found.includes(digestOf(reference)) ? undefined : "it is only attested";
}

async function findAttestation(
  { reference, trusted, ...cosign }: SignRequest,
  { predicateType, predicate }: Attestation,
): Promise<string | undefined> {
  const { found, refused } = await verifyAttestation(cosign, reference, { predicateType, trusted });
  if (refused !== undefined) return refused;
  const same = found.some(
    (statement) =>
      isAbout(statement, digestOf(reference)) && canonicalJson(statement.predicate) === canonicalJson(predicate),
  );
  return same ? undefined : "it says something else";
}

function digestOf(reference: string): string {
  return reference.split("@").at(-1) ?? "";
}
