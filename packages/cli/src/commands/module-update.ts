import { allSeries, UserError } from "@prosody-foundry/kit";
import { type Lock, readLock } from "@prosody-foundry/lockfile";
import type { CommandSpec, Outcome } from "../command.ts";
import { lockedNames } from "../locked-names.ts";
import { openLockedSource } from "../open-sources.ts";
import { changePins } from "./module-add.ts";

export const moduleUpdate: CommandSpec = {
  name: "module update",
  summary: "move pins to the newest revision that works (all that are not held, or those named)",
  arguments: "[module...]",
  options: ["series", "dryRun", "json"],
  example: "foundry module update --dry-run",
  async run(context, { args, flags }) {
    const lock = await readLock(context.lockFile);
    const outcomes: Outcome[] = [];
    for (const [source, names] of groupBySource(lock, args)) {
      const request = { names, series: flags.series ?? allSeries, hold: false, dryRun: flags.dryRun === true };
      outcomes.push(await changePins(context, { ...request, source: openLockedSource(context, lock, source) }));
    }
    if (outcomes.length === 0) {
      throw new UserError("NOTHING_LOCKED", "The lock has no module that may move", {
        hint: "Pin one with `foundry module add`.",
      });
    }
    return { value: outcomes.map(({ value }) => value), text: outcomes.map(({ text }) => text).join("") };
  },
};

/** Whoever names a held module means it. */
function groupBySource(lock: Lock, words: readonly string[]): Map<string, string[]> {
  const names = lockedNames(lock, words);
  const moving = words.length > 0 ? names : names.filter((name) => lock.modules[name]?.hold === false);
  return Map.groupBy(moving, (name) => lock.modules[name]?.source ?? "");
}
