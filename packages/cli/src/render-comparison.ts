import type { FileDiff } from "@prosody-foundry/source";
import type { FactDelta } from "@prosody-foundry/compat";
import type { Comparison, PatchOutcome, RevisionChange } from "./compare-revisions.ts";
import type { ForeseenVerdict } from "./foresee-verdicts.ts";
import { renderTable } from "./table.ts";

/** A comparison for people; git applies it, as it passes over what comes before each diff. */
export function renderComparison(comparison: Comparison): string {
  const { module, source, to, changes, current, unpinned } = comparison;
  const parts = [
    `${module}, from ${source}\n`,
    ...(current.length === 0 ? [] : [`${current.join(" ")}: at ${nameRevision(to)}, nothing to bring\n`]),
    ...Object.entries(unpinned).map(([series, because]) => `${series}: no pin. ${because}\n`),
    ...renderPatches(comparison.patches),
    ...changes.flatMap((change) => ["\n", ...renderChange(comparison, change)]),
  ];
  return parts.map(makePrintable).join("");
}

function nameRevision({ node, date }: { node: string; date: string }): string {
  return `${node.slice(0, 12)} of ${date}`;
}

function renderPatches(patches: readonly PatchOutcome[]): string[] {
  return patches.map(({ file, refusal }) => (refusal === null ? `${file} applies\n` : `${indent(refusal)}\n`));
}

function renderChange({ module, to }: Comparison, change: RevisionChange): string[] {
  const { series, from, files, unreadable, refused } = change;
  return [
    `${series.join(" ")}: ${nameRevision(from)} -> ${nameRevision(to)}\n`,
    ...renderCommits(change),
    ...renderFacts(change),
    ...(unreadable === null ? [] : [`\nCannot be read: ${unreadable}\n`]),
    ...renderVerdicts(change.compatibility, { module, to }),
    ...(refused === null ? [] : [`\nRefused when it was tried: ${refused}\n`]),
    "\n",
    ...renderStat(files),
    ...files.flatMap(({ patch }) => ["\n", patch]),
  ];
}

function renderCommits({ commits, undone }: RevisionChange): string[] {
  const table = (head: string, list: typeof undone) => {
    const count = `${list.length} changeset${list.length === 1 ? "" : "s"}`;
    const rows = list.map(({ node, date, author, subject }) => [
      ` ${node.slice(0, 12)}`,
      date.slice(0, 10),
      author.replace(/ *<[^>]*>/u, ""),
      subject,
    ]);
    return list.length === 0 ? [] : [`\n${count}${head}\n`, renderTable(rows)];
  };
  if (commits === null) return ["\nThis source has no history.\n"];
  return [...table("", commits), ...table(" undone", undone)];
}

function renderFacts({ facts }: RevisionChange): string[] {
  const rows = Object.entries(facts ?? {}).flatMap(([fact, delta]: [string, FactDelta]) => [
    ...delta.removed.map((item) => [` - ${fact}`, item]),
    ...delta.added.map((item) => [` + ${fact}`, item]),
  ]);
  return rows.length === 0 ? [] : ["\n", renderTable(rows)];
}

function renderVerdicts(
  verdicts: readonly ForeseenVerdict[],
  { module, to }: Pick<Comparison, "module" | "to">,
): string[] {
  const lines = verdicts.flatMap(({ releases, before, after, basis, added }) => {
    const now = basis === "read" && after === "unknown" ? "not loaded yet" : after;
    const news = added.filter(({ says }) => says !== "silent" && says !== "loads");
    const evidence = news.map(({ kind, says, because }) => `   ${kind.padEnd(8)} ${says.padEnd(9)} ${because}\n`);
    return [` Prosody ${releases.join(", ")}: ${before} -> ${now}${sayBasis[basis]}\n`, ...evidence];
  });
  const isOpen = verdicts.some(({ basis }) => basis === "read");
  const wanted = to.newest ? module : `${module} --to ${to.node.slice(0, 12)}`;
  const hint = isOpen ? [` \`foundry module update ${wanted} --dry-run\` loads it.\n`] : [];
  return lines.length === 0 ? [] : ["\n", ...lines, ...hint];
}

const sayBasis: Record<ForeseenVerdict["basis"], string> = {
  surveyed: " (surveyed)",
  same: " (the same files ship)",
  read: "",
};

function renderStat(files: readonly FileDiff[]): string[] {
  const rows = files.map(({ path, from, added, removed, binary }) => [
    ` ${from === undefined ? "" : `${from} -> `}${path}`,
    binary ? "binary" : `+${added} -${removed}`,
  ]);
  return [renderTable(rows)];
}

function indent(text: string): string {
  return text.replaceAll("\n", "\n  ");
}

// What upstream wrote must not steer the terminal of who reads it.
function makePrintable(text: string): string {
  return text.replaceAll(/\r(?!\n)|[^\P{Cc}\t\n\r]/gu, "\uFFFD");
}
