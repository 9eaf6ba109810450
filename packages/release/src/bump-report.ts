import {
  type BumpContent,
  type BumpedModule,
  type BumpedSeries,
  countOf,
  isMoved,
  movesOf,
  type RebuiltTarget,
} from "./bump.ts";
import { moduleSection } from "./bump-section.ts";
import { capped, code, kilobytes, sumOf } from "./bump-text.ts";

/**
 * Below GitHub's 65,536 characters, counted in bytes, which are never fewer; what is missing to them is left to whoever
 * adds a line to a pull request's text.
 */
export const reportLimit = 65_000;

/**
 * A bump for those who read it on GitHub. Whatever upstream did, it is shorter than `reportLimit`: the largest diffs are cut
 * first, then lists of changesets, then whole sections; the table names every module.
 */
export function bumpReport(content: BumpContent): string {
  const cuts = listCuts(content);
  const fits = (at: number): boolean => sizeOf(renderAt(content, cuts, at)) < reportLimit;
  // Each cut leaves out more than the one before, so the first that fits is found by halving.
  let [low, high] = [0, cuts.length - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  while (low < cuts.length - 1 && !fits(low)) low += 1;
  return clip(renderAt(content, cuts, low));
}

type Files = NonNullable<BumpedModule["diffs"]>[number]["files"];

/** How much is left out; the first is nothing. */
interface Cut {
  /** Largest first: so many diffs are missing. */
  diffs: number;
  commits: number;
  /** So many of the longest sections are missing. */
  sections: number;
  table: keyof typeof rowForms;
}

function listCuts({ modules }: BumpContent): Cut[] {
  const diffs = modules.flatMap(filesOf).length;
  const whole: Cut = { diffs: 0, commits: Number.POSITIVE_INFINITY, sections: 0, table: "full" };
  const bare = { ...whole, diffs };
  const few = { ...bare, commits: 0 };
  const none = { ...few, sections: modules.length };
  return [
    ...counts(diffs).map((count) => ({ ...whole, diffs: count })),
    ...[200, 100, 50, 20, 10, 5, 2, 0].map((commits) => ({ ...bare, commits })),
    ...counts(modules.length).map((sections) => ({ ...few, sections })),
    { ...none, table: "short" as const },
    { ...none, table: "names" as const },
  ];
}

function counts(most: number): number[] {
  return Array.from({ length: most + 1 }, (_, at) => at);
}

function filesOf({ diffs }: BumpedModule): Files {
  return (diffs ?? []).flatMap(({ files }) => files);
}

function renderAt(content: BumpContent, cuts: readonly Cut[], at: number): string {
  const cut = cuts[at] ?? { diffs: 0, commits: 0, sections: 0, table: "names" };
  const { modules, stays, targets } = content;
  const sections = sectionsOf(modules, cut);
  const note = `Cut to fit here: what is missing is named where it was. \`foundry module diff MODULE\` has all of it.\n`;
  const parts = [
    `## ${headline(content)}\n`,
    at === 0 ? "" : note,
    rowForms[cut.table](modules),
    stays.length === 0 ? "" : stayList(stays),
    targetTable(targets),
    ...sections,
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function headline({ modules, targets }: BumpContent): string {
  const moved = modules.filter(({ series }) => series.some(isMoved)).length;
  const others = modules.length - moved;
  const rest = others === 0 ? "" : `, newer evidence on ${others === modules.length ? "" : "another "}${others}`;
  const moves = `${countOf(moved, "module")} ${moved === 1 ? "moves" : "move"}`;
  return `${moves}${rest}; ${countOf(targets.length, "target")} to be rebuilt`;
}

const rowForms = {
  full: (modules: readonly BumpedModule[]): string =>
    tableOf(["module", "from → to", "commits", "verdict", "pulls"], modules.map(fullRow)),
  short: (modules: readonly BumpedModule[]): string =>
    tableOf(
      ["module", "from → to"],
      modules.map((module) => [module.name, moveCell(module)]),
    ),
  names: (modules: readonly BumpedModule[]): string => `${modules.map(({ name }) => name).join(", ")}\n`,
};

function fullRow(module: BumpedModule): string[] {
  const { name, commits, series, bytes } = module;
  return [
    name,
    moveCell(module),
    commits === null ? "?" : String(commits.length),
    series.map(verdictCell).join("<br>"),
    bytes === null ? "–" : kilobytes(bytes),
  ];
}

function moveCell({ series }: BumpedModule): string {
  const moves = movesOf(series);
  if (moves.length === 0) return "stays";
  const everywhere = moves.length === 1 && series.every(isMoved);
  return moves
    .map(([move, on]) => (everywhere ? move : `${on.map((one) => one.series).join(", ")}: ${move}`))
    .join("<br>");
}

function verdictCell({ series, release, before, after }: BumpedSeries): string {
  if (release === null) return `${series}: not judged`;
  return `${series}: ${before === after ? after : `**${before} → ${after}**`}`;
}

function stayList(stays: BumpContent["stays"]): string {
  const lines = stays.map(({ name, because }) => `- ${name} stays: ${code(because, 300)}`);
  return capped(lines, 50)
    .map((line) => `${line}\n`)
    .join("");
}

function targetTable(targets: readonly RebuiltTarget[]): string {
  if (targets.length === 0) return "No image's content changes: nothing is to be rebuilt.\n";
  const rows = targets.slice(0, 50).map(({ name, release, before, after, layers }) => {
    return [name, release, `${before?.slice(0, 12) ?? "new"} → ${after.slice(0, 12)}`, pullCell(layers)];
  });
  const more = targets.length > 50 ? `\nAnd ${targets.length - 50} more targets.\n` : "";
  return tableOf(["to be rebuilt", "Prosody", "id", "a user pulls"], rows) + more;
}

function pullCell(layers: RebuiltTarget["layers"]): string {
  const known = layers.flatMap(({ bytes }) => bytes ?? []);
  const unknown = layers.filter(({ bytes }) => bytes === null).map(({ name }) => name);
  const parts = known.length === 0 ? unknown : [kilobytes(sumOf(known)), ...unknown];
  return parts.length === 0 ? "?" : `${parts.join(" and ")}${known.length === 0 ? "" : ` (${namesOf(layers)})`}`;
}

function namesOf(layers: RebuiltTarget["layers"]): string {
  return layers.flatMap(({ name, bytes }) => (bytes === null ? [] : [name])).join(", ");
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function sectionsOf(modules: readonly BumpedModule[], cut: Cut): string[] {
  const files = modules.flatMap(filesOf).toSorted((a, b) => b.patch.length - a.patch.length);
  const gone = new Set(files.slice(0, cut.diffs));
  const shown = { isCut: (file: Files[number]) => gone.has(file), commits: cut.commits };
  const sections = modules.map((module) => moduleSection(module, shown));
  const longest = new Set(sections.toSorted((a, b) => b.length - a.length).slice(0, cut.sections));
  const left = sections.filter((section) => !longest.has(section));
  return longest.size === 0 ? left : [...left, `Cut: all else about ${countOf(longest.size, "module")}.\n`];
}

/** For more modules than the plain list of their names can hold. */
function clip(report: string): string {
  if (sizeOf(report) < reportLimit) return report;
  const note = "\n\nAnd more modules.\n";
  return (
    Buffer.from(report)
      .subarray(0, reportLimit - sizeOf(note) - 4)
      .toString()
      .replace(/\u{fffd}*$/u, "") + note
  );
}

function sizeOf(text: string): number {
  return Buffer.byteLength(text);
}
