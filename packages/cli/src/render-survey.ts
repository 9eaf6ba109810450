import { compareText } from "@prosody-foundry/kit";
import { Verdict } from "@prosody-foundry/lockfile";
import type { Survey } from "@prosody-foundry/registry";
import type { Surveyed } from "./survey-source.ts";
import { renderTable } from "./table.ts";

/** How many modules got each verdict. */
type VerdictCounts = Partial<Record<Verdict, number>>;

/** What a sweep gives programs. */
export interface SurveySummary {
  source: string;
  node: string;
  date: string;
  modules: number;
  written: boolean;
  /** Release → how many modules got each verdict. */
  verdicts: Record<string, VerdictCounts>;
  sections: SectionReport;
  unreadable: Record<string, string>;
}

/** What became of the READMEs' Compatibility sections. */
interface SectionReport {
  found: number;
  /** Those of which something was read. */
  parsed: number;
  /** Module → the lines that were not understood. */
  unread: Record<string, string[]>;
}

/** A sweep in numbers: of the releases that were judged on now. */
export function summariseSurvey({ survey, judged, written }: Surveyed): SurveySummary {
  const { source, node, date, unreadable, modules } = survey;
  const verdicts = judged.map((release) => [release, countVerdicts(survey, release)] as const);
  return {
    source,
    node,
    date,
    modules: Object.keys(modules).length,
    written,
    verdicts: Object.fromEntries(verdicts),
    sections: reportSections(survey),
    unreadable,
  };
}

/** The same for people. */
export function renderSummary(summary: SurveySummary): string {
  const { source, node, date, modules, written } = summary;
  const releases = Object.keys(summary.verdicts);
  const rows = Verdict.options.map((verdict) => [
    verdict,
    ...releases.map((release) => String(summary.verdicts[release]?.[verdict] ?? 0)),
  ]);
  return [
    `${source} at ${node.slice(0, 12)} of ${date}: ${modules} modules\n`,
    renderTable([["verdict", ...releases], ...rows]),
    renderSections(summary.sections),
    renderUnreadable(summary.unreadable),
    written ? "The survey was written.\n" : "Nothing was written.\n",
  ]
    .filter((part) => part !== "")
    .join("\n");
}

function countVerdicts({ modules }: Survey, release: string): VerdictCounts {
  const all = Object.values(modules).flatMap(({ judgements }) => judgements);
  const counts: VerdictCounts = {};
  for (const { releases, verdict } of all) {
    if (releases.includes(release)) counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  return counts;
}

function reportSections({ modules }: Survey): SectionReport {
  const entries = Object.entries(modules).toSorted(([a], [b]) => compareText(a, b));
  const sections = entries.map(([, { description }]) => description.compatibility);
  const unread = entries
    .filter(([, { description }]) => description.unread.length > 0)
    .map(([name, { description }]) => [name, description.unread] as const);
  return {
    found: sections.filter((section) => section !== "none").length,
    parsed: sections.filter((section) => section === "parsed").length,
    unread: Object.fromEntries(unread),
  };
}

function renderSections({ found, parsed, unread }: SectionReport): string {
  const share = found === 0 ? "" : ` (${((100 * parsed) / found).toFixed(1)} %)`;
  const lines = Object.entries(unread).flatMap(([name, said]) => said.map((line) => `  ${name}, ${line}`));
  const more = lines.length === 0 ? "" : "; not understood:";
  return [`READMEs with a Compatibility section: ${found}, read: ${parsed}${share}${more}`, ...lines, ""].join("\n");
}

function renderUnreadable(unreadable: Readonly<Record<string, string>>): string {
  const lines = Object.entries(unreadable).map(([name, because]) => `  ${name}: ${because}`);
  return lines.length === 0 ? "" : ["Could not be read:", ...lines, ""].join("\n");
}
