import { compareText } from "@prosody-foundry/kit";
import { formatPatch, type StructuredPatch, structuredPatch } from "diff";
import type { ModuleContent, ModuleFile } from "./content.ts";
import { readableText } from "./readable-text.ts";

/** What changed in one file. */
export interface FileDiff {
  path: string;
  /** What it was called before, where most of its lines come from another file that is gone. */
  from?: string;
  /** Lines; 0 of a binary file. */
  added: number;
  removed: number;
  binary: boolean;
  /** A patch as git writes it, with paths from the module's folder; of a binary file the head alone. */
  patch: string;
}

/** What changed between two contents of a module, sorted by path. */
export interface ContentDiff {
  files: FileDiff[];
}

/** Compares two contents of a module; null before: all of it is new. */
export function diffContents(before: ModuleContent | null, after: ModuleContent): ContentDiff {
  const olds = new Map(before?.files.map((file) => [file.path, file]));
  const news = new Map(after.files.map((file) => [file.path, file]));
  const paths = [...new Set([...olds.keys(), ...news.keys()])].toSorted(compareText);
  const pairs = paths.map((path) => ({ path, before: olds.get(path), after: news.get(path) }));
  return { files: pairRenames(pairs.filter(isChanged)).map(diffFile) };
}

interface FilePair {
  path: string;
  before: ModuleFile | undefined;
  after: ModuleFile | undefined;
}

function isChanged({ before, after }: FilePair): boolean {
  if (before === undefined || after === undefined) return true;
  return before.executable !== after.executable || Buffer.compare(before.bytes, after.bytes) !== 0;
}

/** Joins a file that is gone with the new one most like it. */
function pairRenames(pairs: readonly FilePair[]): FilePair[] {
  const gone = new Set(pairs.filter(({ after }) => after === undefined));
  const joined = pairs.map((pair) => {
    const { after } = pair;
    if (pair.before !== undefined || after === undefined) return pair;
    const likes = [...gone].map((other) => ({ other, like: likeness(other.before, after) }));
    const [best] = likes.filter(({ like }) => like >= 0.5).toSorted((a, b) => b.like - a.like);
    if (best === undefined) return pair;
    gone.delete(best.other);
    return { ...pair, before: best.other.before };
  });
  return joined.filter((pair) => pair.after !== undefined || gone.has(pair));
}

/** The part of the longer file's lines that both have; 1 for equal bytes. */
function likeness(before: ModuleFile | undefined, after: ModuleFile): number {
  if (before === undefined || before.bytes.byteLength === 0 || isBinary(before) !== isBinary(after)) return 0;
  if (Buffer.compare(before.bytes, after.bytes) === 0) return 1;
  if (isBinary(after)) return 0;
  const [olds, news] = [linesOf(before), linesOf(after)];
  const left = new Map<string, number>();
  for (const line of olds) left.set(line, (left.get(line) ?? 0) + 1);
  const common = news.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count > 0;
  });
  return common.length / Math.max(olds.length, news.length);
}

function linesOf(file: ModuleFile): string[] {
  return Buffer.from(file.bytes).toString("latin1").trimEnd().split("\n");
}

function diffFile(pair: FilePair): FileDiff {
  const binary = [pair.before, pair.after].some((file) => file !== undefined && isBinary(file));
  const hunks = binary ? [] : hunksOf(pair);
  const lines = hunks.flatMap((hunk) => hunk.lines);
  const head = formatPatch(headOf(pair, hunks));
  const from = pair.before?.path ?? pair.path;
  return {
    path: pair.path,
    ...(from === pair.path ? {} : { from }),
    added: lines.filter((line) => line.startsWith("+")).length,
    removed: lines.filter((line) => line.startsWith("-")).length,
    binary,
    patch: binary ? `${head}${binaryLine(pair)}` : readableText(Buffer.from(head, "latin1")),
  };
}

// As git decides.
function isBinary(file: ModuleFile): boolean {
  return file.bytes.subarray(0, 8000).includes(0);
}

function headOf({ path, before, after }: FilePair, hunks: StructuredPatch["hunks"]): StructuredPatch {
  const [oldMode, newMode] = [before, after].map((file) => file && (file.executable ? "100755" : "100644"));
  const moded = before === undefined || after === undefined || oldMode !== newMode;
  return {
    isGit: true,
    isCreate: before === undefined,
    isDelete: after === undefined,
    isRename: before !== undefined && after !== undefined && before.path !== path,
    oldFileName: before === undefined ? nobody : `a/${before.path}`,
    newFileName: after === undefined ? nobody : `b/${path}`,
    oldHeader: undefined,
    newHeader: undefined,
    ...(moded ? { oldMode, newMode } : {}),
    hunks,
  };
}

const nobody = "/dev/null";

function binaryLine({ path, before, after }: FilePair): string {
  if (before !== undefined && after !== undefined && Buffer.compare(before.bytes, after.bytes) === 0) return "";
  const [from, to] = [before && `a/${before.path}`, after && `b/${path}`].map((name) => name ?? nobody);
  return `Binary files ${from} and ${to} differ\n`;
}

// Time grows with the square of the edits; two files with more in common than nothing need far fewer.
const maximumEdits = 4000;

function hunksOf({ before, after }: FilePair): StructuredPatch["hunks"] {
  const [old, now] = [before, after].map((file) => Buffer.from(file?.bytes ?? []).toString("latin1"));
  const options = { context: 3, maxEditLength: maximumEdits };
  const patch = structuredPatch("", "", old ?? "", now ?? "", "", "", options);
  return patch?.hunks ?? replaceAll(old ?? "", now ?? "");
}

function replaceAll(old: string, now: string): StructuredPatch["hunks"] {
  const emptied = structuredPatch("", "", old, "", "", "", { context: 0 }).hunks;
  const filled = structuredPatch("", "", "", now, "", "", { context: 0 }).hunks;
  const lines = [...emptied, ...filled].flatMap((hunk) => hunk.lines);
  const [oldLines, newLines] = [emptied[0]?.oldLines ?? 0, filled[0]?.newLines ?? 0];
  return [{ oldStart: 1, oldLines, newStart: 1, newLines, lines }];
}
