import type { Changeset } from "@prosody-foundry/source";
import { countOf } from "./bump.ts";
import { capped, code, sizeText } from "./bump-text.ts";
import type { BumpType, ChangelogSection } from "./changelog.ts";
import type { ModuleMove, PackageMove, PlatformChange } from "./contents-change.ts";

/** What one publication means for who uses the image. */
export interface Notes {
  /** `13.0.7-r3 (prosody)` */
  title: string;
  /** What to pull, with the immutable tag; null where no repository is known. */
  reference: string | null;
  rev: number;
  /** Versions of the image's contract. */
  contract: { from: string | null; to: string | null };
  /** Of the changelog, since the publication before; newest first. */
  sections: ChangelogSection[];
  release: { from: string | null; to: string };
  modules: (ModuleMove & { commits: Changeset[] | null; link: string | null })[];
  packages: (PackageMove & { cves: string[] })[];
  platforms: PlatformChange[];
  counts: { modules: number; packages: number };
  /** Nothing of the image was published on this series before. */
  isFirst: boolean;
  /** False where the contents of the publication before cannot be read. */
  isCompared: boolean;
}

/** Notes as Markdown; far below the 125,000 characters that GitHub takes for a release. */
export function renderNotes(notes: Notes): string {
  const parts = [
    headOf(notes),
    sectionOf("What changed for you", changesText(notes.sections)),
    moduleSection(notes),
    packageSection(notes),
    sizeSection(notes),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

const kinds: Readonly<Record<BumpType, string>> = { major: "You have to act", minor: "New", patch: "Changed" };

/** The items of some changelog sections, together by kind: what asks something of the reader comes first. */
export function changesText(sections: readonly ChangelogSection[]): string {
  const types: readonly BumpType[] = ["major", "minor", "patch"];
  const parts = types.flatMap((type) => {
    const items = sections.map((section) => section.items[type]).filter((text) => text !== "");
    return items.length === 0 ? [] : [`### ${kinds[type]}\n\n${items.join("\n")}\n`];
  });
  return parts.join("\n");
}

function headOf({ reference, rev, contract, release, isFirst }: Notes): string {
  const prosody = `Prosody ${release.to}${wasText(release.from, release.to)}`;
  const version = contract.to === null ? "" : `, contract ${contract.to}${wasText(contract.from, contract.to)}`;
  const first = isFirst ? " The first image of this series.\n" : "\n";
  const pull = reference === null ? "" : `\n\`\`\`sh\ndocker pull ${reference}\n\`\`\`\n`;
  return `${prosody}, image revision ${rev}${version}.${first}${pull}`;
}

function wasText(from: string | null, to: string): string {
  return from === null || from === to ? "" : ` (was ${from})`;
}

function sectionOf(title: string, text: string): string {
  return text === "" ? "" : `## ${title}\n\n${text}`;
}

function moduleSection({ modules, counts, isCompared }: Notes): string {
  if (!isCompared) return sectionOf("Modules", `It has ${countOf(counts.modules, "community module")}.\n`);
  const rows = modules.map((module) => [module.name, moveOf(module, nodePrinter(module)), commitCell(module)]);
  const lists = modules.flatMap(commitList);
  return rows.length === 0
    ? ""
    : sectionOf("Modules", tableOf(["module", "from → to", "commits"], rows) + lists.join(""));
}

function commitCell({ from, to, commits }: Notes["modules"][number]): string {
  if (to === null || from === null) return "";
  return commits === null ? "?" : String(commits.length);
}

function commitList(module: Notes["modules"][number]): string[] {
  const { name, commits } = module;
  if (commits === null || commits.length === 0) return [];
  const printNode = nodePrinter(module);
  const lines = commits.map(({ node, date, subject }) => {
    return `${printNode(node)} ${date.slice(0, 10)} ${code(subject)}`;
  });
  return [
    `\n${name}:\n\n${capped(lines)
      .map((line) => `- ${line}\n`)
      .join("")}`,
  ];
}

function packageSection({ packages, counts, isCompared }: Notes): string {
  if (!isCompared) return sectionOf("Packages", `It has ${countOf(counts.packages, "Debian package")}.\n`);
  if (packages.length === 0) return "";
  const fixed = packages.filter(({ cves }) => cves.length > 0);
  const plain = packages.filter(({ cves }) => cves.length === 0);
  const rows = [...fixed, ...plain].slice(0, 200).map((one) => [one.name, moveOf(one, same), one.cves.join(", ")]);
  const more = packages.length - rows.length;
  const rest = more === 0 ? "" : `\nAnd ${more} more.\n`;
  return sectionOf("Debian packages", tableOf(["package", "from → to", "fixes"], rows) + rest);
}

function sizeSection({ platforms, isCompared }: Notes): string {
  if (platforms.length === 0) return "";
  const rows = platforms.map(({ platform, size, before, pull }) => {
    const old = isCompared && before !== null;
    return [platform, sizeText(size), old ? sizeText(before) : "–", old ? sizeText(pull) : "all of it"];
  });
  return sectionOf("Size", tableOf(["platform", "size", "was", "you pull"], rows));
}

function moveOf({ from, to }: PackageMove, print: (point: string) => string): string {
  if (from === null) return `new: ${print(to ?? "")}`;
  return to === null ? `${print(from)} → gone` : `${print(from)} → ${print(to)}`;
}

/** Twelve digits, with a link to the changeset where upstream shows it. */
function nodePrinter({ link }: Notes["modules"][number]): (node: string) => string {
  return (node) => {
    const digits = `\`${node.slice(0, 12)}\``;
    return link === null ? digits : `[${digits}](${link.replace("{node}", node)})`;
  };
}

function same(version: string): string {
  return version;
}

function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}
