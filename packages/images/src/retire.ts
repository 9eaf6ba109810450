import { type Series, UserError } from "@prosody-foundry/kit";
import type { SeriesFile } from "./manifest.ts";
import { isRetired } from "./releases.ts";

/**
 * images/series.json with a series retired: nothing of it is planned any more, its tags stay. Equal when it was retired.
 * @throws UserError SERIES_NAMED when `latest` or `oldstable` follow it.
 */
export function retireSeries(seriesFile: SeriesFile, series: Series): SeriesFile {
  if (isRetired(seriesFile, series)) return seriesFile;
  refuseNamed(seriesFile, series);
  const retired = { ...seriesFile.series[series], retired: true };
  return { ...seriesFile, series: { ...seriesFile.series, [series]: retired } };
}

function refuseNamed(seriesFile: SeriesFile, series: Series): void {
  const followers = { default: "the tag latest", oldstable: "the tag oldstable" };
  for (const field of ["default", "oldstable"] as const) {
    if (seriesFile[field] !== series) continue;
    const others = Object.keys(seriesFile.series).filter((name) => name !== series);
    const none = field === "oldstable" ? ", or null for none" : "";
    throw new UserError("SERIES_NAMED", `${series} cannot be retired: it is what ${followers[field]} goes by`, {
      hint: `Name another series as \`${field}\` in images/series.json first: ${others.join(", ")}${none}.`,
    });
  }
}
