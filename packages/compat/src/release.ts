import type { LockedRelease } from "@prosody-foundry/lockfile";

/** A release that modules are judged on: what the lock holds about it, and its version (`0.12.3`, `trunk-20250513-…`). */
export interface JudgedRelease extends LockedRelease {
  version: string;
}

/** Numbers of a version, compared part by part; null for trunk, which is after all of them. */
export type Version = readonly number[];

/** `13.0.7` → [13, 0, 7]; null for a trunk build. A version that is none of these has the numbers it starts with. */
export function versionOf(release: JudgedRelease): Version | null {
  if (release.series === "trunk") return null;
  const numbers = /^\d{1,6}(?:\.\d{1,6}){0,3}/u.exec(release.version)?.[0] ?? release.series;
  return numbers.split(".").map(Number);
}

/** Negative, 0 or positive, as far as `bound` goes: 0.12.5 is 0 against 0.12 and positive against 0.12.4. */
export function compareTo(version: Version, bound: Version): number {
  for (const [index, part] of bound.entries()) {
    const step = (version[index] ?? 0) - part;
    if (step !== 0) return step;
  }
  return 0;
}

// The days on which trunk became a release series; prosody.im/doc/release.
const branchings: ReadonlyArray<{ until: string; series: Version }> = [
  { until: "2013-08-20", series: [0, 9] },
  { until: "2017-09-27", series: [0, 10] },
  { until: "2018-11-18", series: [0, 11] },
  { until: "2022-03-14", series: [0, 12] },
  { until: "2025-03-13", series: [13, 0] },
];

/** The series that trunk of that day was released as; null while that is still to come. */
export function seriesOfTrunk(day: string): Version | null {
  return branchings.find(({ until }) => day < until)?.series ?? null;
}
