import type { Evidence } from "@prosody-foundry/lockfile";
import type { ModuleContent } from "@prosody-foundry/source";
import { labelWeight, weightOn } from "./applies.ts";
import { parseCompatibility } from "./compatibility.ts";
import { type Readme, readReadme } from "./readme.ts";
import type { JudgedRelease } from "./release.ts";
import { type Status, statuses } from "./status.ts";

export interface DeclaredOptions {
  /** Day of the module's changeset, YYYY-MM-DD. */
  date: string;
  /** Day on which the README's line about trunk was written; the changeset's unless given. */
  trunkDate?: string;
}

/**
 * What the README says about a release: always one observation, `silent` when it says nothing. Among several
 * statements the most particular counts: a row for the point release, a row for the series, a sentence that names the
 * point release, a label (Broken, Obsolete, Deprecated, Merged) or successor, a range, a sentence, trunk of its day;
 * of equal ones the most negative.
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

/** Lines of the README that seem to be about compatibility and could not be read, for people. */
export function unreadCompatibility(content: ModuleContent): string[] {
  const readme = readReadme(content);
  if (readme === null) return [];
  return parseCompatibility(readme.body).unread.map(({ text, number }) => `line ${number}: ${text.trim()}`);
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
    const weight = weightOn(statement, release, options.trunkDate ?? options.date);
    if (weight === undefined) return [];
    const said = statement.range.kind === "trunk" ? (statement.range.date ?? options.trunkDate) : undefined;
    const because = `The README says “${shorten(statement.text)}”`;
    return [{ status: statement.status, because, date: said ?? options.date, weight }];
  });
}

function shorten(text: string): string {
  return text.length <= 120 ? text : `${text.slice(0, 117)}…`;
}
