import { allSeries } from "@prosody-foundry/kit";
import type { Evidence } from "@prosody-foundry/lockfile";
import { sortVersions } from "./known.ts";
import type { Survey } from "./schema.ts";
import { renderMarkdown } from "./table.ts";

const outcomes = ["loads", "complains", "fails", "refused", "core", "no code", "not loaded"] as const;
type Outcome = (typeof outcomes)[number];

/** How many modules of each row came to each outcome. */
type Matrix = Record<string, Record<Outcome, number>>;

/** What was said of the modules on one release against what loading them showed. */
export interface Agreement {
  release: string;
  modules: number;
  declared: Matrix;
  static: Matrix;
}

/** The table of agreement of a survey, a row for each release. */
export function agreementOf(survey: Survey): Agreement[] {
  const order = (version: string): number =>
    allSeries.findIndex((series) => series === survey.releases[version]?.series);
  const releases = sortVersions(Object.keys(survey.releases)).toSorted((a, b) => order(a) - order(b));
  return releases.map((release) => {
    const found = Object.values(survey.modules).flatMap(({ judgements }) =>
      judgements.filter((one) => one.releases.includes(release)).map(({ evidence }) => evidence),
    );
    const count = (kind: Evidence["kind"], rows: readonly string[]): Matrix => countOutcomes(found, kind, rows);
    return {
      release,
      modules: found.length,
      declared: count("declared", ["works", "doubtful", "broken", "silent"]),
      static: count("static", ["loads", "doubtful", "broken"]),
    };
  });
}

/** The same as Markdown; equal surveys give equal text. */
export function renderAgreement(surveys: readonly Survey[]): string {
  if (surveys.length === 0) return "There is no survey yet: `foundry compat --all` makes one.\n";
  return surveys.map(renderSurvey).join("\n");
}

function countOutcomes(found: readonly Evidence[][], kind: Evidence["kind"], rows: readonly string[]): Matrix {
  const entries = rows.map((says) => {
    const those = found.filter((evidence) => evidence.some((item) => item.kind === kind && item.says === says));
    const counts = outcomes.map((outcome) => [outcome, those.filter((item) => outcomeOf(item) === outcome).length]);
    return [says, Object.fromEntries(counts)] as const;
  });
  return Object.fromEntries(entries);
}

const outcomeOfLoading: Readonly<Partial<Record<Evidence["says"], Outcome>>> = {
  works: "loads",
  loads: "loads",
  doubtful: "complains",
  broken: "fails",
  core: "core",
  tombstone: "no code",
};

function outcomeOf(evidence: readonly Evidence[]): Outcome {
  const has = (kind: Evidence["kind"], says: Evidence["says"]): boolean =>
    evidence.some((item) => item.kind === kind && item.says === says);
  if (has("core", "tombstone")) return "no code";
  if (has("core", "core")) return "core";
  if (has("header", "broken")) return "refused";
  const loaded = evidence.find(({ kind }) => kind === "loaded");
  return (loaded && outcomeOfLoading[loaded.says]) ?? "not loaded";
}

function renderSurvey(survey: Survey): string {
  const { source, node, date, modules } = survey;
  const head = `Survey of ${source} at \`${node.slice(0, 12)}\` of ${date}: ${Object.keys(modules).length} modules.\n`;
  return [head, ...agreementOf(survey).map(renderRelease)].join("\n");
}

const readmeWords = {
  works: "works",
  doubtful: "superseded, conditional, probably broken",
  broken: "broken",
  silent: "nothing",
};
const codeWords = { loads: "all is there", doubtful: "something is missing later", broken: "something is missing" };

function renderRelease(agreement: Agreement): string {
  return [
    `### Prosody ${agreement.release}\n`,
    renderMatrix("README says", agreement.declared, readmeWords),
    `${describeDeclared(agreement)}\n`,
    renderMatrix("static analysis says", agreement.static, codeWords),
    `${describeStatic(agreement)}\n`,
  ].join("\n");
}

function renderMatrix(title: string, matrix: Matrix, words: Readonly<Record<string, string>>): string {
  const rows = Object.entries(matrix).map(([says, counts]) => {
    const numbers = outcomes.map((outcome) => counts[outcome]);
    return [words[says] ?? says, ...numbers.map(String), String(sumOf(numbers))];
  });
  return renderMarkdown([[title, ...outcomes, "all"], ...rows]);
}

function describeDeclared({ declared, modules }: Agreement): string {
  const { works, broken, silent } = declared;
  return [
    `README “works”: ${shareOf(loadedOf(works), triedOf(works))} load.`,
    `README “broken”: ${shareOf(loadedOf(broken), triedOf(broken))} load all the same.`,
    `Nothing said: ${shareOf(sumOf(Object.values(silent ?? {})), modules)} of the modules;`,
    `${shareOf(loadedOf(silent), triedOf(silent))} of those load.`,
  ].join(" ");
}

// Of the modules that a server was asked to load: "something is missing" foretells that it fails.
function describeStatic({ static: matrix }: Agreement): string {
  const clean = [matrix["loads"], matrix["doubtful"]];
  const hits = matrix["broken"]?.fails ?? 0;
  const falseAlarms = loadedOf(matrix["broken"]);
  const misses = sumOf(clean.map((row) => row?.fails ?? 0));
  const rest = sumOf(clean.map((row) => loadedOf(row)));
  const all = hits + falseAlarms + misses + rest;
  const [precision, recall, accuracy] = [
    [hits, hits + falseAlarms],
    [hits, hits + misses],
    [hits + rest, all],
  ].map(ratioOf);
  return `Static “something is missing” as a forecast of failing: ${hits} right, ${falseAlarms} false alarms, ${misses} missed, ${rest} rightly silent; precision ${precision}, recall ${recall}, accuracy ${accuracy}.`;
}

type Row = Matrix[string] | undefined;

function loadedOf(row: Row): number {
  return (row?.loads ?? 0) + (row?.complains ?? 0);
}

function triedOf(row: Row): number {
  return loadedOf(row) + (row?.fails ?? 0) + (row?.refused ?? 0);
}

function sumOf(numbers: readonly number[]): number {
  let sum = 0;
  for (const number of numbers) sum += number;
  return sum;
}

function shareOf(part: number, whole: number): string {
  return whole === 0 ? "none" : `${part} of ${whole} (${Math.round((100 * part) / whole)} %)`;
}

function ratioOf([part = 0, whole = 0]: readonly number[]): string {
  return whole === 0 ? "–" : (part / whole).toFixed(3);
}
