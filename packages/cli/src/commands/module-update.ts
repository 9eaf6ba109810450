import { allSeries, UserError } from "@prosody-foundry/kit";
import { type Lock, readLock } from "@prosody-foundry/lockfile";
import { checkKnown, moduleName } from "../context.ts";
import type { CommandSpec, Outcome } from "../command.ts";
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
    for (const [source, names] of groupBySource(lock, args.map(moduleName))) {
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

function groupBySource(lock: Lock, named: readonly string[]): Map<string, string[]> {
  const known = Object.keys(lock.modules);
  for (const word of named) checkKnown("MODULE_NOT_LOCKED", "module in the lock called", { word, known });
  const groups = new Map<string, string[]>();
  for (const [name, { source, hold }] of Object.entries(lock.modules)) {
    if (named.length === 0 ? hold : !named.includes(name)) continue;
    groups.set(source, [...(groups.get(source) ?? []), name]);
  }
  return groups;
}
