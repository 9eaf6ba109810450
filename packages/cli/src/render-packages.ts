import type { ComparedPackage, MovedPackage } from "./compare-packages.ts";
import { renderBytes, renderTable } from "./table.ts";

const titles = { root: "in the image", build: "build tools", dev: "headers" } as const;

/** Packages that move, for people: those an image is made of first, then what it is made with. */
export function renderPackages(changes: readonly (MovedPackage & Partial<ComparedPackage>)[]): string {
  const rows = changes.map((change) => [
    change.suite,
    titles[change.list],
    change.name,
    change.from ?? "(new)",
    change.to ?? "(gone)",
    change.architectures.join(" "),
    renderDelta(change.bytes),
    renderNote(change),
  ]);
  const head = ["suite", "", "package", "locked", "newest", "architectures", "download", "fixes"];
  const cves = new Set(changes.flatMap((change) => change.cves ?? []));
  const count = `${changes.length} changes${cves.size === 0 ? "" : `, ${cves.size} CVEs`}`;
  const total = changes.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${renderTable([head, ...rows])}${count}, ${renderDelta(total)} to download\n`;
}

function renderDelta(bytes: number): string {
  return bytes < 0 ? `-${renderBytes(-bytes)}` : `+${renderBytes(bytes)}`;
}

function renderNote({ cves = [], security, downgrade }: MovedPackage & Partial<ComparedPackage>): string {
  const words = [
    ...(downgrade ? ["(older)"] : []),
    ...(security ? ["security"] : []),
    ...(cves ?? ["(changelog unreadable)"]),
  ];
  return words.join(" ");
}
