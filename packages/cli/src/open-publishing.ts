import path from "node:path";
import { readImages, readSeries } from "@prosody-foundry/images";
import { UserError } from "@prosody-foundry/kit";
import {
  isIndexSigned,
  openRepository,
  policyOf,
  type PublishHands,
  PublishSettings,
  readLedger,
  readRegistryFacts,
  readSettings,
  refuseUnverified,
  type Repository,
  signIndex,
  type Signer,
  type SigningHands,
  type TagPolicy,
  trustedSigner,
} from "@prosody-foundry/release";
import type { Flags } from "./command.ts";
import { examine } from "./commands/verify-image.ts";
import type { Context } from "./context.ts";
import { openTool } from "./open-tool.ts";

export type PublishFlags = Pick<Flags, "insecure" | "repository" | "sign" | "signKey">;

/** The registry that images go to, and the policy for its tags. */
export interface Publishing {
  repository: Repository;
  policy: TagPolicy;
  /** Undefined where somebody said that nothing is signed. */
  signing: SigningHands | undefined;
  /** Ledger and registry now; `ids` of the targets that are asked about. */
  readFacts: (ids: readonly string[], withBlobs?: boolean) => ReturnType<PublishHands["readFacts"]>;
}

/**
 * What publishing and looking at what is published work with. Programs are looked for when they are first needed.
 * @throws UserError REPOSITORY_INVALID and those of readSettings, findTool.
 */
export async function openPublishing(context: Context, flags: PublishFlags): Promise<Publishing> {
  const { exec, root } = context;
  const images = await readImages(root);
  const policy = policyOf(await readSeries(root), images);
  const repository = openRepository({
    exec,
    crane: await openTool(context, "crane"),
    repository: await repositoryName(context, flags),
    progress: (message) => context.say(message),
    insecure: flags.insecure ?? false,
  });
  const signing = flags.sign === false ? undefined : await openSigning(context, flags);
  const byVariant = Object.fromEntries(images.map(({ variant, name }) => [variant, name]));
  return {
    repository,
    policy,
    signing,
    readFacts: async (ids, withBlobs = false) => {
      const ledger = await readLedger(root);
      const query = { repository, policy, ledger, images: byVariant, ids, signing, withBlobs };
      return { ledger, registry: await readRegistryFacts(query) };
    },
  };
}

/** Where images go: what a flag or FOUNDRY_REPOSITORY names, else what images/publish.json says. */
export async function repositoryName(context: Context, flags: PublishFlags): Promise<string> {
  const named = flags.repository ?? context.env["FOUNDRY_REPOSITORY"];
  if (named === undefined || named === "") return (await readSettings(context.root)).repository;
  if (PublishSettings.shape.repository.safeParse(named).success) return named;
  throw new UserError("REPOSITORY_INVALID", `${named} is no repository of a registry`, {
    hint: "Write host/path without a tag, as in ghcr.io/example/prosody or localhost:5000/prosody.",
  });
}

async function openSigning(context: Context, flags: PublishFlags): Promise<SigningHands> {
  const { signing } = await readSettings(context.root);
  const trusted = trustedSigner(signing, {}, context.root);
  const { exec, progress } = context;
  return {
    isSigned: async (reference) =>
      isIndexSigned({ exec, cosign: await openTool(context, "cosign") }, reference, trusted),
    sign: async (reference) => {
      const tools = { crane: await openTool(context, "crane"), cosign: await openTool(context, "cosign") };
      await signIndex({ exec, tools, reference, signer: signerOf(context, signing.kind, flags), trusted, progress });
    },
    verify: async (reference) => refuseUnverified(await examine(context, reference, {})),
  };
}

/**
 * Who signs here.
 * @throws UserError SIGNER_MISSING, to be asked before anything is uploaded.
 */
export function signerOf(context: Context, kind: "key" | "keyless", { signKey }: PublishFlags): Signer {
  if (kind === "key" && signKey !== undefined) {
    return { kind: "key", key: signKey.startsWith("env://") ? signKey : path.resolve(signKey) };
  }
  if (kind === "keyless" && context.env["ACTIONS_ID_TOKEN_REQUEST_URL"] !== undefined) return { kind: "keyless" };
  const lacks = kind === "key" ? "--sign-key names no key" : "this is no workflow run that GitHub vouches for";
  throw new UserError("SIGNER_MISSING", `Nothing can be signed: ${lacks}`, {
    hint: "`signing` in images/publish.json says who signs. Say --no-sign to publish without a signature.",
  });
}
