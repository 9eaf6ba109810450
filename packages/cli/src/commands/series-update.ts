import { changeSeries, readSeries, type SeriesFile, upstreamVersion } from "@prosody-foundry/images";
import { allSeries, type Series, UserError } from "@prosody-foundry/kit";
import { readLock } from "@prosody-foundry/lockfile";
import type { CommandSpec, Flags, Outcome } from "../command.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../exit-codes.ts";
import { findSeriesNews, type FoundRelease, provenOf, type SeriesNews } from "../find-series-news.ts";
import { judgeReleases } from "../judge-releases.ts";
import { renderSeriesNews, type SeriesProposal } from "../render-series-news.ts";
import { seriesReport } from "../report-series.ts";
import { newestChanges } from "../series-changeset.ts";
import { writeReport } from "../write-bumps.ts";
import { changesetsFor, writeSeries } from "../write-series.ts";

export const seriesUpdate: CommandSpec = {
  name: "series update",
  summary: "find new Prosody releases, verify them, judge the pinned modules on them, and write all of it",
  options: ["series", "report", "dryRun", "json"],
  example: "foundry series update --dry-run",
  async run(context, { flags }) {
    const seriesFile = await readSeries(context.root);
    const news = await findSeriesNews(context, seriesFile, flags.series ?? allSeries);
    if (flags.dryRun !== true) refuseUnverified(news);
    const proposal = await propose(context, { seriesFile, news, flags });
    return report(context, proposal, flags);
  },
};

interface Proposed {
  seriesFile: SeriesFile;
  news: SeriesNews;
  flags: Flags;
}

async function propose(context: Context, { seriesFile, news, flags }: Proposed): Promise<SeriesProposal> {
  const change = provenOf(news);
  const after = changeSeries(seriesFile, change);
  const lock = await readLock(context.lockFile, { missing: "empty" });
  const judged = await judgeReleases(context, lock, { seriesFile: after, versions: newVersions(seriesFile, news) });
  const newest = newestChanges(seriesFile, after);
  const changesets = await changesetsFor(context.root, { newest, judged });
  const isEmpty = change.added.length === 0 && change.mirrored.length === 0;
  const told = isEmpty ? {} : changesets;
  const proposal = { ...news, newest, compatibility: judged.compatibility, changesets: told };
  // Before the rest: afterwards there would be nothing to report any more.
  if (flags.report !== undefined) await writeReport(flags.report, seriesReport(proposal));
  if (flags.dryRun !== true && !isEmpty) await writeSeries(context, { change, newest, judged }, changesets);
  return proposal;
}

/** Prosody versions that were not declared in any form: nobody judged the modules on them. */
function newVersions({ series }: SeriesFile, { found }: SeriesNews): string[] {
  const isKnown = (one: Series, version: string): boolean =>
    series[one].releases.some((release) => upstreamVersion(release) === version);
  const proven = found.filter(({ proof }) => proof !== null);
  const fresh = proven.map((one) => ({ ...one, version: upstreamVersion(one.release) }));
  return [...new Set(fresh.filter((one) => !isKnown(one.series, one.version)).map(({ version }) => version))];
}

function refuseUnverified({ found }: SeriesNews): void {
  const unverified = found.filter(({ proof }) => proof === null);
  const [first] = unverified;
  if (first === undefined) return;
  throw new UserError("RELEASE_UNVERIFIED", `${unverified.map(describe).join("; ")}. Nothing was written`, {
    hint: `Put the key of who signs Prosody's releases into images/keys, wait until Debian has it too, or leave the series out with --series. \`--dry-run\` shows the rest.`,
  });
}

function describe({ release, because }: FoundRelease): string {
  return `Prosody ${release.version} cannot be verified: ${because}`;
}

function report(context: Context, proposal: SeriesProposal, flags: Flags): Outcome {
  const files = filesOf(proposal);
  if (files.length > 0) context.say(`${flags.dryRun === true ? "Would write" : "Wrote"} ${files.join(", ")}`);
  const isOpen = proposal.found.some(({ proof }) => proof === null);
  const exitCode = isOpen ? exitCodes.findings : exitCodes.done;
  return { value: proposal, text: renderSeriesNews(proposal), exitCode };
}

function filesOf({ found, mirrored, compatibility, changesets }: SeriesProposal): string[] {
  const isChanged = mirrored.length > 0 || found.some(({ proof }) => proof !== null);
  const lock = compatibility.length > 0 ? ["modules.lock.json"] : [];
  return isChanged ? ["images/series.json", ...lock, ...Object.keys(changesets)] : [];
}
