/** The texts a conflicted file was made of; `base` only where git wrote it down (diff3). */
export interface ConflictTexts {
  base: string | null;
  ours: string;
  theirs: string;
}

type Part = "both" | "ours" | "base" | "theirs";

const sidesOf = {
  both: ["ours", "base", "theirs"],
  ours: ["ours"],
  base: ["base"],
  theirs: ["theirs"],
} as const satisfies Record<Part, readonly Exclude<Part, "both">[]>;

const markers: readonly (readonly [pattern: RegExp, from: readonly Part[], to: Part])[] = [
  [/^<{7}(\s|$)/u, ["both"], "ours"],
  [/^\|{7}(\s|$)/u, ["ours"], "base"],
  [/^={7}(\s|$)/u, ["ours", "base"], "theirs"],
  [/^>{7}(\s|$)/u, ["theirs"], "both"],
];

/** The line (from 0) of the first conflict marker; -1 without one. JSON strings hold no line breaks: such a line is git's. */
export function findMarker(text: string): number {
  return text.split("\n").findIndex((line) => markerOf(line) !== undefined);
}

/** What the sides of a text with git's conflict markers were; null when the markers do not match up. */
export function splitConflict(text: string): ConflictTexts | null {
  const lines = { ours: [], base: [], theirs: [] };
  const seen = new Set<Part>();
  let part: Part = "both";
  for (const line of text.split("\n")) {
    const next = partAfter(line, part);
    if (next === null) return null;
    if (next === undefined) addLine(lines, part, line);
    part = next ?? part;
    seen.add(part);
  }
  if (part !== "both") return null;
  const [ours, base, theirs] = [lines.ours, lines.base, lines.theirs].map((side) => side.join("\n"));
  return { base: seen.has("base") ? (base ?? "") : null, ours: ours ?? "", theirs: theirs ?? "" };
}

/** Undefined for a line that is no marker, null for a marker that cannot stand there. */
function partAfter(line: string, part: Part): Part | null | undefined {
  const marker = markerOf(line);
  if (marker === undefined) return undefined;
  const [, from, to] = marker;
  return from.includes(part) ? to : null;
}

function addLine(lines: Record<Exclude<Part, "both">, string[]>, part: Part, line: string): void {
  for (const side of sidesOf[part]) lines[side].push(line);
}

function markerOf(line: string): (typeof markers)[number] | undefined {
  return markers.find(([pattern]) => pattern.test(line));
}
