import { compareText, didYouMean, UserError } from "@prosody-foundry/kit";
import type { Evidence, ModuleFacts } from "@prosody-foundry/lockfile";
import { factsOf, type LineDates } from "@prosody-foundry/compat";
import { integrityOf, type ModuleContent, treeOf } from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import type { OpenSource } from "./open-sources.ts";
import { readLineDates } from "./read-line-dates.ts";

/** One revision of a module that may become a pin. */
export interface Candidate {
  name: string;
  source: string;
  node: string;
  /** `YYYY-MM-DD` */
  date: string;
  /** Changesets that had touched it by then; null where the source has no history. */
  revision: number | null;
  content: ModuleContent;
  tree: string;
  integrity: string;
  facts: ModuleFacts;
  /** When the lines of its README that speak of trunk were written, as far as that is known. */
  lineDates?: LineDates;
  /** By release: what its README was found to say, where that cannot be found out again. */
  declared?: ReadonlyMap<string, Evidence[]>;
}

export interface Wanted {
  names: readonly string[];
  /** Modules every release at hand has itself: they are not wanted of the source as a dependency. */
  core: ReadonlySet<string>;
}

/**
 * Refuses names the newest revision does not have.
 * @throws UserError MODULE_UNKNOWN, and those of the source.
 */
export async function checkNames({ name: source, tree }: OpenSource, names: readonly string[]): Promise<void> {
  const { node } = await tree.readNewest();
  const known = await tree.listModules(node);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UserError("MODULE_UNKNOWN", `${source} has no ${unknown}`, {
    hint: didYouMean(unknown, known) ?? `See what it has at ${tree.location}, or name another --source.`,
  });
}

/** The newest revision of each named module (which checkNames found) and of all community modules they need, by name. */
export async function readCandidates(
  context: Context,
  source: OpenSource,
  { names, core }: Wanted,
): Promise<Map<string, Candidate>> {
  const newest = await source.tree.readNewest();
  const known = await source.tree.listModules(newest.node);
  const found = new Map<string, Candidate>();
  const queue = [...names].toSorted(compareText);
  for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
    if (found.has(name)) continue;
    context.progress(`Reading ${name} from ${source.tree.location}`);
    const candidate = await readCandidate(source, name, newest);
    const lineDates = await readLineDates(source.tree, candidate, context.progress);
    found.set(name, lineDates === null ? candidate : { ...candidate, lineDates });
    queue.push(...candidate.facts.depends.filter((other) => known.includes(other) && !core.has(other)));
  }
  return found;
}

async function readCandidate(
  source: OpenSource,
  name: string,
  newest: { node: string; date: string },
): Promise<Candidate> {
  const history = await source.tree.readHistory(name, newest.node);
  const last = history[0] ?? newest;
  const content = await source.tree.readModule(last.node, name);
  const date = last.date.slice(0, 10);
  const revision = history.length === 0 ? null : history.length;
  return candidateOf(content, { source, node: last.node, date, revision });
}

/** A module's content as a candidate, with all that is read from its files. */
export function candidateOf(
  content: ModuleContent,
  origin: Pick<Candidate, "node" | "date" | "revision"> & { source: OpenSource },
): Candidate {
  return {
    name: content.name,
    source: origin.source.name,
    node: origin.node,
    date: origin.date,
    revision: origin.revision,
    content,
    tree: treeOf(content),
    integrity: integrityOf(content),
    facts: factsOf(content, { sourceLicence: origin.source.locked.licence ?? undefined }),
  };
}
