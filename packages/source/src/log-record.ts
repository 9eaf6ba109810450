import { z } from "zod";
import { mayBelong, type TreeShape } from "./flat.ts";
import type { LoggedChangeset, TreeLog } from "./log.ts";
import { modulePath } from "./revision.ts";
import type { Changeset, SourceSpec } from "./source.ts";

const Names = z.array(z.string());

/**
 * A changeset as it is kept, short because there are thousands. What it touched is `mod_x/` for anything in a module's
 * folder, and the path of a file beside them: which modules that is part of may be known better later.
 */
const LogRow = z.tuple([
  z.string().describe("node"),
  z.string().describe("date"),
  z.string().describe("author"),
  z.string().describe("subject"),
  Names.describe("parents"),
  Names.describe("touched"),
  z.record(z.string(), z.string()).describe("renames of modules"),
]);
export type LogRow = z.infer<typeof LogRow>;

/** The log of a tree as the cache has it. */
export const KeptLog = z.strictObject({
  /** Newest first. */
  rows: z.array(LogRow).min(1),
  /** Where the upstream has its newest one: Mercurial's own number, which tells whether anything went from below it. */
  position: z.number(),
  modules: Names,
  flat: z.record(z.string(), Names),
});
export type KeptLog = z.infer<typeof KeptLog>;

/** Changesets somebody read, not older than what is known. */
export type LogPart = Pick<KeptLog, "rows" | "position">;

/** What hg or git tells of one changeset's files. */
export interface Touched {
  /** Paths in the tree. */
  paths: readonly string[];
  /** Pairs of an old path and its new one. */
  moved: readonly (readonly [string, string])[];
}

export function toRow(changeset: Changeset & { parents: string[] }, touched: Touched, spec: SourceSpec): LogRow {
  const { node, date, author, subject, parents } = changeset;
  const items = touched.paths.map((path) => itemOf(path, spec)).filter((item) => item !== undefined);
  const renames = touched.moved.flatMap(([from, to]) => renameOf(from, to));
  return [node, date, author, subject, parents, [...new Set(items)].toSorted(), Object.fromEntries(renames)];
}

// A module is renamed with its main file; other files wander for many reasons.
function renameOf(from: string, to: string): [string, string][] {
  const [before, after] = [from, to].map((path) => /(?:^|\/)(mod_[A-Za-z0-9_-]+)\.lua$/u.exec(path)?.[1]);
  return before === undefined || after === undefined || before === after ? [] : [[before, after]];
}

export function toTreeLog({ rows, modules, flat }: KeptLog): TreeLog {
  const users = new Map<string, string[]>();
  for (const [name, files] of Object.entries(flat)) {
    for (const file of files) users.set(file, [...(users.get(file) ?? []), name]);
  }
  // A file `mod_x.lua` beside a module's folder is none of it, unless that has become of the module.
  const inFolders = new Set(modules.filter((name) => flat[name] === undefined).map((name) => `${name}.lua`));
  const changesets = rows.map(([node, date, author, subject, parents, touched, renames]): LoggedChangeset => {
    const counting = touched.filter((item) => !inFolders.has(item));
    const names = counting.flatMap((item) => [moduleOf(item) ?? [], users.get(item) ?? []].flat());
    return { node, date, author, subject, parents, modules: [...new Set(names)].toSorted(), renames };
  });
  const [newest] = changesets;
  if (newest === undefined) throw new TypeError("a kept log has a changeset");
  return { newest: { node: newest.node, date: newest.date }, present: modules, changesets };
}

export function keepRows(part: LogPart, older: readonly LogRow[], shape: TreeShape): KeptLog {
  return { rows: [...part.rows, ...older], position: part.position, ...shape };
}

// "mod_x/" for the files of a folder, the path of a file beside it; undefined for what is no module's.
function itemOf(path: string, spec: SourceSpec): string | undefined {
  const inside = modulePath(spec, "");
  if (!path.startsWith(inside)) return undefined;
  const file = path.slice(inside.length);
  // Once upstream a module's folder was a plain file for a day.
  const folder = /^mod_[^/]+(?=\/)|^mod_[A-Za-z0-9_-]+$/u.exec(file)?.[0];
  if (folder !== undefined) return `${folder}/`;
  return mayBelong(file) ? file : undefined;
}

function moduleOf(item: string | undefined): string | undefined {
  return /^(mod_[A-Za-z0-9_-]+)(?:\/|\.lua)$/u.exec(item ?? "")?.[1];
}
