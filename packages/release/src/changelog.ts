/** How much of an image's contract a version changes. */
export type BumpType = "major" | "minor" | "patch";

/** One version of a CHANGELOG.md. */
export interface ChangelogSection {
  version: string;
  /** The items of each kind, Markdown as it stands there. */
  items: Record<BumpType, string>;
}

/** The versions of a CHANGELOG.md as changesets writes it, in the order they stand there: newest first. */
export function sectionsOf(changelog: string): ChangelogSection[] {
  const [, ...parts] = changelog.split(/^## (?=\d+\.\d+\.\d+\s*$)/mu);
  return parts.map((part) => {
    const [, version = "", text = ""] = /^(\S+)\s*([\s\S]*)$/u.exec(part) ?? [];
    return {
      version,
      items: { major: itemsOf(text, "Major"), minor: itemsOf(text, "Minor"), patch: itemsOf(text, "Patch") },
    };
  });
}

/** The sections newer than a version, newest first; all of them for null. */
export function sectionsSince(changelog: string, version: string | null): ChangelogSection[] {
  const sections = sectionsOf(changelog);
  return version === null ? sections : sections.filter((section) => compareContracts(section.version, version) > 0);
}

/** Order of contract versions, by number. */
export function compareContracts(a: string, b: string): number {
  const [left, right] = [a.split(".").map(Number), b.split(".").map(Number)];
  for (const [at, number] of left.entries()) {
    const step = number - (right[at] ?? 0);
    if (step !== 0) return step;
  }
  return 0;
}

/** True when a text names this version, not only one that begins or ends with it. */
export function namesVersion(text: string, version: string): boolean {
  return new RegExp(`(?<![\\w.-])${RegExp.escape(version)}(?![\\w-]|\\.\\d)`, "u").test(text);
}

function itemsOf(text: string, kind: string): string {
  const [, ...parts] = text.split(/^### (?=(?:Major|Minor|Patch) Changes\s*$)/mu);
  const part = parts.find((one) => one.startsWith(kind));
  return part?.replace(/^.*\n/u, "").trim() ?? "";
}
