import type { Platform } from "@prosody-foundry/images";
import { type TrustedSigner, verifyArgs, verifyAttestationArgs } from "./signer.ts";
import { provenanceType } from "./statement.ts";

/** A check that anybody can make without foundry. */
export interface PublicCommand {
  /** What it tells. */
  title: string;
  program: string;
  args: string[];
}

export interface CommandSubject {
  repository: string;
  /** Of the index. */
  digest: string;
  /** As it was asked for. */
  reference: string;
  trusted: TrustedSigner;
  source: string;
  platforms: readonly { platform: Platform; digest: string }[];
}

/**
 * The public commands that come to the same as our checks, for who does not want to trust foundry. The module files of an
 * image are the layers `crane export` unpacks.
 */
export function publicCommands(subject: CommandSubject): PublicCommand[] {
  const { repository, digest, reference, trusted } = subject;
  const exact = `${repository}@${digest}`;
  const inspect = (format: string): string[] => ["buildx", "imagetools", "inspect", exact, "--format", format];
  return [
    { title: "the digest that the name stands for", program: "crane", args: ["digest", reference] },
    { title: "the signature", program: "cosign", args: verifyArgs(exact, trusted) },
    {
      title: "the provenance of the index, signed",
      program: "cosign",
      args: verifyAttestationArgs(exact, provenanceType, trusted),
    },
    ...githubCommand(subject, exact),
    { title: "the provenance of each platform", program: "docker", args: inspect("{{json .Provenance}}") },
    { title: "the SBOM of each platform", program: "docker", args: inspect("{{json .SBOM}}") },
    {
      title: "that everything is what its digest says",
      program: "crane",
      args: ["validate", "--remote", exact],
    },
    ...subject.platforms.slice(0, 1).map(({ digest: manifest }) => ({
      title: "the files, as a tar",
      program: "crane",
      args: ["export", `${repository}@${manifest}`, "image.tar"],
    })),
  ];
}

/** GitHub's own client knows only signatures of its workflows. */
function githubCommand({ trusted, source }: CommandSubject, exact: string): PublicCommand[] {
  const [, repository] = /^https:\/\/github\.com\/([^/]+\/[^/]+)$/u.exec(source) ?? [];
  if (trusted.kind === "key" || repository === undefined) return [];
  const args = ["attestation", "verify", `oci://${exact}`, "--repo", repository, "--bundle-from-oci"];
  return [{ title: "the same by GitHub's client", program: "gh", args }];
}

/** A command as a shell takes it. */
export function commandLine({ program, args }: PublicCommand): string {
  return [program, ...args].map(quote).join(" ");
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
