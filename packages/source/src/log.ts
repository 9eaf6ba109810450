import type { Changeset, RevisionDate } from "./source.ts";

/** A changeset of a whole tree, with its place among the others. */
export interface LoggedChangeset extends Changeset {
  /** Revisions it was made of: none for the first, two for a merge. */
  parents: string[];
  /** Modules it touched, sorted; none for a merge that only brings two lines of work together. */
  modules: string[];
  /** Modules it moved files of to another module: old name → new name. */
  renames: Readonly<Record<string, string>>;
}

/** All that ever happened in a tree, as of its newest revision. */
export interface TreeLog {
  newest: RevisionDate;
  /** Names of the modules the newest revision has, sorted. */
  present: string[];
  /** Newest first; none comes before one that is made of it. */
  changesets: LoggedChangeset[];
}

/** How a module left its tree. */
export interface Fate extends Changeset {
  /** The module it lives on as, where upstream's history tells. */
  renamedTo: string | null;
}

/**
 * Changesets that touched a module, newest first: those `node` is made of, itself included, which is the newest
 * revision unless given. The same as a source's readHistory; none for a module or a revision the log does not know.
 */
export function historyOf(log: TreeLog, name: string, node: string = log.newest.node): Changeset[] {
  const { positions, parents, touching } = indexLog(log);
  const from = positions.get(node);
  const touched = touching.get(name);
  if (from === undefined || touched === undefined) return [];
  const wanted = new Uint8Array(log.changesets.length);
  wanted[from] = 1;
  // Whatever a changeset is made of comes after it, so one pass finds all of them.
  for (let at = from; at <= (touched.at(-1) ?? 0); at += 1) {
    for (const parent of wanted[at] === 1 ? (parents[at] ?? []) : []) wanted[parent] = 1;
  }
  const found = touched.filter((at) => wanted[at] === 1).map((at) => log.changesets[at]);
  return found.filter((changeset) => changeset !== undefined).map(plainChangeset);
}

/** Where things are in a log's changesets. */
interface LogIndex {
  positions: ReadonlyMap<string, number>;
  parents: readonly (readonly number[])[];
  /** Name of a module → changesets that touched it. */
  touching: ReadonlyMap<string, readonly number[]>;
}

// A log never changes, and dozens of modules are asked for.
const indexes = new WeakMap<TreeLog, LogIndex>();

function indexLog(log: TreeLog): LogIndex {
  const known = indexes.get(log);
  if (known !== undefined) return known;
  const positions = new Map(log.changesets.map(({ node }, at) => [node, at]));
  const parents = log.changesets.map((changeset) =>
    changeset.parents.map((parent) => positions.get(parent)).filter((at) => at !== undefined),
  );
  const touching = new Map<string, number[]>();
  for (const [at, { modules }] of log.changesets.entries()) {
    for (const name of modules) touching.set(name, [...(touching.get(name) ?? []), at]);
  }
  const index = { positions, parents, touching };
  indexes.set(log, index);
  return index;
}

/** What became of a module that the newest revision no longer has; null where it has it, or never heard of it. */
export function fateOf(log: TreeLog, name: string): Fate | null {
  if (log.present.includes(name)) return null;
  const [last] = historyOf(log, name);
  if (last === undefined) return null;
  return { ...last, renamedTo: heirOf(log, name) };
}

/** Where the name went: a module may be renamed more than once. */
function heirOf(log: TreeLog, name: string): string | null {
  let heir = name;
  const names = new Set<string>();
  while (!log.present.includes(heir) && !names.has(heir)) {
    names.add(heir);
    heir = log.changesets.find(({ renames }) => renames[heir] !== undefined)?.renames[heir] ?? heir;
  }
  return heir !== name && log.present.includes(heir) ? heir : null;
}

function plainChangeset({ node, date, author, subject }: Changeset): Changeset {
  return { node, date, author, subject };
}
