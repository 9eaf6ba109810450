import { allSeries, type Series } from "@prosody-foundry/kit";
import type { Lock } from "@prosody-foundry/lockfile";
import { type KnownModule, knownModules, knownReleases, verdictsOf } from "./known.ts";
import type { Survey } from "./schema.ts";

/** What the registry is for whoever has a browser and nothing else: one page, and the data it is made of. */
export function siteFiles(lock: Lock, surveys: readonly Survey[]): Record<string, string> {
  const modules = knownModules(lock, surveys);
  const releases = knownReleases(lock, surveys);
  const rows = modules.map((module) => moduleRow(module, verdictsOf(module, releases)));
  return { "index.html": page(rows, surveys) };
}

function page(rows: readonly string[], surveys: readonly Survey[]): string {
  const data = ["modules.lock.json", ...surveys.map(({ source }) => `surveys/${source}.json`)];
  const links = data.map((file) => `<a href="${encodeURI(file)}">${escape(file)}</a>`).join(", ");
  const head = ["module", ...allSeries, "what it is"].map((word) => `<th>${escape(word)}</th>`).join("");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Community modules of Prosody</title>
<style>
body { font: 1rem/1.4 system-ui, sans-serif; margin: 1rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse } td, th { border-bottom: 1px solid #ccc; padding: .2rem .6rem; text-align: left; vertical-align: top }
</style>
<h1>Community modules of Prosody</h1>
<p>Which of ${rows.length} modules works on the newest release of each series that it was tried on: <em>works</em> (somebody
says so and it loads), <em>loads</em> (nobody says more), <em>doubtful</em>, <em>broken</em>, <em>core</em> (Prosody has it
itself), <em>tombstone</em> (no code is left). The evidence: ${links}.</p>
<table>
<thead><tr>${head}</tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
</html>
`;
}

function moduleRow(module: KnownModule, verdicts: Partial<Record<Series, string>>): string {
  const summary = module.surveyed?.description.summary ?? "";
  const pinned = module.pinned === null ? escape(module.key) : `<strong>${escape(module.key)}</strong>`;
  const cells = [...allSeries.map((series) => escape(verdicts[series] ?? "")), escape(summary)];
  return `<tr id="${escape(module.key)}"><th>${pinned}</th>${cells.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
}

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/gu, (char) => `&#${char.codePointAt(0)};`);
}
