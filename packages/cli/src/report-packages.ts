import { code } from "@prosody-foundry/release";
import type { ComparedPackage } from "./compare-packages.ts";
import { renderBytes } from "./table.ts";

const titles = { root: "in the image", build: "build tools", dev: "headers" } as const;

/** What Debian's packages move, for who reads it on GitHub: security first, with the CVEs their changelogs name. Markdown. */
export function packagesReport(changes: readonly ComparedPackage[]): string {
  if (changes.length === 0) return "Debian has nothing newer.\n";
  const cves = [...new Set(changes.flatMap(({ cves: ids }) => ids ?? []))];
  const sorted = changes.toSorted((a, b) => Number(b.security) - Number(a.security));
  const rows = sorted.map((change) => [
    change.suite,
    titles[change.list],
    code(change.name),
    change.from ?? "(new)",
    change.to ?? "(gone)",
    change.architectures.join(" "),
    `${change.bytes < 0 ? "-" : "+"}${renderBytes(Math.abs(change.bytes))}`,
    noteOf(change),
  ]);
  const head = ["suite", "", "package", "locked", "newest", "architectures", "download", "fixes"];
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`);
  const fixed = cves.length === 0 ? "" : `, which fix ${cves.length} CVEs by their changelogs`;
  return `${changes.length} packages have other versions${fixed}.\n\n${lines.join("")}`;
}

function noteOf({ cves, security, downgrade }: ComparedPackage): string {
  const ids = cves === null ? ["(changelog unreadable)"] : cves;
  return [...(downgrade ? ["(older)"] : []), ...(security ? ["**security**"] : []), ...ids].join(" ");
}
