import { compareDebian } from "./debian-version.ts";

/**
 * CVE ids that a debian/changelog (deb-changelog(5)) names in the entries after `from` up to `to`, both source versions, sorted
 * by year and number. A rebuild (`+bN`) has an entry of its own and fixes nothing.
 */
export function cvesBetween(changelog: string, from: string, to: string): string[] {
  const between = parseChangelog(changelog).filter(
    ({ version }) => compareDebian(version, from) > 0 && compareDebian(version, to) <= 0,
  );
  const ids = between.flatMap(({ text }) => [...text.matchAll(/\bCVE-\d{4}-\d{4,}\b/giu)].map(([id]) => id));
  return [...new Set(ids.map((id) => id.toUpperCase()))].toSorted(compareIds);
}

function parseChangelog(changelog: string): { version: string; text: string }[] {
  const starts = [...changelog.matchAll(/^[a-z0-9][a-z0-9.+-]* \((?<version>[^)\s]+)\)/gimu)];
  return starts.map((start, at) => ({
    version: start.groups?.["version"] ?? "",
    text: changelog.slice(start.index, starts[at + 1]?.index),
  }));
}

function compareIds(a: string, b: string): number {
  const [[yearA = 0, idA = 0], [yearB = 0, idB = 0]] = [numbersOf(a), numbersOf(b)];
  return yearA - yearB || idA - idB;
}

function numbersOf(id: string): number[] {
  return id.split("-").slice(1).map(Number);
}
