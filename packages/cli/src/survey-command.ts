import { allSeries, UserError } from "@prosody-foundry/kit";
import { readLock } from "@prosody-foundry/lockfile";
import { agreementOf, disagreementsOf, knownModules, readSurveys, renderAgreement } from "@prosody-foundry/registry";
import type { Outcome, Request } from "./command.ts";
import type { Context } from "./context.ts";
import { findNamed } from "./find-known.ts";
import { openLockedSource, upstreamName } from "./open-sources.ts";
import { renderDisagreements } from "./render-disagreements.ts";
import { renderSummary, summariseSurvey } from "./render-survey.ts";
import { surveySource } from "./survey-source.ts";

/** `compat` with one of its flags that are about more than the lock; undefined without. */
export async function runSurveyFlag(context: Context, { args, flags }: Request): Promise<Outcome | undefined> {
  if (flags.agreement === true) return showAgreement(context);
  if (flags.disagreements === true) return showDisagreements(context, { args, flags });
  if (flags.all === true) return surveyAll(context, { args, flags });
  if (flags.source === undefined && flags.to === undefined) return undefined;
  throw new UserError("FLAG_NEEDS_ALL", "--source and --to choose what is surveyed, which needs --all", {
    hint: "Write `foundry compat --all`, or leave them out.",
  });
}

async function surveyAll(context: Context, { args, flags }: Request): Promise<Outcome> {
  if (args.length > 0) {
    throw new UserError("ALL_OR_NAMED", `--all is about every module, and ${args.join(", ")} is named`, {
      hint: "Leave out --all, or the names.",
    });
  }
  const lock = await readLock(context.lockFile, { missing: "empty" });
  const source = openLockedSource(context, lock, flags.source ?? upstreamName);
  const request = { source, series: flags.series ?? allSeries, to: flags.to, dryRun: flags.dryRun === true };
  const summary = summariseSurvey(await surveySource(context, request));
  return { value: summary, text: renderSummary(summary) };
}

/** Without --all of what is pinned. */
async function showDisagreements(context: Context, { args, flags }: Request): Promise<Outcome> {
  const lock = await readLock(context.lockFile, { missing: "empty" });
  const known = knownModules(lock, await readSurveys(context.root));
  const named = args.length === 0 ? known : args.map((word) => findNamed(known, word));
  const wanted = named.filter(({ pinned }) => flags.all === true || args.length > 0 || pinned !== null);
  const found = disagreementsOf(wanted);
  return { value: found, text: renderDisagreements(found) };
}

async function showAgreement(context: Context): Promise<Outcome> {
  const surveys = await readSurveys(context.root);
  const value = surveys.map((survey) => ({ source: survey.source, node: survey.node, releases: agreementOf(survey) }));
  return { value, text: renderAgreement(surveys) };
}
