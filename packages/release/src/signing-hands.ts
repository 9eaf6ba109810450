import { isUserError } from "@prosody-foundry/kit";

/** How an index at `host/path@sha256:…` is signed and verified. */
export interface SigningHands {
  /** It has the signature and the attestations of whom strangers are told to trust. */
  isSigned(reference: string): Promise<boolean>;
  sign(reference: string): Promise<void>;
  /** Checks all of it as a stranger would. @throws UserError when that fails. */
  verify(reference: string): Promise<void>;
}

/** True when a stranger would accept it; true as well where nothing is signed. */
export async function verifies(signing: Pick<SigningHands, "verify"> | undefined, reference: string): Promise<boolean> {
  try {
    await signing?.verify(reference);
    return true;
  } catch (error) {
    if (!isUserError(error)) throw error;
    return false;
  }
}
