import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { createMessage, type Key, readKeys, readSignature, type Signature, verify } from "openpgp";
import { compareText, UserError } from "@prosody-foundry/kit";

/**
 * The public OpenPGP keys in a folder, each file armored or not; none where there is no such folder.
 * @throws UserError KEY_MALFORMED with the name of the file
 */
export async function readSigners(folder: string): Promise<Key[]> {
  const names = (await readdir(folder).catch(emptyWhenMissing)).filter((name) => /\.(?:asc|gpg|pgp)$/u.test(name));
  const keys = await Promise.all(names.toSorted(compareText).map((name) => readFileKeys(path.join(folder, name))));
  return keys.flat();
}

/** Who signed some bytes. */
export interface Signed {
  /** Fingerprint of the key, hexadecimal. */
  fingerprint: string;
  /** Its first user id. */
  name: string;
}

/**
 * Who of the signers signed these bytes; null where nobody we know did.
 * @throws UserError SIGNATURE_BAD when it is by a known key and not of these bytes, or is no signature
 */
export async function checkSignature(
  bytes: Uint8Array,
  signature: Uint8Array,
  { signers, what }: { signers: readonly Key[]; what: string },
): Promise<Signed | null> {
  const parsed = await parseSignature(signature, what);
  const message = await createMessage({ binary: bytes });
  const checked = await verify({ message, signature: parsed, verificationKeys: [...signers] });
  for (const { keyID, verified } of checked.signatures) {
    const key = signers.find((one) => one.getKeys(keyID).length > 0);
    if (key === undefined) continue;
    await verified.catch((cause: unknown) => {
      throw signatureBad(what, `the signature of ${describe(key).name} is not of these bytes`, cause);
    });
    return describe(key);
  }
  return null;
}

async function parseSignature(signature: Uint8Array, what: string): Promise<Signature> {
  const text = Buffer.from(signature).toString("latin1");
  const isArmored = text.includes("-----BEGIN PGP SIGNATURE-----");
  return (isArmored ? readSignature({ armoredSignature: text }) : readSignature({ binarySignature: signature })).catch(
    (cause: unknown) => {
      throw signatureBad(what, "what stands beside it is no signature", cause);
    },
  );
}

async function readFileKeys(file: string): Promise<Key[]> {
  const bytes = await readFile(file);
  const text = bytes.toString("latin1");
  const isArmored = text.includes("-----BEGIN PGP PUBLIC KEY BLOCK-----");
  try {
    return await (isArmored ? readKeys({ armoredKeys: text }) : readKeys({ binaryKeys: bytes }));
  } catch (cause) {
    throw new UserError("KEY_MALFORMED", `${path.basename(file)} in ${path.dirname(file)} has no OpenPGP public key`, {
      hint: "Put there what `gpg --armor --export` prints for the key, or remove the file.",
      cause,
    });
  }
}

function describe(key: Key): Signed {
  return { fingerprint: key.getFingerprint().toUpperCase(), name: key.getUserIDs()[0] ?? "a key without a name" };
}

function signatureBad(what: string, because: string, cause: unknown): UserError {
  return new UserError("SIGNATURE_BAD", `${what}: ${because}`, {
    hint: "Do not use it. Compare with what Prosody's team says of the release, by another way.",
    cause,
  });
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string[] {
  if (error.code !== "ENOENT") throw error;
  return [];
}
