import type { StructuredPatch } from "diff";

/** Lines with their ends: what a hunk wants to find, and what it puts there. */
export interface Hunk {
  /** `@@ -12,6 +12,7 @@` */
  header: string;
  /** Index of the first line where it was made. */
  start: number;
  before: string[];
  after: string[];
  /** Unchanged lines at either end. */
  leading: number;
  trailing: number;
}

/** Where a hunk finds no place: what it expects and what is there, from the first line that differs. */
export interface Misfit {
  hunk: Hunk;
  line: number;
  expected: string[];
  found: string[];
}

/** A parsed hunk, or the reason why it makes no sense. */
export function hunkOf(parsed: StructuredPatch["hunks"][number]): Hunk | string {
  const { oldStart, oldLines, newStart, newLines } = parsed;
  const header = `@@ -${fromZero(oldStart, oldLines)},${oldLines} +${fromZero(newStart, newLines)},${newLines} @@`;
  const lines = parsed.lines.map((line, index) => ({
    kind: line === "" ? " " : line.charAt(0),
    text: line.slice(1) + (parsed.lines[index + 1]?.startsWith("\\") === true ? "" : "\n"),
  }));
  const before = lines.filter(({ kind }) => kind === " " || kind === "-").map(({ text }) => text);
  const after = lines.filter(({ kind }) => kind === " " || kind === "+").map(({ text }) => text);
  const numbers = [oldStart, newStart].every((number) => Number.isSafeInteger(number) && number >= 0);
  if (!numbers || before.length + after.length === 0) return `the hunk ${header} has no lines or no place`;
  if ([before, after].some((side) => side.slice(0, -1).some(isOpen))) return `the hunk ${header} goes on after its end`;
  const changed = lines.filter(({ kind }) => kind !== "\\").map(({ kind }) => kind !== " ");
  const leading = changed.indexOf(true);
  if (leading === -1) return `the hunk ${header} changes nothing`;
  const trailing = changed.length - 1 - changed.lastIndexOf(true);
  return { header, start: Math.max(0, oldStart - 1), before, after, leading, trailing };
}

/** Does the opposite. */
export function reverseHunk(hunk: Hunk): Hunk {
  return { ...hunk, before: hunk.after, after: hunk.before };
}

/**
 * Applies hunks with exact bytes, at another line than their own where the text moved, the nearest one; what touched
 * the beginning or the end of the file still has to.
 */
export function applyHunks(text: string, hunks: readonly Hunk[]): string | Misfit {
  const lines = linesOf(text);
  const parts: string[][] = [];
  let next = 0;
  let offset = 0;
  for (const hunk of hunks) {
    const at = findPlace(lines, hunk, { next, expected: hunk.start + offset });
    if (at === undefined) return findMisfit(lines, hunk, hunk.start + offset);
    parts.push(lines.slice(next, at), hunk.after);
    next = at + hunk.before.length;
    offset = at - hunk.start;
  }
  return [...parts, lines.slice(next)].flat().join("");
}

// The parser counts from the line after where a side has no lines.
function fromZero(start: number, count: number): number {
  return count === 0 ? start - 1 : start;
}

function isOpen(line: string): boolean {
  return !line.endsWith("\n");
}

function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+/gu) ?? [];
}

interface Wanted {
  /** First line that no earlier hunk took. */
  next: number;
  expected: number;
}

function findPlace(lines: readonly string[], hunk: Hunk, { next, expected }: Wanted): number | undefined {
  const last = lines.length - hunk.before.length;
  const fits = (at: number) => at >= next && at <= last && isBound(lines, hunk, at) && matches(lines, hunk, at);
  if (fits(expected)) return expected;
  // Without a line of context nothing says that another place is the right one.
  if (hunk.leading + hunk.trailing === 0) return undefined;
  const places = [...Array(Math.max(0, last + 1)).keys()].filter(fits);
  return places.toSorted((a, b) => Math.abs(a - expected) - Math.abs(b - expected) || b - a)[0];
}

/** Less context at its beginning is what a hunk has at the beginning of a file, none at its end at the end of one. */
function isBound(lines: readonly string[], hunk: Hunk, at: number): boolean {
  const toStart = hunk.start === 0 && hunk.leading < hunk.trailing;
  const toEnd = (hunk.trailing === 0 && hunk.leading > 0) || hunk.after.some(isOpen);
  const inLine = hunk.before.length === 0 && isOpen(lines[at - 1] ?? "\n");
  return !(toStart && at > 0) && !(toEnd && at + hunk.before.length < lines.length) && !inLine;
}

function matches(lines: readonly string[], { before }: Hunk, at: number): boolean {
  return before.every((line, index) => lines[at + index] === line);
}

const shownLines = 3;

function findMisfit(lines: readonly string[], hunk: Hunk, expected: number): Misfit {
  const alike = (at: number) => hunk.before.filter((line, index) => lines[at + index] === line).length;
  const places = [...lines.keys()].map((at) => ({ at, alike: alike(at), far: Math.abs(at - expected) }));
  const [best] = places.toSorted((a, b) => b.alike - a.alike || a.far - b.far);
  const at = best?.at ?? 0;
  const same = hunk.before.findIndex((line, index) => lines[at + index] !== line);
  const first = Math.max(0, same);
  return {
    hunk,
    line: at + first + 1,
    expected: hunk.before.slice(first, first + shownLines),
    found: lines.slice(at + first, at + Math.min(first + shownLines, hunk.before.length)),
  };
}
