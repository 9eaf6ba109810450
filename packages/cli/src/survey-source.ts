import { readSeries, releasesOf, upstreamVersion } from "@prosody-foundry/images";
import { allSeries, type Series } from "@prosody-foundry/kit";
import { readSurvey, type Survey, updateSurvey } from "@prosody-foundry/registry";
import { composeSurvey, type Sweep } from "./compose-survey.ts";
import type { Context } from "./context.ts";
import { type Finding, judgeCandidates } from "./judge-candidates.ts";
import { openReleases } from "./open-releases.ts";
import type { OpenSource } from "./open-sources.ts";
import { readWholeTree } from "./read-tree.ts";

export interface SurveyRequest {
  source: OpenSource;
  series: readonly Series[];
  /** A revision of the source; the newest unless given. */
  to: string | undefined;
  dryRun: boolean;
}

export interface Surveyed {
  survey: Survey;
  /** Versions that were judged on now. */
  judged: string[];
  written: boolean;
}

/** Judges every module of a source on every release to be had, and writes what is known of each. */
export async function surveySource(context: Context, request: SurveyRequest): Promise<Surveyed> {
  const { source } = request;
  const before = await readSurvey(context.root, source.name);
  const sweep = await sweepSource(context, request);
  const judged = sweep.releases.map(({ version }) => version);
  if (request.dryRun) return { survey: composeSurvey(sweep, before), judged, written: false };
  let survey = before;
  const place = { root: context.root, source: source.name, onWait: (message: string) => context.say(message) };
  const written = await updateSurvey(place, (present) => (survey = composeSurvey(sweep, present)));
  if (survey === undefined) throw new Error(`No survey of ${source.name} was made`);
  return { survey, judged, written };
}

async function sweepSource(context: Context, { source, series, to }: SurveyRequest): Promise<Sweep> {
  const seriesFile = await readSeries(context.root);
  const declared = allSeries.flatMap((one) => releasesOf(seriesFile, one).map(upstreamVersion));
  // Before minutes go into building servers.
  const tree = await readWholeTree(context, source, to);
  const releases = await openReleases(context, series);
  const findings = new Map<string, Finding[]>();
  for (const release of releases) {
    const found = await judgeCandidates(context, release, tree);
    for (const [name, finding] of found) findings.set(name, [...(findings.get(name) ?? []), finding]);
  }
  return { tree, releases, findings, declared: new Set(declared) };
}
