/**
 * Order of Prosody's own versions, oldest first, by number (13.0.10 comes after 13.0.9); trunk builds by their day, after
 * every release. Zero for two trunk builds of one day.
 */
export function compareUpstream(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  const length = Math.max(left.length, right.length);
  for (let at = 0; at < length; at += 1) {
    const step = (left[at] ?? 0) - (right[at] ?? 0);
    if (step !== 0) return step < 0 ? -1 : 1;
  }
  return 0;
}

/** The series a version is of: `13.0.7` → `13.0`, any trunk build → `trunk`. */
export function seriesOfVersion(version: string): string {
  if (version.startsWith("trunk")) return "trunk";
  return version.split(".").slice(0, 2).join(".");
}

/** Of these versions, those of the same series as `version`, nearest first; the older one where two are as near. */
export function nearestVersions(version: string, others: readonly string[]): string[] {
  const same = others.filter((other) => seriesOfVersion(other) === seriesOfVersion(version));
  const place = placeOf(version);
  const distance = (other: string): number => (other === version ? -1 : Math.abs(placeOf(other) - place));
  return same.toSorted((a, b) => distance(a) - distance(b) || compareUpstream(a, b));
}

function numbersOf(version: string): number[] {
  const day = /^trunk-(\d{8})/u.exec(version)?.[1];
  if (day !== undefined) return [Number.MAX_SAFE_INTEGER, Number(day)];
  return version.split(".").map(Number);
}

// Inside a series: the point release, or the day.
function placeOf(version: string): number {
  const day = /^trunk-(\d{4})(\d{2})(\d{2})/u.exec(version);
  if (day === null) return Number(version.split(".")[2] ?? 0);
  return Date.parse(`${day[1]}-${day[2]}-${day[3]}`) / 86_400_000;
}
