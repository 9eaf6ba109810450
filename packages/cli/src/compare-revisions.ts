import { compareModules, type FactsChange } from "@prosody-foundry/compat";
import { isUserError, type Series } from "@prosody-foundry/kit";
import { isPin, type Lock, type LockedModule, moduleNameOf, type Pin } from "@prosody-foundry/lockfile";
import {
  type Changeset,
  diffContents,
  ensureContent,
  type FileDiff,
  historyOf,
  integrityOf,
  type LocalPatch,
  type ModuleContent,
  patchModule,
  readPatches,
  treeOf,
} from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import { type ForeseenVerdict, foreseeVerdicts } from "./foresee-verdicts.ts";
import { readTree, unknownModule } from "./open-modules.ts";
import { openLockedSource, type OpenSource } from "./open-sources.ts";

export interface CompareRequest {
  lock: Lock;
  /** Key of the lock. */
  key: string;
  series: readonly Series[];
  /** Revision of the source; its newest unless given. */
  to?: string;
}

/** A locked module against another revision of it. */
export interface Comparison {
  module: string;
  source: string;
  /** The changeset that made the module what it is at that revision. */
  to: { node: string; date: string; newest: boolean };
  /** One for each content that is pinned and differs. */
  changes: RevisionChange[];
  /** Series whose pin has that content already. */
  current: Series[];
  /** Series without a pin → why. */
  unpinned: Partial<Record<Series, string>>;
  patches: PatchOutcome[];
}

export interface RevisionChange {
  series: Series[];
  from: { node: string; date: string };
  /** Changesets of the module on the way there, newest first; null where the source has no history. */
  commits: Changeset[] | null;
  /** Changesets that the pin has and the other revision has not. */
  undone: Changeset[];
  files: FileDiff[];
  /** Null where one of them cannot be read; `unreadable` says why. */
  facts: FactsChange | null;
  unreadable: string | null;
  compatibility: ForeseenVerdict[];
  /** Why this revision is no pin yet, where it was tried. */
  refused: string | null;
}

export interface PatchOutcome {
  file: string;
  /** Null: it applies; else why not, or that one before it does not. */
  refusal: string | null;
}

/**
 * Compares what is pinned of a module with another revision.
 * @throws UserError MODULE_UNKNOWN, REVISION_UNKNOWN, those of the source and of ensureContent
 */
export async function compareRevisions(context: Context, request: CompareRequest): Promise<Comparison> {
  const { lock, key, series } = request;
  const module = lock.modules[key];
  if (module === undefined) throw new Error(`${key} is known and missing`);
  const source = openLockedSource(context, lock, module.source);
  const target = await readTarget(context, source, { name: moduleNameOf(key), to: request.to });
  const patches = await readPatches(context.root, key);
  const { patched, outcomes } = tryPatches(target.content, patches);
  const comparison: Comparison = {
    module: key,
    source: source.name,
    to: { node: target.node, date: target.date, newest: request.to === undefined },
    changes: [],
    current: [],
    unpinned: {},
    patches: outcomes,
  };
  const pins = new Map<string, { pin: Pin; series: Series[] }>();
  for (const one of series) {
    const pin = module.pins[one];
    if (pin !== undefined && !isPin(pin)) comparison.unpinned[one] = pin.none;
    if (!isPin(pin)) continue;
    if (pin.tree === treeOf(target.content)) comparison.current.push(one);
    else pins.set(pin.tree, { pin, series: [...(pins.get(pin.tree)?.series ?? []), one] });
  }
  const revision = { ...target, patched };
  for (const group of pins.values()) {
    comparison.changes.push(await comparePin(context, { lock, module, source, patches, target: revision }, group));
  }
  return comparison;
}

interface Target {
  node: string;
  /** YYYY-MM-DD */
  date: string;
  content: ModuleContent;
  /** Changesets of the module up to `node`, or to another revision; null where there is no history. */
  historyTo: (node?: string) => Changeset[] | null;
}

async function readTarget(
  context: Context,
  source: OpenSource,
  { name, to }: { name: string; to?: string | undefined },
): Promise<Target> {
  const tree = await readTree(context, source);
  const revision = to === undefined ? tree.newest : await source.tree.resolveRevision(to);
  const present = to === undefined ? tree.present : await source.tree.listModules(revision.node);
  if (!present.includes(name)) throw unknownModule(source, name, tree);
  const { log } = tree;
  const historyTo = (node = revision.node) => (log === null ? null : historyOf(log, name, node));
  const last = historyTo()?.[0] ?? revision;
  context.progress(`Reading ${name} from ${source.tree.location}`);
  const content = await source.tree.readModule(last.node, name);
  return { node: last.node, date: last.date.slice(0, 10), content, historyTo };
}

/** The content with those patches that apply, up to the first that does not. */
function tryPatches(
  content: ModuleContent,
  patches: readonly LocalPatch[],
): { patched: ModuleContent; outcomes: PatchOutcome[] } {
  let patched = content;
  const outcomes: PatchOutcome[] = [];
  for (const patch of patches) {
    const failed = outcomes.find(({ refusal }) => refusal !== null);
    const tried = failed === undefined ? tryPatch(patched, patch) : `not tried after ${failed.file}`;
    if (typeof tried !== "string") patched = tried;
    outcomes.push({ file: patch.file, refusal: typeof tried === "string" ? tried : null });
  }
  return { patched, outcomes };
}

function tryPatch(content: ModuleContent, patch: LocalPatch): ModuleContent | string {
  try {
    return patchModule(content, [patch]);
  } catch (error) {
    if (!isUserError(error)) throw error;
    return error.message;
  }
}

interface Comparing {
  lock: Lock;
  module: LockedModule;
  source: OpenSource;
  patches: readonly LocalPatch[];
  target: Target & { patched: ModuleContent };
}

async function comparePin(
  context: Context,
  comparing: Comparing,
  { pin, series }: { pin: Pin; series: Series[] },
): Promise<RevisionChange> {
  const { source, target } = comparing;
  const { name } = target.content;
  const { content } = await ensureContent({ name, ...pin }, source.all, context);
  const [commits, before] = [target.historyTo(), target.historyTo(pin.node)];
  const change = {
    series,
    from: { node: pin.node, date: pin.date },
    commits: commits === null ? null : withoutNodes(commits, before ?? []),
    undone: withoutNodes(before ?? [], commits ?? []),
    files: diffContents(content, target.content).files,
    refused: pin.refused.find(({ node }) => node === target.node)?.because ?? null,
  };
  const isSame = integrityOf(target.content) === pin.integrity;
  try {
    const pinned = tryPatches(content, comparing.patches).patched;
    const facts = compareModules(pinned, target.patched, { sourceLicence: source.locked.licence ?? undefined });
    const revision = { ...target, isSame };
    const compatibility = await foreseeVerdicts(context, { ...comparing, series, revision });
    return { ...change, facts, unreadable: null, compatibility };
  } catch (error) {
    if (!isUserError(error, ...ofContent)) throw error;
    return { ...change, facts: null, unreadable: error.message, compatibility: [] };
  }
}

const ofContent = ["LUA_SYNTAX", "LUA_TOO_DEEP", "LUA_TOO_LARGE", "README_FRONT_MATTER", "README_TOO_LARGE"];

function withoutNodes(history: readonly Changeset[], others: readonly Changeset[]): Changeset[] {
  const known = new Set(others.map(({ node }) => node));
  return history.filter(({ node }) => !known.has(node));
}
