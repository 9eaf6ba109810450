import type { Platform } from "@prosody-foundry/images";
import { insecureArgs } from "./insecure.ts";
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
  platforms: readonly { platform: Platform; digest: string }[];
  insecure?: boolean;
}

/**
 * The public commands that come to the same as our checks, for who does not want to trust foundry.
 */
export function publicCommands(subject: CommandSubject): PublicCommand[] {
  const commands = secureCommands(subject);
  return subject.insecure === true ? commands.map(insecurely) : commands;
}

function insecurely(command: PublicCommand): PublicCommand {
  const { program, args } = command;
  return program === "crane" || program === "cosign" ? { ...command, args: insecureArgs(program, args) } : command;
}

function secureCommands(subject: CommandSubject): PublicCommand[] {
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
    { title: "the provenance of each platform", program: "docker", args: inspect("{{json .Provenance}}") },
    { title: "the SBOM of each platform", program: "docker", args: inspect("{{json .SBOM}}") },
    ...subject.platforms.slice(0, 1).flatMap(({ platform, digest: manifest }) => [
      {
        title: `that everything of ${platform} is what its digest says; the others likewise`,
        program: "crane",
        args: ["validate", "--remote", `${repository}@${manifest}`],
      },
      {
        title: `the files of ${platform}, modules in usr/lib/prosody-modules`,
        program: "crane",
        args: ["export", `${repository}@${manifest}`, "image.tar"],
      },
    ]),
  ];
}

/** A command as a shell takes it. */
export function commandLine({ program, args }: PublicCommand): string {
  return [program, ...args].map(quote).join(" ");
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/u.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
