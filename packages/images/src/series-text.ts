import { applyEdits, modify } from "jsonc-parser";
import type { Series } from "@prosody-foundry/kit";
import type { Release, SeriesFile, TarballRelease } from "./manifest.ts";
import { compareReleases } from "./series-news.ts";

/** What images/series.json gains; nothing of what is there goes. */
export interface SeriesChange {
  /** New releases. */
  added: { series: Series; release: Release }[];
  /** Tarballs that are there, with more mirrors. */
  mirrored: { series: Series; release: TarballRelease }[];
}

/** The text of images/series.json with the change; what does not change keeps its lines. Pure. */
export function changeSeriesText(text: string, seriesFile: SeriesFile, change: SeriesChange): string {
  let after = text;
  for (const { series, release } of change.mirrored) {
    const at = seriesFile.series[series].releases.findIndex((one) => isSame(one, release));
    if (at < 0) continue;
    after = edit(after, ["series", series, "releases", at, "mirrors"], { value: release.mirrors });
  }
  for (const { series, release, at } of placesOf(seriesFile, change)) {
    after = edit(after, ["series", series, "releases", at], { value: release, insert: true });
  }
  return after;
}

/** The declared series with the releases that the change adds. */
export function changeSeries(seriesFile: SeriesFile, change: SeriesChange): SeriesFile {
  let now = seriesFile;
  for (const placed of placesOf(seriesFile, change)) now = withRelease(now, placed);
  return now;
}

/** Where each new release goes once those before it are there. */
function placesOf(seriesFile: SeriesFile, { added }: SeriesChange): Placed[] {
  const placed: Placed[] = [];
  let now = seriesFile;
  for (const { series, release } of added) {
    const { releases } = now.series[series];
    if (releases.some((one) => isSame(one, release))) continue;
    const found = releases.findIndex((one) => compareReleases(release, one) < 0);
    const place = { series, release, at: found < 0 ? releases.length : found };
    placed.push(place);
    now = withRelease(now, place);
  }
  return placed;
}

interface Placed {
  series: Series;
  release: Release;
  at: number;
}

function withRelease(seriesFile: SeriesFile, { series, release, at }: Placed): SeriesFile {
  const releases = seriesFile.series[series].releases.toSpliced(at, 0, release);
  return { ...seriesFile, series: { ...seriesFile.series, [series]: { ...seriesFile.series[series], releases } } };
}

function isSame(a: Release, b: Release): boolean {
  return a.kind === b.kind && a.version === b.version && a.suite === b.suite;
}

function edit(
  text: string,
  path: (string | number)[],
  { value, insert = false }: { value: unknown; insert?: boolean },
): string {
  const formattingOptions = { insertSpaces: true, tabSize: 2, eol: "\n" };
  return applyEdits(text, modify(text, path, value, { formattingOptions, isArrayInsertion: insert }));
}
