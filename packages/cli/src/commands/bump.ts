import { allSeries } from "@prosody-foundry/kit";
import { type Lock, moduleNameOf, readLock } from "@prosody-foundry/lockfile";
import type { Github, StayingModule } from "@prosody-foundry/release";
import type { CommandSpec, Flags, Outcome } from "../command.ts";
import { composeBumps, type ComposedBumps } from "../compose-bumps.ts";
import type { Context } from "../context.ts";
import { findMoving } from "../find-moving.ts";
import { gatherPins, type Stay } from "../gather-pins.ts";
import { findGithub, proposePullRequests, renderPullRequests } from "../propose-pull-requests.ts";
import { readCommittedLock } from "../read-committed-lock.ts";
import { summarizeBumps } from "../summary.ts";
import { changesetsOf, reportFiles, writeBumps, writeReports } from "../write-bumps.ts";

export const bump: CommandSpec = {
  name: "bump",
  summary: "move all pins that may move; write the lock, a changeset, and a report for a pull request",
  arguments: "[module...]",
  options: ["each", "series", "available", "report", "pullRequest", "github", "dryRun", "json"],
  example: "foundry bump --report bump.md",
  async run(context, { args, flags }) {
    // What is missing for it is said before anything is gathered.
    const github = flags.pullRequest === true ? await findGithub(context, flags.github) : null;
    const lock = await readStart(context, flags);
    const series = flags.series ?? allSeries;
    const { keys, stays } = await findMoving(context, { lock, words: args, series });
    const part = args.length > 0 || flags.series !== undefined;
    if (keys.length === 0) return finish(context, { bumps: [], stays }, { flags, part, github });
    const modules = keys.map((key) => ({ name: moduleNameOf(key), source: lock.modules[key]?.source ?? "" }));
    const gathered = await gatherPins(context, { lock, modules, series, hold: undefined, misfits: "stay" });
    const all = [...stays, ...gathered.stays.map(describeStay)];
    const choice = { each: flags.each === true, available: flags.available === true, stays: all };
    const compose = async (now: Lock): Promise<ComposedBumps> => {
      const bumps = await composeBumps(context, { ...choice, now, after: gathered.apply(now) });
      // Before the lock: afterwards there would be nothing to report any more.
      if (flags.report !== undefined) await writeReports(flags.report, bumps.bumps);
      return bumps;
    };
    const writesHere = flags.dryRun !== true && github === null;
    const composed = writesHere ? await writeBumps(context, compose) : await compose(lock);
    return finish(context, composed, { flags, part, github });
  },
};

type Found = Pick<ComposedBumps, "bumps" | "stays">;

/** A pull request starts from what is committed: what lies here uncommitted is nobody else's business. */
async function readStart(context: Context, flags: Flags): Promise<Lock> {
  const committed = flags.pullRequest === true ? await readCommittedLock(context) : undefined;
  return committed ?? readLock(context.lockFile);
}

interface Finish {
  flags: Flags;
  /** Only some modules or series were asked for. */
  part: boolean;
  github: Github | null;
}

async function finish(context: Context, found: Found, { flags, part, github }: Finish): Promise<Outcome> {
  const summary = summarizeBumps(found);
  if (github === null) return { ...report(context, found, flags), summary };
  for (const { name, because } of found.stays) context.say(`${name} stays: ${because}`);
  const dryRun = flags.dryRun === true;
  const family = part ? null : "bump/";
  const pullRequests = await proposePullRequests(context, github, { wanted: found.bumps, family, dryRun });
  return { value: { ...found, pullRequests }, text: renderPullRequests(pullRequests, dryRun), summary };
}

const nothing = "Nothing to do: every pin is where it may go.\n";

function describeStay({ key, series, because }: Stay): StayingModule {
  return { name: key, because: series === null ? because : `on ${series}: ${because}` };
}

function report(context: Context, { bumps, stays }: Found, flags: Flags): Outcome {
  const value = { bumps, stays };
  for (const { name, because } of stays) context.say(`${name} stays: ${because}`);
  if (bumps.length === 0) return { value, text: nothing };
  const files = ["modules.lock.json", ...bumps.flatMap(changesetsOf).map(([name]) => name)];
  context.say(`${flags.dryRun === true ? "Would write" : "Wrote"} ${files.join(", ")}`);
  if (files.length === 1) context.say("No changeset: no image's content changes.");
  if (flags.report === undefined) return { value, text: bumps.map(({ body }) => body).join("\n") };
  const reports = reportFiles(flags.report, bumps);
  return { value, text: bumps.map(({ title }, at) => `${title}: ${reports[at]}\n`).join("") };
}
