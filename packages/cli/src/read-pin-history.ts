import { optionsOf } from "@prosody-foundry/compat";
import { allSeries, isUserError } from "@prosody-foundry/kit";
import { isPin, type Lock, moduleNameOf, type Pin } from "@prosody-foundry/lockfile";
import { deltaOf, type ModuleCommits, type ModuleDiff, type ModuleHistory } from "@prosody-foundry/release";
import {
  type Changeset,
  diffContents,
  ensureContent,
  historyOf,
  type ModuleContent,
  type TreeLog,
  treeOf,
} from "@prosody-foundry/source";
import type { Context } from "./context.ts";
import { openSources, type OpenSource, sourceOf } from "./open-sources.ts";

interface HistoryRequest {
  before: Lock;
  after: Lock;
  /** Key of the lock. */
  key: string;
  source: OpenSource;
  /** The source's whole history, where it has one that can be had at once. */
  log: TreeLog | null;
}

export interface HistoriesRequest extends Pick<HistoryRequest, "before" | "after"> {
  /** Keys of the lock. */
  keys: readonly string[];
}

/** By key; each source is asked once for its history. */
export async function readPinHistories(
  context: Context,
  { before, after, keys }: HistoriesRequest,
): Promise<Map<string, ModuleHistory>> {
  const sources = openSources(context, after);
  const logs = new Map<OpenSource, TreeLog | null>();
  const histories = new Map<string, ModuleHistory>();
  for (const key of keys) {
    const source = sourceOf(sources, after.modules[key]?.source ?? "");
    const known = logs.get(source);
    const log = known === undefined ? await source.tree.readLog() : known;
    logs.set(source, log);
    histories.set(key, await readPinHistory(context, { before, after, key, source, log }));
  }
  return histories;
}

/** What happened to a module between the pins of one lock and those of another: its changesets, and what they changed. */
async function readPinHistory(context: Context, request: HistoryRequest): Promise<ModuleHistory> {
  const { key, source } = request;
  const moves = movesBetween(request);
  context.progress(`Comparing ${key}`);
  const link = linkOf(source);
  const commits = await readCommits(request, moves);
  const contents = await readContents(context, source, { name: moduleNameOf(key), moves });
  if (contents === null) return { link, commits, diffs: null, options: deltaOf([], []) };
  const diffs = contents.map(({ series, from, to }): ModuleDiff => ({ series, files: diffContents(from, to).files }));
  const options = deltaOf(
    contents.flatMap(({ from }) => (from === null ? [] : optionsIn(from))),
    contents.flatMap(({ to }) => optionsIn(to)),
  );
  return { link, commits, diffs, options };
}

interface Move<T> {
  series: ModuleDiff["series"];
  /** Null: nothing of it was pinned. */
  from: T | null;
  to: T;
}

/** Pairs of pins that differ, each with its series. */
function movesBetween({ before, after, key }: HistoryRequest): Move<Pin>[] {
  const [old, now] = [before, after].map((lock) => lock.modules[key]?.pins);
  const moves = allSeries.flatMap((series): Move<Pin>[] => {
    const [from, to] = [old?.[series], now?.[series]];
    return isPin(to) ? [{ series: [series], from: isPin(from) ? from : null, to }] : [];
  });
  const moved = moves.filter(({ from, to }) => from?.node !== to.node);
  const groups = Map.groupBy(moved, ({ from, to }) => `${from?.node} ${to.node}`);
  return [...groups.values()].flatMap(([first, ...others]) =>
    first === undefined ? [] : [{ ...first, series: [first, ...others].flatMap(({ series }) => series) }],
  );
}

/**
 * Upstream's changesets of a module after one revision up to another, newest first, and where they are shown; null where no
 * history can be had, or it has the older revision no more.
 */
export async function readMoveCommits(
  source: OpenSource,
  { name, from, to }: { name: string; from: string; to: string },
): Promise<ModuleCommits> {
  const link = linkOf(source);
  if (hasNoHistory(source)) return { commits: null, link };
  try {
    const log = await source.tree.readLog();
    const older = await readHistory(source, log, { name, node: from });
    const newer = await readHistory(source, log, { name, node: to });
    const known = new Set(older.map(({ node }) => node));
    return { commits: older.length === 0 ? null : newer.filter(({ node }) => !known.has(node)), link };
  } catch (error) {
    if (!isUserError(error, "SOURCE_UNREACHABLE", "HGWEB_LACKING", "HG_MISSING")) throw error;
    return { commits: null, link };
  }
}

function hasNoHistory({ locked: { kind } }: OpenSource): boolean {
  return kind === "debian" || kind === "directory";
}

/** Newest first; null where no history tells, or it has the old pin no more. */
async function readCommits(
  { key, source, log }: HistoryRequest,
  moves: readonly Move<Pin>[],
): Promise<Changeset[] | null> {
  if (hasNoHistory(source)) return null;
  const name = moduleNameOf(key);
  const found: Changeset[] = [];
  for (const { from, to } of moves) {
    const newer = await readHistory(source, log, { name, node: to.node });
    const older = from === null ? [] : await readHistory(source, log, { name, node: from.node });
    if (from !== null && older.length === 0) return null;
    const known = new Set([...older, ...found].map(({ node }) => node));
    found.push(...newer.filter(({ node }) => !known.has(node)));
  }
  return found.toSorted((a, b) => Date.parse(b.date) - Date.parse(a.date));
}

async function readHistory(
  { tree }: OpenSource,
  log: TreeLog | null,
  { name, node }: { name: string; node: string },
): Promise<Changeset[]> {
  if (log !== null) return historyOf(log, name, node);
  return tree.readHistory(name, node).catch((error: unknown) => {
    // Upstream rewrote its history.
    if (!isUserError(error, "REVISION_UNKNOWN", "MODULE_UNKNOWN")) throw error;
    return [];
  });
}

interface Contents {
  name: string;
  moves: readonly Move<Pin>[];
}

/** Null where one of them cannot be had any more. */
async function readContents(
  context: Context,
  source: OpenSource,
  { name, moves }: Contents,
): Promise<Move<ModuleContent>[] | null> {
  const contents: Move<ModuleContent>[] = [];
  for (const { series, from, to } of moves) {
    const [old, now] = [
      from === null ? null : await readContent(context, source, { name, ...from }),
      await readContent(context, source, { name, ...to }),
    ];
    if (old === undefined || now === undefined) return null;
    contents.push({ series, from: old, to: now });
  }
  return contents;
}

/** With what does not ship, where the source still has that; undefined where nobody has it. */
async function readContent(
  context: Context,
  source: OpenSource,
  pin: Pin & { name: string },
): Promise<ModuleContent | undefined> {
  const content = await source.tree.readModule(pin.node, pin.name).catch(ignoreRefusal);
  if (content !== undefined && treeOf(content) === pin.tree) return content;
  const ensured = await ensureContent(pin, source.all, context).catch(ignoreRefusal);
  return ensured?.content;
}

function ignoreRefusal(error: unknown): undefined {
  if (!isUserError(error)) throw error;
}

function optionsIn(content: ModuleContent): string[] {
  try {
    return optionsOf(content);
  } catch (error) {
    if (!isUserError(error, "LUA_SYNTAX", "LUA_TOO_DEEP", "LUA_TOO_LARGE")) throw error;
    return [];
  }
}

/** Where a source shows its changesets: hgweb's page, or that of a git host we know. */
function linkOf({ locked: { kind, url } }: OpenSource): string | null {
  if (!/^https?:\/\/[^\s()<>]+$/u.test(url)) return null;
  const base = url.replace(/\/$/u, "");
  if (kind === "hg") return `${base}/rev/{node}`;
  const known = /^https:\/\/(?:github\.com|gitlab\.com|codeberg\.org)\//u.test(base);
  return known ? `${base.replace(/\.git$/u, "")}/commit/{node}` : null;
}
