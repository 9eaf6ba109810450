import { allSeries, didYouMean } from "@prosody-foundry/kit";
import { readLock } from "@prosody-foundry/lockfile";
import { type FoundModule, knownModules, knownReleases, readSurveys, searchModules } from "@prosody-foundry/registry";
import type { CommandSpec } from "../command.ts";
import { renderTable } from "../table.ts";

export const moduleSearch: CommandSpec = {
  name: "module search",
  summary: "find modules by name, label, XEP or text, pinned or not; needs no network",
  arguments: "<words...>",
  options: ["json"],
  example: "foundry module search upload label:stable xep:0363",
  async run(context, { args }) {
    const lock = await readLock(context.lockFile, { missing: "empty" });
    const surveys = await readSurveys(context.root);
    const known = knownModules(lock, surveys);
    const found = searchModules(known, args, knownReleases(lock, surveys));
    const names = known.map(({ name }) => name);
    return { value: found, text: found.length === 0 ? renderNothing(args, names) : render(found) };
  },
};

/** What people read; programs get all. */
const most = 40;

function render(found: readonly FoundModule[]): string {
  const rows = found
    .slice(0, most)
    .map((module) => [
      module.key,
      ...allSeries.map((series) => module.verdicts[series] ?? ""),
      module.stage ?? "",
      module.pinned ? "pinned" : "",
      module.summary ?? "",
    ]);
  const more = found.length <= most ? "" : `… and ${found.length - most} more: add a word, or ask with --json.\n`;
  return renderTable([["module", ...allSeries, "stage", "", "summary"], ...rows]) + more;
}

function renderNothing(words: readonly string[], names: readonly string[]): string {
  if (names.length === 0) return "Nothing is known yet: `foundry compat --all` looks at every module of a source.\n";
  const word = words.join("_").replaceAll(/[\s-]+/gu, "_");
  const nearest = didYouMean(word.startsWith("mod_") ? word : `mod_${word}`, names);
  return `No module has all of these: ${words.join(" ")}. ${nearest ?? "Try fewer words, label:stable or xep:0363."}\n`;
}
