import { type JudgedRelease, type Version, compareTo, seriesOfTrunk, versionOf } from "./release.ts";
import type { Statement } from "./statement.ts";

/** A word of its own about the module, not about a version: weighs less than a row of a table, more than a range. */
export const labelWeight = 40;

const weights = { point: 60, series: 50, range: 30, trunk: 20, any: 10 };
const proseWeight = -15;

/**
 * How particular a statement is about a release, the more the weightier; undefined when it is about others.
 * `trunkDate` is the day a line about trunk was written, where the line itself names none.
 */
export function weightOn(statement: Statement, release: JudgedRelease, trunkDate: string): number | undefined {
  const version = versionOf(release);
  const span = spanOf(statement, trunkDate);
  if (!contains(span, version)) return undefined;
  const weight = span.weight - (span.weight === weights.point ? distance(span, version) : 0);
  if (statement.form === "row") return weight;
  if (statement.form === "prose") return weight + proseWeight;
  // "This module is obsolete" is as good as the label, and "can still be used with 0.12" an exception to it.
  if (statement.range.kind === "any") return labelWeight;
  return statement.range.kind === "exactly" ? weight : weight + proseWeight;
}

/** Releases from one bound to the other; null is no bound, and only what has none above holds trunk. */
interface Span {
  low: Version | null;
  lowIncluded: boolean;
  high: Version | null;
  highIncluded: boolean;
  weight: number;
}

const everything: Span = { low: null, lowIncluded: true, high: null, highIncluded: true, weight: weights.any };
// After all releases, so trunk alone.
const nextRelease: Version = [Number.POSITIVE_INFINITY];

function spanOf(statement: Statement, trunkDate: string): Span {
  const { range } = statement;
  const wide = { ...everything, weight: weights.range };
  if (range.kind === "any") return everything;
  if (range.kind === "trunk") return trunkSpan(statement, range.date ?? trunkDate, range.andLater);
  if (range.kind === "exactly") return exactSpan(statement, range.version);
  if (range.kind === "from") return { ...wide, low: range.version, lowIncluded: range.included };
  if (range.kind === "until") return { ...wide, high: range.version, highIncluded: range.included };
  return { ...wide, low: range.version, high: range.last };
}

function exactSpan({ status }: Statement, version: Version): Span {
  // Once in Prosody, always in Prosody.
  if (status === "superseded") return { ...everything, low: version, weight: weights.range };
  if (version.length < 3) return { ...everything, low: version, high: version, weight: weights.series };
  // A word about 0.12.4 holds for later releases of 0.12.
  return { ...everything, low: version, high: version.slice(0, 2), weight: weights.point };
}

// Trunk of that day became a series: praise is for that series, blame for it and all that follow.
function trunkSpan({ status }: Statement, date: string, andLater: boolean): Span {
  const series = seriesOfTrunk(date);
  const trunk = { ...everything, weight: weights.trunk };
  if (series === null) return { ...trunk, low: nextRelease };
  const lasts = andLater || ["broken", "probably-broken", "superseded"].includes(status);
  return { ...trunk, low: series, high: lasts ? null : series };
}

function contains(span: Span, version: Version | null): boolean {
  if (version === null) return span.high === null;
  const above = span.low === null ? 1 : compareTo(version, span.low);
  const below = span.high === null ? -1 : compareTo(version, span.high);
  return (above > 0 || (above === 0 && span.lowIncluded)) && (below < 0 || (below === 0 && span.highIncluded));
}

// The nearest point release below counts; nine releases off are as good as ninety.
function distance(span: Span, version: Version | null): number {
  return Math.min((version?.[2] ?? 0) - (span.low?.[2] ?? 0), 90) / 10;
}
