import type { Series } from "@prosody-foundry/kit";
import { isPin, type Lock, type LockedModule, moduleNameOf } from "@prosody-foundry/lockfile";
import { type Changeset, type Fate, fateOf, historyOf, type Source, type TreeLog } from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import { openSources, sourceOf } from "./open-sources.ts";

/** A pin that upstream has something newer for. */
export interface OutdatedPin {
  /** Key of the lock. */
  module: string;
  /** Series with this pin. */
  series: Series[];
  from: string;
  /** The module's newest changeset, or the one that dropped it. */
  to: string;
  date: string;
  subject: string;
  /** Changesets nobody has looked at: after the pin and those refused; null where upstream's history lacks that one. */
  behind: number | null;
  hold: boolean;
  /** Upstream's newest revision has no such module. */
  dropped: boolean;
  /** What it became, where it was dropped and upstream's history tells. */
  renamedTo: string | null;
}

export interface OutdatedRequest {
  lock: Lock;
  /** Keys of the lock. */
  names: readonly string[];
  series: readonly Series[];
}

/** Compares pins with the newest revisions of their sources, each of which is asked once for its whole history. */
export async function findOutdated(context: Context, request: OutdatedRequest): Promise<OutdatedPin[]> {
  const sources = openSources(context, request.lock);
  const trees = new Map<string, Promise<TreeHistory>>();
  const rows: OutdatedPin[] = [];
  for (const key of request.names) {
    const module = request.lock.modules[key];
    if (module === undefined) continue;
    const { name: source, tree } = sourceOf(sources, module.source);
    const opened = trees.get(source) ?? openHistory(context, tree);
    trees.set(source, opened);
    const found = await (await opened).read(moduleNameOf(key));
    rows.push(...comparePins(key, groupPins(module, request.series), { ...found, hold: module.hold }));
  }
  return rows;
}

/** What a tree tells about a module. */
interface ModuleHistory {
  /** Newest first. */
  history: readonly Changeset[];
  fate: Fate | null;
  /** Changesets of the module up to a revision; undefined for one that is not in the history. */
  countUpTo: (node: string) => number | undefined;
}

interface TreeHistory {
  read(name: string): Promise<ModuleHistory>;
}

async function openHistory(context: Context, tree: Source): Promise<TreeHistory> {
  context.progress(`Asking ${tree.location} for its history`);
  const log = await tree.readLog();
  if (log !== null) return { read: async (name) => readLogged(log, name) };
  const newest = await tree.readNewest();
  const present = await tree.listModules(newest.node);
  return {
    read: async (name) => {
      context.progress(`Asking for the history of ${name}`);
      const history = await tree.readHistory(name, newest.node);
      const [last] = history;
      const isGone = last !== undefined && !present.includes(name);
      const at = (node: string): number => history.findIndex((changeset) => changeset.node === node);
      return {
        history,
        fate: isGone ? { ...last, renamedTo: null } : null,
        countUpTo: (node) => (at(node) === -1 ? undefined : history.length - at(node)),
      };
    },
  };
}

function readLogged(log: TreeLog, name: string): ModuleHistory {
  const history = historyOf(log, name);
  const countUpTo = (node: string): number | undefined => {
    const isKnown = history[0]?.node === node || log.changesets.some((changeset) => changeset.node === node);
    return isKnown ? historyOf(log, name, node).length : undefined;
  };
  return { history, fate: fateOf(log, name), countUpTo };
}

/** Series with the same pin. */
interface PinGroup {
  series: Series[];
  from: string;
  /** The newest revision that was looked at: the pin's, or one that was refused. */
  seen: string;
}

function groupPins(module: LockedModule, series: readonly Series[]): PinGroup[] {
  const groups = new Map<string, PinGroup>();
  for (const one of series) {
    const pin = module.pins[one];
    if (!isPin(pin)) continue;
    const seen = pin.refused[0]?.node ?? pin.node;
    const key = `${pin.node} ${seen}`;
    groups.set(key, { series: [...(groups.get(key)?.series ?? []), one], from: pin.node, seen });
  }
  return [...groups.values()];
}

function comparePins(
  key: string,
  pinned: readonly PinGroup[],
  { history, fate, countUpTo, hold }: ModuleHistory & { hold: boolean },
): OutdatedPin[] {
  const [newest] = history;
  if (newest === undefined) return [];
  const { node: to, date, subject } = newest;
  const rows = pinned.map(({ series, from, seen }): OutdatedPin => {
    const known = countUpTo(seen);
    const behind = known === undefined ? null : history.length - known;
    const end = { to, date: date.slice(0, 10), subject, behind, hold };
    return { module: key, series, from, ...end, dropped: fate !== null, renamedTo: fate?.renamedTo ?? null };
  });
  return rows.filter(({ dropped, behind }) => dropped || behind !== 0);
}
