import { type SeriesFile, upstreamVersion } from "@prosody-foundry/images";
import { allSeries, type Series } from "@prosody-foundry/kit";
import type { ModuleStanding, ReleaseCompatibility } from "./judge-releases.ts";

/** A series whose newest release becomes another. */
export interface NewestChange {
  series: Series;
  /** Prosody's versions. */
  from: string;
  to: string;
}

/** The series whose images would be made of another release. */
export function newestChanges(before: SeriesFile, after: SeriesFile): NewestChange[] {
  return allSeries.flatMap((series) => {
    const [from, to] = [before, after].map((one) => versionOf(one.series[series].releases));
    return from === undefined || to === undefined || from === to ? [] : [{ series, from, to }];
  });
}

function versionOf([newest]: SeriesFile["series"][Series]["releases"]): string | undefined {
  return newest === undefined ? undefined : upstreamVersion(newest);
}

/** File name of the changeset for a release; a newer release's takes the place of an older one's that is pending still. */
export function changesetName({ series, to }: NewestChange): string {
  return `prosody-${series}-${to}.md`;
}

/** True for a changeset of an older release of the series. */
export function isReplaced(name: string, { series, to }: NewestChange): boolean {
  const pattern = new RegExp(
    `^prosody-${RegExp.escape(series)}-(?:\\d+(?:\\.\\d+)+|trunk-\\d{8}-[0-9a-f]{12})\\.md$`,
    "u",
  );
  return pattern.test(name) && name !== changesetName({ series, from: "", to });
}

/** A patch for each of the images' packages, with the modules that fare worse or better. */
export function changesetText(
  packages: readonly string[],
  { from, to }: NewestChange,
  compatibility: readonly ReleaseCompatibility[],
): string {
  const releases = packages.map((name) => `${JSON.stringify(name)}: patch\n`).join("");
  const changed = compatibility.filter(({ release }) => release === to).flatMap(({ modules }) => changedOf(modules));
  const items = changed.map(({ name, before, after }) => `- ${name}: ${before} → ${after}\n`);
  const list = items.length === 0 ? "" : `\n${items.join("")}`;
  return `---\n${releases}---\n\nProsody ${to} in place of ${from}\n${list}`;
}

/** Modules whose verdict is another on the new release; one that was never judged has none to change. */
export function changedOf(modules: readonly ModuleStanding[]): ModuleStanding[] {
  return modules.filter(({ before, after }) => before !== "unknown" && before !== after);
}
