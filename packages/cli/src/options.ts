import { Platform } from "@prosody-foundry/images";
import { allSeries, didYouMean } from "@prosody-foundry/kit";
import { InvalidArgumentError, Option } from "commander";
import type { Flags } from "./command.ts";

/** The one table of flags: a command names those it takes. */
export const options = {
  agreement: () => new Option("--agreement", "print how often README, static analysis and loading agree, as Markdown"),
  all: () => new Option("--all", "every module of a source, pinned or not"),
  available: () =>
    new Option("--available", "take the newest release whose inputs can be reached, and leave out what cannot be"),
  builderId: () =>
    new Option(
      "--builder-id <pattern>",
      "whose builds are accepted: a regular expression the builder's id has to match",
    ),
  cache: () => new Option("--no-cache", "build every layer anew"),
  disagreements: () => new Option("--disagreements", "list where README, static analysis and loading differ"),
  dryRun: () => new Option("--dry-run", "say what would be done, and do nothing"),
  each: () => new Option("--each", "one bump for each module, with those that have to move together"),
  explain: () => new Option("--explain", "name the inputs that changed since the last build"),
  fix: () => new Option("--fix", "merge a lock that git could not, mend its form, and check what changed"),
  folder: () => new Option("--folder <path>", "folder inside the tree that holds the modules"),
  hold: () => new Option("--hold", "keep the pin from now on: update passes it over"),
  identity: () =>
    new Option("--identity <pattern>", "signed by this identity: a regular expression the certificate's has to match"),
  insecure: () => new Option("--insecure", "plain HTTP to a registry beyond this machine"),
  issuer: () => new Option("--issuer <url>", "who vouches for that identity (else GitHub, or what publish.json says)"),
  json: () => new Option("--json", "print JSON for programs"),
  key: () => new Option("--key <file>", "signed by the owner of this public key (PEM)"),
  licence: () => new Option("--licence <spdx>", "licence of modules that name none"),
  lock: () => new Option("--lock <file>", "compare with this modules.lock.json instead of the repository's"),
  platform: () => listOf("--platform <platform...>", "only these platforms", Platform.options),
  release: () => new Option("--release <version>", "this Prosody release instead of the series' newest"),
  published: () => new Option("--published", "ask the registry too"),
  report: () => new Option("--report <file>", "write the report there instead of printing it, with --dry-run too"),
  repository: () =>
    new Option("--repository <name>", "host/path to publish to (else FOUNDRY_REPOSITORY, or what publish.json says)"),
  series: () => listOf("--series <series...>", "only these series", allSeries),
  sign: () => new Option("--no-sign", "publish without a signature"),
  signKey: () =>
    new Option("--sign-key <file>", "cosign key to sign with (password: COSIGN_PASSWORD), or env://NAME").conflicts(
      "sign",
    ),
  source: () => new Option("--source <name>", "upstream tree to take the module from"),
  to: () => new Option("--to <revision>", "this revision of upstream instead of the newest"),
  unhold: () => new Option("--unhold", "let update move the pin again").conflicts("hold"),
} satisfies Record<keyof Flags, () => Option>;

/** A flag that takes all words up to the next flag; a word that is none of the known ones was mostly meant for the command. */
function listOf(flags: string, description: string, known: readonly string[]): Option {
  return new Option(flags, description).choices(known).argParser((word: string, before?: string[]) => {
    if (known.includes(word)) return [...(before ?? []), word];
    const hint = didYouMean(word, known) ?? "Names of images and modules go before this flag.";
    throw new InvalidArgumentError(`Known: ${known.join(", ")}. ${hint}`);
  });
}
