/** What is searched for. */
export interface Query {
  /** In lower case. */
  labels: string[];
  /** Four digits each. */
  xeps: string[];
  /** The other words. */
  text: string;
}

/** Reads the words of a search; each may itself be several. */
export function parseQuery(words: readonly string[]): Query {
  const all = words.flatMap((word) => word.split(/\s+/u)).filter((word) => word !== "");
  const read = all.map((word) => ({ word, label: labelIn(word), xep: xepIn(word) }));
  return {
    labels: read.flatMap(({ label }) => label ?? []),
    xeps: read.flatMap(({ xep }) => xep ?? []),
    text: read
      .filter(({ label, xep }) => label === undefined && xep === undefined)
      .map(({ word }) => word)
      .join(" "),
  };
}

function labelIn(word: string): string | undefined {
  return /^(?:label|stage):(.+)$/iu
    .exec(word)?.[1]
    ?.toLowerCase()
    .replace(/^stage-/u, "");
}

// "xep:363", "XEP-0363", "xep0363", and a number alone, which is nothing else here.
function xepIn(word: string): string | undefined {
  return /^(?:xep[:-]?)?(\d{1,4})$/iu.exec(word)?.[1]?.padStart(4, "0");
}
