/** How an index at `host/path@sha256:…` is signed and verified. */
export interface SigningHands {
  /** It has the signature and the attestations of whom strangers are told to trust. */
  isSigned(reference: string): Promise<boolean>;
  sign(reference: string): Promise<void>;
  /** Checks all of it as a stranger would. @throws UserError when that fails. */
  verify(reference: string): Promise<void>;
}
