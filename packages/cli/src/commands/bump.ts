import { allSeries } from "@prosody-foundry/kit";
import { type Lock, moduleNameOf, readLock } from "@prosody-foundry/lockfile";
import type { StayingModule } from "@prosody-foundry/release";
import type { CommandSpec, Flags, Outcome } from "../command.ts";
import { composeBumps, type ComposedBumps } from "../compose-bumps.ts";
import type { Context } from "../context.ts";
import { findMoving } from "../find-moving.ts";
import { gatherPins, type Stay } from "../gather-pins.ts";
import { changesetsOf, reportFiles, writeBumps, writeReports } from "../write-bumps.ts";

export const bump: CommandSpec = {
  name: "bump",
  summary: "move all pins that may move; write the lock, a changeset, and a report for a pull request",
  arguments: "[module...]",
  options: ["each", "series", "available", "report", "dryRun", "json"],
  example: "foundry bump --report bump.md",
  async run(context, { args, flags }) {
    const lock = await readLock(context.lockFile);
    const series = flags.series ?? allSeries;
    const { keys, stays } = await findMoving(context, { lock, words: args, series });
    if (keys.length === 0) return { value: { bumps: [], stays }, text: nothing };
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
    const composed = flags.dryRun === true ? await compose(lock) : await writeBumps(context, compose);
    return report(context, composed, flags);
  },
};

const nothing = "Nothing to do: every pin is where it may go.\n";

function describeStay({ key, series, because }: Stay): StayingModule {
  return { name: key, because: series === null ? because : `on ${series}: ${because}` };
}

function report(context: Context, { bumps, stays }: ComposedBumps, flags: Flags): Outcome {
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
