import { isPin, keyFor, type Lock, type LockedModule } from "@prosody-foundry/lockfile";
import { didYouMean, type Series, UserError } from "@prosody-foundry/kit";
import {
  ensureContent,
  type Fate,
  fateOf,
  type LocalPatch,
  readPatches,
  type RevisionDate,
  type TreeLog,
} from "@prosody-foundry/source";
import { type Candidate, candidateOf } from "./candidates.ts";
import type { Context } from "./context.ts";
import { type OpenSource, sourceOf } from "./open-sources.ts";
import { readLockedPatches } from "./read-locked-patches.ts";
import { openWalk, type Walk } from "./walk-module.ts";

/** A module of a source. */
export interface ModuleReference {
  name: string;
  /** Name of the source. */
  source: string;
}

/** A module whose pins are looked for, or stay as the lock has them. */
export interface OpenModule {
  key: string;
  name: string;
  source: OpenSource;
  isWanted: boolean;
  patches: readonly LocalPatch[];
  walk: Walk;
  /** Set when its pins stay: it is held and was not asked for, or upstream has it no more. */
  kept: Kept | undefined;
}

interface Kept {
  entry: LockedModule;
  isGone: boolean;
  /** How it left, where upstream's history tells. */
  fate: Fate | null;
}

export interface ModulesRequest {
  lock: Lock;
  sources: ReadonlyMap<string, OpenSource>;
  /** Those that were asked for: a hold does not stop them. */
  wanted: readonly ModuleReference[];
  /** The wanted ones at this revision, and no older one. */
  to?: string;
}

/** Modules by name, each opened once. */
export interface OpenModules {
  open(reference: ModuleReference): Promise<OpenModule>;
  /** The module that another one needs: of its own source, or else of the first other source that has or had it. */
  findNeeded(name: string, by: OpenModule): Promise<OpenModule | undefined>;
  /** What a kept module has on a series. */
  readKept(module: OpenModule, series: Series): Promise<Candidate | undefined>;
}

export function openModules(context: Context, request: ModulesRequest): OpenModules {
  const trees = remember((source: OpenSource) => readTree(context, source));
  const opened = new Map<string, Promise<OpenModule>>();
  const open = (reference: ModuleReference): Promise<OpenModule> => {
    const id = `${reference.name}@${reference.source}`;
    const module = opened.get(id) ?? openModule(context, { ...request, trees }, reference);
    opened.set(id, module);
    return module;
  };
  return {
    open,
    findNeeded: async (name, by) => {
      const others = [...request.sources.values()].filter((source) => source !== by.source);
      for (const source of [by.source, ...others]) {
        if (hasOrHad(await trees(source), name)) return open({ name, source: source.name });
      }
      return undefined;
    },
    readKept: (module, series) => readKept(context, module, series),
  };
}

/** What is known of a source's tree. */
interface Tree {
  newest: RevisionDate;
  log: TreeLog | null;
  present: readonly string[];
}

export async function readTree(context: Context, { tree }: OpenSource): Promise<Tree> {
  context.progress(`Asking ${tree.location} for its history`);
  const log = await tree.readLog();
  if (log !== null) return { newest: log.newest, log, present: log.present };
  const newest = await tree.readNewest();
  return { newest, log, present: await tree.listModules(newest.node) };
}

function hasOrHad({ present, log }: Tree, name: string): boolean {
  return present.includes(name) || (log?.changesets.some(({ modules }) => modules.includes(name)) ?? false);
}

type Opening = ModulesRequest & { trees: (source: OpenSource) => Promise<Tree> };

async function openModule(context: Context, opening: Opening, reference: ModuleReference): Promise<OpenModule> {
  const { name } = reference;
  const source = sourceOf(opening.sources, reference.source);
  const key = keyFor(opening.lock, reference);
  const isWanted = opening.wanted.some((other) => other.name === name && other.source === source.name);
  const to = isWanted ? opening.to : undefined;
  const tree = await opening.trees(source);
  const start = to === undefined ? tree : await readAt(source, to);
  const kept = to === undefined ? keptIn(opening.lock.modules[key], { name, tree, isWanted }) : undefined;
  if (!start.present.includes(name) && isWanted && kept === undefined) throw unknownModule(source, name, tree);
  const patches = await readOwnPatches(context.root, key, kept);
  const walked = { name, source, patches, log: tree.log, from: start.newest, only: to !== undefined };
  return { key, name, source, isWanted, patches, walk: openWalk(context, walked), kept };
}

async function readAt({ tree }: OpenSource, revision: string): Promise<Pick<Tree, "newest" | "present">> {
  const newest = await tree.resolveRevision(revision);
  return { newest, present: await tree.listModules(newest.node) };
}

interface Standing {
  name: string;
  tree: Tree;
  isWanted: boolean;
}

function keptIn(entry: LockedModule | undefined, { name, tree, isWanted }: Standing): Kept | undefined {
  const isGone = !tree.present.includes(name);
  if (entry === undefined || (!isGone && (isWanted || !entry.hold))) return undefined;
  return { entry, isGone, fate: tree.log === null ? null : fateOf(tree.log, name) };
}

/** Of what stays, those that the lock has; the lock takes those of what moves. */
function readOwnPatches(root: string, key: string, kept: Kept | undefined): Promise<LocalPatch[]> {
  return kept === undefined ? readPatches(root, key) : readLockedPatches(root, key, kept.entry);
}

/** A source has no such module; how it left, where its history tells. */
export function unknownModule({ name: source, tree: { location } }: OpenSource, name: string, tree: Tree): UserError {
  if (tree.present.includes(name)) {
    return new UserError("MODULE_UNKNOWN", `${source} had no ${name} at that revision`, {
      hint: "Name a later revision; `foundry module show` has one.",
    });
  }
  const fate = tree.log === null ? null : fateOf(tree.log, name);
  const hint = `See what it has at ${location}, or name another --source.`;
  if (fate === null) {
    return new UserError("MODULE_UNKNOWN", `${source} has no ${name}`, {
      hint: didYouMean(name, tree.present) ?? hint,
    });
  }
  const { node, date, renamedTo } = fate;
  const became = renamedTo === null ? "was removed" : `became ${renamedTo}`;
  return new UserError("MODULE_UNKNOWN", `${source} has no ${name} there: it ${became} on ${date.slice(0, 10)}`, {
    hint: `Pin ${renamedTo ?? "another module"}, or a revision before ${node.slice(0, 12)} with --to.`,
  });
}

async function readKept(context: Context, module: OpenModule, series: Series): Promise<Candidate | undefined> {
  const { name, source, patches, kept } = module;
  const pin = kept?.entry.pins[series];
  if (!isPin(pin)) return undefined;
  const { content } = await ensureContent({ name, ...pin }, source.all, context);
  return candidateOf(content, { ...pin, source, patches });
}

function remember<T>(read: (source: OpenSource) => Promise<T>): (source: OpenSource) => Promise<T> {
  const known = new Map<OpenSource, Promise<T>>();
  return (source) => {
    const answer = known.get(source) ?? read(source);
    known.set(source, answer);
    return answer;
  };
}
