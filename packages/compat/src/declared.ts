import type { Evidence } from "@prosody-foundry/lockfile";
import type { ModuleContent, ModuleFile } from "@prosody-foundry/source";
import { labelWeight, weightOn } from "./applies.ts";
import { parseCompatibility } from "./compatibility.ts";
import { describeLine } from "./describe-module.ts";
import { findReadme, type Readme, readReadme } from "./readme.ts";
import type { JudgedRelease } from "./release.ts";
import type { Statement } from "./statement.ts";
import { type Status, statuses } from "./status.ts";

export interface DeclaredOptions {
  /** Day of the module's changeset, YYYY-MM-DD. */
  date: string;
  /** When the lines of the README were written, as far as that is known; only those of `trunkLines` are looked at. */
  lineDates?: LineDates;
}

/** Number of a line, from 1 → the day it was last changed, YYYY-MM-DD. */
export type LineDates = ReadonlyMap<number, string>;

/** Lines of one file of a module. */
export interface TrunkLines {
  path: string;
  /** From 1, in order. */
  lines: number[];
}

/**
 * What the README says about a release: always one observation, `silent` when it says nothing. Among several
 * statements the most particular counts: a row for the point release, a row for the series, a sentence that names the
 * point release, a label (Broken, Obsolete, Deprecated, Merged), a box that says as much, or a successor, a range, a
 * sentence, trunk of its day; of equal ones the most negative.
 * @throws UserError README_FRONT_MATTER, README_TOO_LARGE
 */
export function declaredEvidence(content: ModuleContent, release: JudgedRelease, options: DeclaredOptions): Evidence[] {
  const readme = readReadme(content);
  if (readme === null) return [{ kind: "declared", says: "silent", because: "It has no README", date: options.date }];
  const claims = [...claimsOfLabels(readme, release, options), ...claimsOfSection(readme, release, options)];
  const best = claims.toSorted((a, b) => b.weight - a.weight || severity(a.status) - severity(b.status))[0];
  const silent = { says: "silent", because: "The README says nothing of this release", date: options.date } as const;
  if (best === undefined) return [{ kind: "declared", ...silent }];
  return [{ kind: "declared", says: saysOf[best.status], because: best.because, date: best.date }];
}

/**
 * Where the README speaks of trunk without naming the day itself, so that only the history of these lines tells which
 * trunk they mean; null when it does not.
 * @throws UserError README_FRONT_MATTER, README_TOO_LARGE
 */
export function trunkLines(content: ModuleContent): TrunkLines | null {
  const file = findReadme(content);
  const readme = readReadme(content);
  // Mercurial and git count lines by LF alone.
  if (file === undefined || readme === null || hasLoneReturns(file)) return null;
  const { statements } = parseCompatibility(readme.body);
  const lines = new Set(statements.filter(leansOnHistory).map(({ line }) => line));
  return lines.size === 0 ? null : { path: file.path, lines: [...lines].toSorted((a, b) => a - b) };
}

function hasLoneReturns({ bytes }: ModuleFile): boolean {
  return /\r(?!\n)/u.test(new TextDecoder().decode(bytes));
}

function leansOnHistory({ range }: Statement): boolean {
  return range.kind === "trunk" && range.date === null;
}

/** Lines of the README that seem to be about compatibility and could not be read, for people. */
export function unreadCompatibility(content: ModuleContent): string[] {
  const readme = readReadme(content);
  if (readme === null) return [];
  return parseCompatibility(readme.body).unread.map(describeLine);
}

interface Claim {
  status: Status;
  because: string;
  date: string;
  weight: number;
}

const saysOf = {
  works: "works",
  "should-work": "works",
  conditional: "doubtful",
  unknown: "silent",
  superseded: "doubtful",
  "probably-broken": "doubtful",
  broken: "broken",
} satisfies Record<Status, Evidence["says"]>;

const warnings: Readonly<Record<string, Status>> = {
  broken: "broken",
  obsolete: "superseded",
  deprecated: "superseded",
  merged: "superseded",
};

function severity(status: Status): number {
  return statuses.indexOf(status);
}

function claimsOfLabels(readme: Readme, release: JudgedRelease, { date }: DeclaredOptions): Claim[] {
  const status = warnings[readme.stage ?? ""];
  const successor = readme.supersededBy.find((name) => release.core.includes(name));
  const claims: Claim[] = [];
  if (status !== undefined) {
    claims.push({ status, because: `The README labels it ${readme.stage}`, date, weight: labelWeight });
  }
  if (successor !== undefined) {
    const because = `The README calls it superseded by ${successor}, which Prosody has`;
    claims.push({ status: "superseded", because, date, weight: labelWeight });
  }
  return claims;
}

function claimsOfSection(readme: Readme, release: JudgedRelease, options: DeclaredOptions): Claim[] {
  return parseCompatibility(readme.body).statements.flatMap((statement) => {
    const said = dayOf(statement, options);
    const weight = weightOn(statement, release, said ?? options.date);
    if (weight === undefined) return [];
    const doubt = said === undefined ? "; when that line was written is not known" : "";
    const because = `The README says “${shorten(statement.text)}”${doubt}`;
    return [{ status: statement.status, because, date: said ?? options.date, weight }];
  });
}

// What is said of a version holds whenever it was written; only of trunk does the day matter.
function dayOf({ range, line }: Statement, { date, lineDates }: DeclaredOptions): string | undefined {
  return range.kind === "trunk" ? (range.date ?? lineDates?.get(line)) : date;
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}…`;
}
