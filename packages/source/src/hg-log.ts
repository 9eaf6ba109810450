import { z } from "zod";
import type { Changeset } from "./source.ts";

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
    date: new Date(entry.date[0] * 1000).toISOString(),
    author: entry.user,
    subject: entry.desc.split("\n")[0] ?? "",
  };
}
