import {
  type BumpedModule,
  type BumpedSeries,
  type ChangedFact,
  changedFacts,
  countOf,
  type Delta,
  isMoved,
  type ModuleDiff,
} from "./bump.ts";
import { capped, code, fence, sumOf } from "./bump-text.ts";

/** What is left out of a module's section to keep the report short. */
export interface SectionCut {
  isCut: (file: ModuleDiff["files"][number]) => boolean;
  /** Most changesets that are listed. */
  commits: number;
}

/** All that is known of one module of a bump, in Markdown. */
export function moduleSection(module: BumpedModule, cut: SectionCut): string {
  const parts = [
    `### ${module.name}\n`,
    itemList([...module.series.flatMap(describeRefused), ...describeChanges(module), ...describeVerdicts(module)]),
    commitList(module, cut.commits),
    ...describeDiffs(module, cut),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function commitList({ name, commits, link, series }: BumpedModule, most: number): string {
  if (commits === null) return series.some(isMoved) ? "Upstream's history of it cannot be had.\n" : "";
  const lines = commits.slice(0, most).map(({ node, date, author, subject }) => {
    const short = `\`${node.slice(0, 12)}\``;
    const linked = link === null ? short : `[${short}](${link.replace("{node}", node)})`;
    return `${linked} ${date.slice(0, 10)} ${code(nameOf(author), 40)}: ${code(subject)}`;
  });
  const more = commits.length - lines.length;
  const note = `${countOf(more, lines.length === 0 ? "commit" : "more commit")}: ${moduleDiffOf(name)}`;
  const list = itemList(more === 0 ? lines : [...lines, note]);
  return list === "" ? "" : `${countOf(commits.length, "commit")}:\n\n${list}`;
}

/** `Name <address>` → `Name` */
function nameOf(author: string): string {
  return author.slice(0, 400).replace(/\s*<[^>]*>\s*$/u, "") || author;
}

function describeRefused({ series, refused }: BumpedSeries): string[] {
  return refused.slice(0, 3).map(({ node, because }) => {
    return `Not taken on ${series}: \`${node.slice(0, 12)}\`, ${code(because)}`;
  });
}

const factNames = {
  stage: "stage",
  licence: "licence",
  needs: "needs",
  uses: "uses, where it is there",
  libraries: "Lua libraries",
  options: "options",
} satisfies Record<(typeof changedFacts)[number], string>;

function describeChanges({ changes }: BumpedModule): string[] {
  return changedFacts.flatMap(
    (fact) => describeSwap(fact, changes[fact]) ?? describeDelta(factNames[fact], changes[fact]),
  );
}

/** One label for another. */
function describeSwap(fact: ChangedFact, { added, removed }: Delta): string | undefined {
  const [[before, ...others], [after, ...more]] = [removed, added];
  const isSwap = (fact === "stage" || fact === "licence") && others.length + more.length === 0;
  if (!isSwap || before === undefined || after === undefined) return undefined;
  return `${factNames[fact]}: ${code(before, 60)} → ${code(after, 60)}`;
}

function describeDelta(name: string, { added, removed }: Delta): string[] {
  const sides = [listOf("new", added), listOf("no longer", removed)].filter((side) => side !== "");
  return sides.length === 0 ? [] : [`${name}: ${sides.join("; ")}`];
}

function listOf(word: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  return `${word} ${capped(names.map((name) => code(name, 60))).join(", ")}`;
}

function describeVerdicts({ verdicts }: BumpedModule): string[] {
  const lines = verdicts.map(({ release, from, to, because }) => {
    const reasons = because.slice(0, 4).map((reason) => code(reason));
    return `Prosody ${code(release, 60)}: ${from} → ${to}${reasons.length === 0 ? "" : `. ${reasons.join("; ")}`}`;
  });
  return capped(lines);
}

function describeDiffs({ name, diffs }: BumpedModule, { isCut }: SectionCut): string[] {
  if (diffs === null) return ["The content until now cannot be had, so there is no diff.\n"];
  const parts = diffs.flatMap((diff) => describeDiff(diff, { name, isCut, several: diffs.length > 1 }));
  return diffs.length > 0 && parts.length === 0 ? ["Its files are the same as before.\n"] : parts;
}

interface DiffView extends Pick<SectionCut, "isCut"> {
  name: string;
  several: boolean;
}

function describeDiff({ series, files }: ModuleDiff, { name, isCut, several }: DiffView): string[] {
  if (files.length === 0) return [];
  const kept = files.filter((file) => !isCut(file));
  const left = files.filter((file) => isCut(file));
  const on = several ? `${series.join(", ")}: ` : "";
  const stat = capped(files.map((file) => `${code(file.path, 80)} ${countsOf([file])}`));
  const patches = kept.map(({ patch }) => (patch.endsWith("\n") ? patch : `${patch}\n`)).join("");
  const paths = capped(
    left.map(({ path }) => code(path, 80)),
    5,
  );
  return [
    `${on}${countOf(files.length, "file")}, ${countsOf(files)}: ${stat.join("; ")}\n`,
    kept.length === 0 ? "" : `<details><summary>${on}Diff</summary>\n\n${fence(patches, "diff")}\n</details>\n`,
    left.length === 0 ? "" : `Cut: the diff of ${paths.join(", ")}. See it with ${moduleDiffOf(name)}.\n`,
  ];
}

function countsOf(files: ModuleDiff["files"]): string {
  const [first] = files;
  if (files.length === 1 && first?.binary === true) return "binary";
  return `+${sumOf(files.map(({ added }) => added))} −${sumOf(files.map(({ removed }) => removed))}`;
}

function moduleDiffOf(name: string): string {
  return `\`foundry module diff ${name}\``;
}

function itemList(items: readonly string[]): string {
  return items.map((item) => `- ${item}\n`).join("");
}
