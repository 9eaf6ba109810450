import { toIsoDate } from "./dates.ts";
import type { Touched } from "./log-record.ts";
import type { Changeset } from "./source.ts";

/** A commit as `git log` is asked for it: none of these holds a line break, but any other character may be in a name. */
export const commitFormat = "%H%n%ct%n%P%n%an <%ae>%n%s";

export function parseCommit(text: string): { changeset: Changeset; parents: string[] } {
  const [node = "", seconds = "", parents = "", author = "", ...subject] = text.split("\n");
  return {
    changeset: { node, date: toIsoDate(Number(seconds)), author, subject: subject.join("\n") },
    parents: parents.split(" ").filter((parent) => parent !== ""),
  };
}

/**
 * What each commit touched, out of `git log -z --name-status --find-renames --format=%x1e%H`: a record for each commit,
 * in it a status and one path, or two where it is a rename.
 */
export function parseTouched(text: string): Map<string, Touched> {
  const records = text.split("\u001E").slice(1);
  return new Map(records.map((record) => parseRecord(record)));
}

function parseRecord(record: string): [string, Touched] {
  const [node = "", ...words] = record.split("\0").map((word) => word.replace(/^\n/u, ""));
  const paths = new Set<string>();
  const moved: [string, string][] = [];
  const queue = words.values();
  for (const status of queue) {
    if (!/^[A-Z]\d*$/u.test(status)) continue;
    const from = takeWord(queue);
    // Copies are not looked for.
    const to = status.startsWith("R") ? takeWord(queue) : from;
    if (to !== from) moved.push([from, to]);
    paths.add(from).add(to);
  }
  return [node, { paths: [...paths], moved }];
}

function takeWord(words: Iterator<string, undefined>): string {
  return words.next().value ?? "";
}
