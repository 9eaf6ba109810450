/** Who signs. The password of a key file comes from COSIGN_PASSWORD or a file, never from an argument. */
export type Signer =
  | {
      kind: "key";
      /** Path of cosign's key file, or `env://NAME` for a variable that holds its text. */
      key: string;
      /** File with the key's password, for where COSIGN_PASSWORD is not set. */
      passwordFile?: string;
    }
  /** The workflow run that this command is part of, by GitHub's OIDC token. */
  | { kind: "keyless" };

/** By whom a signature has to be: what `signing` of images/publish.json says, with the key's path resolved. */
export type TrustedSigner =
  | { kind: "key"; publicKey: string }
  | { kind: "keyless"; issuer: string; /** Regular expression, matched whole. */ identity: string };

/** Files that cosign is given instead of asking Sigstore's services. */
export interface SigningFiles {
  signingConfig: string;
  /** Only for a key, which nobody but its owner vouches for. */
  trustedRoot?: string;
}

/** An attestation about an index: the URI of the predicate's type, and the file that holds the predicate. */
export interface PredicateFile {
  predicateType: string;
  file: string;
}

/** Arguments of `cosign signing-config create` for a signer. */
export function signingConfigArgs(signer: Signer, file: string): string[] {
  const services =
    signer.kind === "keyless"
      ? ["--with-default-services=true"]
      : ["rekor", "fulcio", "tsa", "oidc"].map((service) => `--no-default-${service}=true`);
  return ["signing-config", "create", ...services, "--out", file];
}

/** Nobody is trusted by it: what a key signs needs no authority. */
export const emptyTrustedRoot = {
  mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
  tlogs: [],
  certificateAuthorities: [],
  ctlogs: [],
  timestampAuthorities: [],
};

/** Arguments that sign `reference` (`REPO@sha256:…`). */
export function signArgs(reference: string, signer: Signer, files: SigningFiles): string[] {
  return ["sign", ...signerArgs(signer, files), reference];
}

/**
 * Arguments that attest a predicate to `reference`. Its type is given as a URI: for the short names cosign rewrites the
 * predicate and drops what it does not know.
 */
export function attestArgs(
  reference: string,
  predicate: PredicateFile,
  { signer, files }: { signer: Signer; files: SigningFiles },
): string[] {
  const { predicateType, file } = predicate;
  return ["attest", ...signerArgs(signer, files), "--type", predicateType, "--predicate", file, reference];
}

function signerArgs(signer: Signer, { signingConfig, trustedRoot }: SigningFiles): string[] {
  const root = trustedRoot === undefined ? [] : ["--trusted-root", trustedRoot];
  const who = signer.kind === "key" ? ["--key", signer.key] : ["--oidc-provider", "github-actions"];
  return ["--yes", ...who, "--signing-config", signingConfig, ...root];
}

/** Arguments by which anybody verifies a signature on `reference`. */
export function verifyArgs(reference: string, trusted: TrustedSigner): string[] {
  return ["verify", ...trustedArgs(trusted), reference];
}

/** Arguments by which anybody verifies an attestation of that type on `reference`, and reads it. */
export function verifyAttestationArgs(reference: string, predicateType: string, trusted: TrustedSigner): string[] {
  return ["verify-attestation", "--type", predicateType, ...trustedArgs(trusted), reference];
}

// A signature by a key is in no public log: it holds without Sigstore's services, and offline.
function trustedArgs(trusted: TrustedSigner): string[] {
  if (trusted.kind === "key") return ["--key", trusted.publicKey, "--insecure-ignore-tlog=true"];
  const identity = ["--certificate-identity-regexp", wholeMatch(trusted.identity)];
  return ["--certificate-oidc-issuer", trusted.issuer, ...identity];
}

// cosign is content with a match anywhere in the identity.
function wholeMatch(pattern: string): string {
  return `^(?:${pattern})$`;
}
