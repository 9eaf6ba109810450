import path from "node:path";
import { UserError } from "@prosody-foundry/kit";
import type { Signing } from "./settings.ts";
import type { TrustedSigner } from "./signer.ts";

/** What a user says instead of the settings. */
export interface TrustFlags {
  /** Path of a public key. */
  key?: string;
  /** Regular expression of the certificate's identity. */
  identity?: string;
  issuer?: string;
}

const githubIssuer = "https://token.actions.githubusercontent.com";

/**
 * By whom an image has to be signed: as `signing` of images/publish.json says, unless the flags say otherwise. `root` is
 * where the settings' key path starts.
 * @throws UserError TRUST_AMBIGUOUS when a key and an identity are named, TRUST_PATTERN for an identity that is no pattern
 */
export function trustedSigner(signing: Signing, flags: TrustFlags, root: string): TrustedSigner {
  const { key, identity, issuer } = flags;
  if (key !== undefined && (identity !== undefined || issuer !== undefined)) {
    throw new UserError("TRUST_AMBIGUOUS", "--key and --identity or --issuer contradict each other", {
      hint: "A signature is by a key, or by an identity that an issuer vouches for: name one.",
    });
  }
  if (key !== undefined) return { kind: "key", publicKey: key };
  if (signing.kind === "key" && identity === undefined) {
    return { kind: "key", publicKey: path.resolve(root, signing.publicKey) };
  }
  const declared = signing.kind === "keyless" ? signing : { issuer: githubIssuer, identity: "" };
  const pattern = checkPattern("--identity", identity ?? declared.identity);
  return { kind: "keyless", issuer: issuer ?? declared.issuer, identity: pattern };
}

/** @throws UserError TRUST_PATTERN */
export function checkPattern(flag: string, pattern: string): string {
  try {
    // eslint-disable-next-line no-new
    new RegExp(pattern, "u");
  } catch (cause) {
    throw new UserError("TRUST_PATTERN", `${flag} is no regular expression: ${pattern}`, {
      hint: String.raw`Write dots of an address as \. and leave ^ and $ away: it has to match whole.`,
      cause,
    });
  }
  return pattern;
}
