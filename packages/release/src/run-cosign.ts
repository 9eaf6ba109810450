import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { type CommandResult, type Exec, UserError } from "@prosody-foundry/kit";
import { refusalOf, signedDigests, verifiedStatements } from "./cosign-output.ts";
import {
  attestArgs,
  emptyTrustedRoot,
  signArgs,
  type Signer,
  signingConfigArgs,
  type SigningFiles,
  type TrustedSigner,
  verifyArgs,
  verifyAttestationArgs,
} from "./signer.ts";
import type { Statement } from "./statement.ts";

/** The cosign program, and how programs are run. Its registry credentials are Docker's (`DOCKER_CONFIG`). */
export interface Cosign {
  exec: Exec;
  /** Path of the program. */
  cosign: string;
}

/** What a verification found; `refused` is cosign's reason, undefined when it is content. */
export interface Verification<T> {
  found: T[];
  refused: string | undefined;
}

/** A signer ready to sign: cosign with its files. */
export interface OpenSigner {
  /** Signs `reference`, `REPO@sha256:…`. */
  sign(reference: string): Promise<void>;
  attest(reference: string, predicateType: string, predicate: unknown): Promise<void>;
}

/**
 * Runs `work` with a signer; what cosign needs for it lies in a temporary folder, and is removed.
 * @throws UserError SIGN_FAILED with what cosign said
 */
export async function withSigner<T>(
  cosign: Cosign,
  signer: Signer,
  work: (signer: OpenSigner) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "foundry-sign-"));
  try {
    const env = await readPassword(signer);
    const files = await writeSigningFiles(cosign, signer, folder);
    const run = async (args: string[]): Promise<void> => {
      const result = await cosign.exec(cosign.cosign, args, { env, accept: "any" });
      if (result.exitCode !== 0) throw signFailed(args, result);
    };
    return await work({
      sign: (reference) => run(signArgs(reference, signer, files)),
      attest: async (reference, predicateType, predicate) => {
        const file = path.join(folder, "predicate.json");
        await writeFile(file, JSON.stringify(predicate));
        await run(attestArgs(reference, { predicateType, file }, { signer, files }));
      },
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Digests the trusted signer's signatures on `reference` vouch for. */
export async function verifySignature(
  { exec, cosign }: Cosign,
  reference: string,
  trusted: TrustedSigner,
): Promise<Verification<string>> {
  return judge(await exec(cosign, verifyArgs(reference, trusted), { accept: "any" }), signedDigests);
}

/** What the trusted signer attests about `reference` in statements of that type. */
export async function verifyAttestation(
  { exec, cosign }: Cosign,
  reference: string,
  { predicateType, trusted }: { predicateType: string; trusted: TrustedSigner },
): Promise<Verification<Statement>> {
  const args = verifyAttestationArgs(reference, predicateType, trusted);
  const { found, refused } = judge(await exec(cosign, args, { accept: "any" }), verifiedStatements);
  return { found: found.filter((statement) => statement.predicateType === predicateType), refused };
}

function judge<T>({ exitCode, stdout, stderr }: CommandResult, read: (stdout: string) => T[]): Verification<T> {
  return exitCode === 0 ? { found: read(stdout), refused: undefined } : { found: [], refused: refusalOf(stderr) };
}

async function readPassword(signer: Signer): Promise<Record<string, string>> {
  if (signer.kind !== "key" || signer.passwordFile === undefined) return {};
  const text = await readFile(signer.passwordFile, "utf8").catch((cause: NodeJS.ErrnoException) => {
    throw new UserError("SIGN_PASSWORD", `The file with the key's password cannot be read: ${cause.message}`, {
      hint: "Name a file that this user may read, or set COSIGN_PASSWORD.",
      cause,
    });
  });
  return { COSIGN_PASSWORD: text.replace(/\r?\n$/u, "") };
}

async function writeSigningFiles({ exec, cosign }: Cosign, signer: Signer, folder: string): Promise<SigningFiles> {
  const signingConfig = path.join(folder, "signing-config.json");
  const args = signingConfigArgs(signer, signingConfig);
  const result = await exec(cosign, args, { accept: "any" });
  if (result.exitCode !== 0) throw signFailed(args, result);
  if (signer.kind === "keyless") return { signingConfig };
  const trustedRoot = path.join(folder, "trusted-root.json");
  await writeFile(trustedRoot, JSON.stringify(emptyTrustedRoot));
  return { signingConfig, trustedRoot };
}

function signFailed(args: readonly string[], { stderr }: CommandResult): UserError {
  return new UserError("SIGN_FAILED", `cosign ${args[0]} ${args.at(-1)} failed: ${refusalOf(stderr)}`, {
    hint: "Look at the key, its password (COSIGN_PASSWORD), the rights in the registry; keyless, at `id-token: write`.",
  });
}
