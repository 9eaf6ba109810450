import { isUserError } from "@prosody-foundry/kit";
import { historyOf, type RevisionDate, type TreeLog } from "@prosody-foundry/source";
import { type Candidate, candidateOf } from "./candidates.ts";
import type { Context } from "./context.ts";
import type { OpenSource } from "./open-sources.ts";
import { readLineDates } from "./read-line-dates.ts";

/** All modules of one revision of a source. */
export interface ModuleTree {
  source: OpenSource;
  revision: RevisionDate;
  candidates: Map<string, Candidate>;
  /** Modules that could not be read → why. */
  unreadable: Record<string, string>;
}

/**
 * Reads every module of the newest revision, or of the one named; a module that cannot be read is no reason not to read
 * the others.
 * @throws UserError of the source.
 */
export async function readWholeTree(context: Context, source: OpenSource, to: string | undefined): Promise<ModuleTree> {
  const { tree: upstream } = source;
  context.progress(`Looking at ${upstream.location}`);
  const revision = to === undefined ? await upstream.readNewest() : await upstream.resolveRevision(to);
  const log = await upstream.readLog();
  const tree: ModuleTree = { source, revision, candidates: new Map(), unreadable: {} };
  const names = await upstream.listModules(revision.node);
  for (const [index, name] of names.entries()) {
    context.progress(`Reading ${name} (${index + 1} of ${names.length})`);
    const read = await readWhatCanBe(tree, name, log);
    if ("refusal" in read) tree.unreadable[name] = read.refusal;
    else tree.candidates.set(name, await dateLines(context, source, read));
  }
  return tree;
}

async function readWhatCanBe(
  { source, revision }: ModuleTree,
  name: string,
  log: TreeLog | null,
): Promise<Candidate | { refusal: string }> {
  const history = log === null ? [] : historyOf(log, name, revision.node);
  const last = history[0] ?? revision;
  try {
    // From one revision for all modules: the source then reads the whole tree at once.
    const content = await source.tree.readModule(revision.node, name);
    const date = last.date.slice(0, 10);
    return candidateOf(content, { source, node: last.node, date, revision: history.length || null });
  } catch (error) {
    if (!isAboutModule(error)) throw error;
    return { refusal: `${error.code}: ${error.message}` };
  }
}

async function dateLines(context: Context, source: OpenSource, candidate: Candidate): Promise<Candidate> {
  const lineDates = await readLineDates(source.tree, candidate, context.progress);
  return lineDates === null ? candidate : { ...candidate, lineDates };
}

const ofModule = ["README_FRONT_MATTER", "README_TOO_LARGE", "LUA_SYNTAX", "LUA_TOO_DEEP", "LUA_TOO_LARGE"];

function isAboutModule(error: unknown): error is Error & { code: string } {
  return isUserError(error, ...ofModule, "CONTENT_UNSAFE");
}
