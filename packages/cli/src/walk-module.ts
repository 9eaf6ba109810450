import { isUserError } from "@prosody-foundry/kit";
import { type Changeset, historyOf, type LocalPatch, type ModuleContent, type TreeLog } from "@prosody-foundry/source";
import { type Candidate, candidateOf } from "./candidates.ts";
import type { Context } from "./context.ts";
import type { OpenSource } from "./open-sources.ts";
import { readLineDates } from "./read-line-dates.ts";

/** One content a module has had, at the newest revision that has it, or why it cannot be a candidate. */
export type Attempt = { node: string; date: string } & ({ candidate: Candidate } | { because: string });

export interface WalkedModule {
  name: string;
  source: OpenSource;
  patches: readonly LocalPatch[];
  /** Null where the source has no history: then there is one content to try. */
  log: TreeLog | null;
  /** The newest revision to try. */
  from: { node: string; date: string };
  /** No other content but the first. */
  only: boolean;
}

/** The contents a module has had, newest first, each once; read when they are asked for, and kept. */
export interface Walk {
  /** Changesets there are. */
  total: number;
  /** Undefined when there are no more. */
  attempt(index: number): Promise<Attempt | undefined>;
}

/**
 * Opens the history of a module. A revision that changes only what does not ship is no attempt of its own: the newest one
 * with the same integrity stands for it.
 * @throws UserError (from `attempt`) PATCH_FAILED when the patches do not apply to the first; those of the source
 */
export function openWalk(context: Context, module: WalkedModule): Walk {
  const { log, name, from } = module;
  const logged: readonly Pick<Changeset, "node" | "date">[] = log === null ? [] : historyOf(log, name, from.node);
  const history = logged.length === 0 ? [from] : logged;
  const found: Attempt[] = [];
  const contents = readContents(context, module, history);
  const attempt = async (index: number): Promise<Attempt | undefined> => {
    while (found.length <= index) {
      const { value } = await contents.next();
      if (value === undefined) return undefined;
      found.push(value);
    }
    return found[index];
  };
  return { total: history.length, attempt };
}

async function* readContents(
  context: Context,
  module: WalkedModule,
  history: readonly Pick<Changeset, "node" | "date">[],
): AsyncGenerator<Attempt, undefined> {
  const seen = new Set<string>();
  for (const changeset of history) {
    const attempt = await readAttempt(module, changeset, seen.size === 0);
    const identity = attempt === undefined || "because" in attempt ? changeset.node : attempt.candidate.integrity;
    if (attempt === undefined || seen.has(identity)) continue;
    yield seen.size === 0 ? await dateAttempt(context, module, attempt) : attempt;
    if (module.only) return;
    seen.add(identity);
  }
}

/** Undefined where the module was not there: a changeset that removed it has touched it too. */
async function readAttempt(
  module: WalkedModule,
  { node, date: time }: Pick<Changeset, "node" | "date">,
  isFirst: boolean,
): Promise<Attempt | undefined> {
  const date = time.slice(0, 10);
  try {
    const content = await module.source.tree.readModule(node, module.name);
    return { node, date, candidate: makeCandidate(module, content, { node, date }) };
  } catch (error) {
    if (isUserError(error, "MODULE_UNKNOWN")) return undefined;
    // Where the newest cannot be patched somebody has to mend the patch; an older one is no answer to that.
    if (!isUserError(error, ...ofContent) || (isFirst && isUserError(error, ...ofPatches))) throw error;
    return { node, date, because: error.message };
  }
}

const ofPatches = ["PATCH_FAILED", "PATCH_MALFORMED", "PATCH_UNSAFE"];
const ofLua = ["LUA_SYNTAX", "LUA_TOO_DEEP", "LUA_TOO_LARGE"];
const ofContent = ["CONTENT_UNSAFE", "README_FRONT_MATTER", "README_TOO_LARGE", ...ofLua, ...ofPatches];

function makeCandidate(
  { name, source, patches, log }: WalkedModule,
  content: ModuleContent,
  at: { node: string; date: string },
): Candidate {
  const revision = log === null ? null : historyOf(log, name, at.node).length || null;
  return candidateOf(content, { ...at, source, patches, revision });
}

async function dateAttempt(context: Context, { source }: WalkedModule, attempt: Attempt): Promise<Attempt> {
  if ("because" in attempt) return attempt;
  return { ...attempt, candidate: await dateCandidate(context, source, attempt.candidate) };
}

/** With what tells the age of its README: asked of the source for those that may be pinned, as it is dear. */
export async function dateCandidate(context: Context, source: OpenSource, candidate: Candidate): Promise<Candidate> {
  const lineDates = await readLineDates(source.tree, candidate, context.progress);
  return lineDates === null ? candidate : { ...candidate, lineDates };
}
