import { z } from "zod";
import { toIsoDate } from "./dates.ts";

// Seconds since 1970, and the zone it was written in.
const HgDate = z.tuple([z.number(), z.number()]);

/** A page `json-annotate/REVISION/PATH` of hgweb. */
export const HgwebAnnotation = z.looseObject({
  node: z.string(),
  annotate: z.array(z.looseObject({ revdate: HgDate })),
});

/** What `hg annotate --template=json --date` prints for one file. */
export const HgAnnotation = z.tuple([
  z.looseObject({ path: z.string(), lines: z.array(z.looseObject({ date: HgDate })) }),
]);

/** The day of a Mercurial date, YYYY-MM-DD in UTC. */
export function dayOfHg([seconds]: readonly [number, number]): string {
  return dayOf(seconds);
}

/**
 * The day of each line out of `git blame --porcelain`, which describes a commit where its first line comes and only
 * names it at the others. The committer's date counts, as it does in a history.
 */
export function parseBlame(text: string): string[] {
  const days = new Map<string, string>();
  const dates: string[] = [];
  let commit = "";
  for (const line of text.split("\n")) {
    if (line.startsWith("\t")) dates.push(days.get(commit) ?? "");
    else commit = /^([0-9a-f]{40}) \d+ \d+/u.exec(line)?.[1] ?? commit;
    const seconds = /^committer-time (\d+)$/u.exec(line)?.[1];
    if (seconds !== undefined) days.set(commit, dayOf(Number(seconds)));
  }
  return dates;
}

function dayOf(seconds: number): string {
  return toIsoDate(seconds).slice(0, 10);
}
