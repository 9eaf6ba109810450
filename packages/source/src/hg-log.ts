import { z } from "zod";
import { toIsoDate } from "./dates.ts";
import { type LogPart, toRow } from "./log-record.ts";
import type { KnownNewest } from "./keep-log.ts";
import type { Changeset, SourceSpec } from "./source.ts";

/** A changeset in the JSON of `hg log` and of hgweb; the date is seconds since 1970 and the zone. */
export const HgChangeset = z.looseObject({
  node: z.string().regex(/^[0-9a-f]{40}$/u),
  date: z.tuple([z.number(), z.number()]),
  desc: z.string(),
  user: z.string(),
});
export type HgChangeset = z.infer<typeof HgChangeset>;

export function toChangeset(entry: HgChangeset): Changeset {
  return {
    node: entry.node,
    date: toIsoDate(entry.date[0]),
    author: entry.user,
    subject: entry.desc.split("\n")[0] ?? "",
  };
}

/** What `hg log` is asked for to have a whole tree's log at once. */
export const logTemplate = "json(rev,node,date,desc,user,parents,files,file_copies,file_dels)";

const LoggedHgChangeset = z.looseObject({
  ...HgChangeset.shape,
  rev: z.number(),
  parents: z.array(z.string()),
  files: z.array(z.string()),
  /** New path → old path. */
  file_copies: z.record(z.string(), z.string()),
  file_dels: z.array(z.string()),
});

/**
 * Such a log, newest first. Asked for from a known changeset on, it ends with that one; undefined when it does not, or
 * when that one has another number now: then something is gone from below it.
 */
export function parseLog(text: string, known: KnownNewest | undefined, spec: SourceSpec): LogPart | undefined {
  const entries = z.array(LoggedHgChangeset).parse(JSON.parse(text));
  const last = entries.at(-1);
  if (known !== undefined && (last?.node !== known.node || last.rev !== known.position)) return undefined;
  const rows = entries.slice(0, known === undefined ? undefined : -1).map((entry) => {
    const parents = entry.parents.filter((parent) => !/^0*$/u.test(parent));
    const gone = new Set(entry.file_dels);
    const copies = Object.entries(entry.file_copies).filter(([, from]) => gone.has(from));
    const moved = copies.map(([to, from]) => [from, to] as const);
    return toRow({ ...toChangeset(entry), parents }, { paths: entry.files, moved }, spec);
  });
  return { rows, position: entries[0]?.rev ?? 0 };
}
