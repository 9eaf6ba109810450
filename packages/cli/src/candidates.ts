import type { Evidence, ModuleFacts } from "@prosody-foundry/lockfile";
import { factsOf, type LineDates } from "@prosody-foundry/compat";
import { integrityOf, type LocalPatch, type ModuleContent, patchModule, treeOf } from "@prosody-foundry/source";
import type { OpenSource } from "./open-sources.ts";

/** One revision of a module that may become a pin. */
export interface Candidate {
  name: string;
  source: string;
  node: string;
  /** `YYYY-MM-DD` */
  date: string;
  /** Changesets that had touched it by then; null where the source has no history. */
  revision: number | null;
  /** As upstream has it. */
  content: ModuleContent;
  /** With the repository's patches applied: what is judged and shipped. */
  patched: ModuleContent;
  /** Of upstream's content, as is `integrity`. */
  tree: string;
  integrity: string;
  facts: ModuleFacts;
  /** When the lines of its README that speak of trunk were written, as far as that is known. */
  lineDates?: LineDates;
  /** By release: what its README was found to say, where that cannot be found out again. */
  declared?: ReadonlyMap<string, Evidence[]>;
}

export interface Origin extends Pick<Candidate, "node" | "date" | "revision"> {
  source: OpenSource;
  patches?: readonly LocalPatch[];
}

/**
 * A module's content as a candidate, with all that is read from its files.
 * @throws UserError PATCH_FAILED, PATCH_MALFORMED, PATCH_UNSAFE, those of factsOf
 */
export function candidateOf(content: ModuleContent, origin: Origin): Candidate {
  const patched = patchModule(content, origin.patches ?? []);
  return {
    name: content.name,
    source: origin.source.name,
    node: origin.node,
    date: origin.date,
    revision: origin.revision,
    content,
    patched,
    tree: treeOf(content),
    integrity: integrityOf(content),
    facts: factsOf(patched, { sourceLicence: origin.source.locked.licence ?? undefined }),
  };
}
