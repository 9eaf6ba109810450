import { UserError } from "@prosody-foundry/kit";
import { vouchedDifferences } from "./compare-vouched.ts";
import { commitOf } from "./may-differ.ts";
import { readLayoutContent, readRemoteContent, readVouched } from "./read-vouched.ts";
import type { Repository } from "./registry.ts";

export interface AdoptionHands {
  repository: Repository;
  /** Whether the repository of the sources, as it is here, has that commit. */
  knowsCommit(commit: string): Promise<boolean>;
}

export interface Adoption {
  /** Digest of what stands for the target's id in the registry. */
  index: string;
  /** The build that was checked here; undefined where the index is signed, or in the ledger, and nothing had to be built. */
  build: { layout: string; index: string } | undefined;
  /** Of the target. */
  name: string;
  /** The tag of its id. */
  tag: string;
}

/** Differences that an error names. */
const mostSaid = 10;

/**
 * Takes over an index that somebody else pushed for the same inputs: only when it is whole, and all that a signature of it
 * would vouch for (images, annotations, provenance, SBOM) is what was built and checked here, but for what
 * may-differ.ts lists.
 * @throws UserError INDEX_DIFFERS, REGISTRY_WRONG_CONTENT
 */
export async function adoptIndex({ index, build, name, tag }: Adoption, hands: AdoptionHands): Promise<void> {
  const { repository } = hands;
  await repository.checkWhole(index);
  if (build === undefined) return;
  const theirs = await readVouched(readRemoteContent(repository), index);
  const ours = await readVouched(readLayoutContent(build.layout), build.index);
  const commit = commitOf(theirs.annotations);
  const isKnown = commit !== undefined && (commit === commitOf(ours.annotations) || (await hands.knowsCommit(commit)));
  const differences = vouchedDifferences(ours, theirs, isKnown);
  if (differences.length === 0) return;
  const more = differences.length > mostSaid ? [`and ${differences.length - mostSaid} more`] : [];
  const lines = [...differences.slice(0, mostSaid), ...more].map((each) => `\n  ${each}`).join("");
  const what = `${repository.name}@${index} was published for the inputs of ${name}, and is not what was built and checked here`;
  throw new UserError("INDEX_DIFFERS", `${what}:${lines}`, {
    hint: `It was not signed. Delete the tag ${tag} of ${repository.name}, unless you know better, and run this again: then what was built here is published. A commit that git does not know may only have to be fetched (\`git fetch --all\`).`,
  });
}
