import { findDate } from "./as-of.ts";
import { parseAsides } from "./aside.ts";
import { type Line, findSections, plainText, withoutFences } from "./markdown.ts";
import { parseProse } from "./prose.ts";
import type { Statement } from "./statement.ts";
import { parseStatus } from "./status.ts";
import { type VersionRange, parseVersionCell } from "./version-cell.ts";

/** What a Compatibility section says, and the lines of it that could not be read. */
export interface Compatibility {
  present: boolean;
  statements: Statement[];
  unread: Line[];
}

// Two or more runs; some READMEs type en dashes.
const rule = /^\s*[-–—]{2,}(?:\s+[-–—]{2,})+\s*$/u;

/**
 * Reads the Compatibility section (also spelt Compatibilty, Compability and Compatibly) of a README without front matter:
 * pandoc simple tables with and without header or closing rule, and sentences; and outside of it the few sentences
 * that cannot be misread. What it cannot read of the section it reports.
 */
export function parseCompatibility(lines: readonly Line[]): Compatibility {
  const section = findSections(lines, isCompatibility, (title) => /prosody/iu.test(title));
  const present = section.length > 0;
  const { footnotes, text } = splitFootnotes(section);
  const blocks = blocksOf(text);
  const rows = blocks.flatMap((block) => rowsOf(block)).map((line) => ({ line, row: parseRow(line, footnotes) }));
  const prose = parseProse(blocks.map((block) => proseOf(block)));
  const read = [...rows.map(({ row }) => row).filter((row) => row !== undefined), ...prose.statements];
  const unread = [...rows.filter(({ row }) => row === undefined).map(({ line }) => line), ...prose.unread];
  const inside = new Set(section.map(({ number }) => number));
  return {
    present,
    statements: [
      ...read,
      ...parseAsides(
        withoutFences(lines).filter(({ number }) => !inside.has(number)),
        present,
      ),
    ],
    unread: read.length > 0 || unread.length > 0 ? unread : text.filter((line) => line.text.trim() !== ""),
  };
}

// "ejabberd compatibility" and "Compatible TURN servers" are about something else.
function isCompatibility(title: string): boolean {
  return /^compa(?:tib|ta|b)\w*y\W*$/iu.test(plainText(title));
}

interface Footnoted {
  /** Mark (`^1`, `*`) → words. */
  footnotes: ReadonlyMap<string, string>;
  text: Line[];
}

// `[^1]: words`, continued on indented lines; `[name]: url`; and the line "*as of DATE" under a table.
function splitFootnotes(section: readonly Line[]): Footnoted {
  const footnotes = new Map<string, string>();
  const text: Line[] = [];
  let open: string | undefined;
  for (const line of section) {
    const [mark, words] = footnoteIn(line.text) ?? [];
    open = mark ?? (continuesFootnote(line.text) ? open : undefined);
    if (open === undefined) text.push(line);
    else footnotes.set(open, `${footnotes.get(open) ?? ""} ${words ?? line.text}`.slice(0, 500));
  }
  return { footnotes, text };
}

function footnoteIn(line: string): readonly [string, string] | undefined {
  const [, mark, words] = /^ {0,3}\[([^\][]{1,80})\]:(.*)$/u.exec(line) ?? /^(\*)(as of .*)$/iu.exec(line) ?? [];
  return mark === undefined ? undefined : [mark, words ?? ""];
}

function continuesFootnote(line: string): boolean {
  return /^(?:\s{2,}|\t)\S/u.test(line) && !rule.test(line);
}

function blocksOf(lines: readonly Line[]): Line[][] {
  const blocks: Line[][] = [[]];
  for (const line of lines) {
    if (line.text.trim() === "") blocks.push([]);
    else blocks.at(-1)?.push(line);
  }
  return blocks.filter((block) => block.length > 0);
}

// Below the first rule everything is a row: some tables have rules between rows, or one that does not match.
function rowsOf(block: readonly Line[]): Line[] {
  const first = block.findIndex(({ text }) => rule.test(text));
  return first < 0 ? [] : block.slice(first + 1).filter(({ text }) => !/^[\s–—-]*$/u.test(text));
}

// The line right above the first rule is the table's header.
function proseOf(block: readonly Line[]): Line[] {
  const first = block.findIndex(({ text }) => rule.test(text));
  return first < 0 ? [...block] : block.slice(0, Math.max(0, first - 1));
}

function parseRow(line: Line, footnotes: Footnoted["footnotes"]): Statement | undefined {
  for (const [versionCell, statusCell] of cellsOf(line.text.trim())) {
    const range = parseVersionCell(plainText(versionCell.replace(/\*$/u, "")));
    const status = parseStatus(plainText(statusCell));
    if (range === undefined || status === undefined) continue;
    const text = `${plainText(versionCell)}: ${plainText(statusCell)}`;
    return { range: dated(range, line.text, footnotes), status, text, line: line.number, form: "row" };
  }
  return undefined;
}

// Cells are two spaces apart, or one where the first cell is a single word (and perhaps words in brackets).
function cellsOf(row: string): Array<readonly [string, string]> {
  const wide = /\s{2,}|\t/u.exec(row);
  const narrow = /^(?:\S+ \(as of [^()]{1,40}\)|\S+)\s/u.exec(row);
  const cuts = [wide === null ? undefined : wide.index, narrow === null ? undefined : narrow[0].length];
  return cuts
    .filter((cut) => cut !== undefined)
    .map((cut) => [row.slice(0, cut).trim(), row.slice(cut).trim()] as const);
}

// "trunk: Works as of 2025-06-13" and "trunk[^1]" with a dated footnote name the day themselves.
function dated(range: VersionRange, row: string, footnotes: Footnoted["footnotes"]): VersionRange {
  if (range.kind !== "trunk" || range.date !== null) return range;
  const marks = [...row.matchAll(/\[(\^[^\][]{1,40})\]|trunk(\*)/giu)].map(([, mark, star]) => mark ?? star ?? "");
  const words = [row, ...marks.map((mark) => footnotes.get(mark) ?? "")];
  return { ...range, date: words.map(findDate).find((day) => day !== null) ?? null };
}
