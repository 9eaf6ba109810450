import type { Touched } from "./log-record.ts";

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
