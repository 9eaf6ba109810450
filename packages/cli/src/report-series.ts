import { code } from "@prosody-foundry/release";
import type { ReleaseCompatibility } from "./judge-releases.ts";
import { rowOf, type SeriesProposal } from "./render-series-news.ts";
import { changedOf } from "./series-changeset.ts";

/** A proposal for those who read it on GitHub, as Markdown. */
export function seriesReport({ found, mirrored, left, compatibility }: SeriesProposal): string {
  const mirrors = mirrored.map(
    ({ release }) => `- ${release.version}: Debian has the same tarball, so it is a mirror\n`,
  );
  const others = left.map(({ what, because }) => `- Not proposed: ${what}, because ${because}\n`);
  const parts = [
    found.length === 0 ? "" : tableOf(["series", "release", "from", "verified by"], found.map(rowOf)),
    [...mirrors, ...others].join(""),
    ...compatibility.map(compatibilitySection),
  ];
  const text = parts.filter((part) => part !== "").join("\n");
  return text === "" ? "Nothing new: images/series.json has the newest release of each series.\n" : text;
}

function compatibilitySection({ release, against, modules }: ReleaseCompatibility): string {
  const changed = against === null ? modules : changedOf(modules);
  const rows = changed.map(({ name, before, after, because }) => {
    const verdict = against === null ? after : `${before} → **${after}**`;
    return [
      name,
      verdict,
      because
        .slice(0, 4)
        .map((reason) => code(reason).replaceAll("|", "\\|"))
        .join("<br>"),
    ];
  });
  const head = `### Pinned modules on Prosody ${release}${against === null ? "" : `, against ${against}`}\n`;
  const table = rows.length === 0 ? "" : `\n${tableOf(["module", "verdict", "because"], rows)}`;
  return `${head}${table}\n${modules.length - changed.length} of ${modules.length} as before.\n`;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
