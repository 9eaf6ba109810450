import { allSeries, UserError } from "@prosody-foundry/kit";
import { diffLocks, formatDiff, type Lock, type LockDiff, readLock, updateLock } from "@prosody-foundry/lockfile";
import type { CommandSpec, Outcome } from "../command.ts";
import { type Context, moduleName } from "../context.ts";
import { gatherPins, type PinsRequest } from "../gather-pins.ts";
import { openLockedSource, upstreamName } from "../open-sources.ts";

export const moduleAdd: CommandSpec = {
  name: "module add",
  summary: "pin modules, and those they need, with evidence from every release to be had",
  arguments: "<module...>",
  options: ["source", "series", "hold", "dryRun", "json"],
  example: "foundry module add mod_firewall mod_muc_moderation",
  async run(context, { args, flags }) {
    const lock = await readLock(context.lockFile, { missing: "empty" });
    const names = args.map(moduleName);
    const source = openLockedSource(context, lock, flags.source ?? upstreamName);
    refuseOthers(lock, names, source.name);
    return changePins(context, {
      source,
      names,
      series: flags.series ?? allSeries,
      hold: flags.hold === true,
      dryRun: flags.dryRun === true,
    });
  },
};

/** Gathers, then writes the lock (unless `dryRun`) and tells what became different. */
export async function changePins(context: Context, request: PinsRequest & { dryRun: boolean }): Promise<Outcome> {
  const gathered = await gatherPins(context, request);
  if (request.dryRun) {
    const before = await readLock(context.lockFile, { missing: "empty" });
    return describeDiff(diffLocks(before, gathered.apply(before)));
  }
  const { before, after } = await updateLock(context.lockFile, gathered.apply, {
    onWait: (message) => context.say(message),
  });
  return describeDiff(diffLocks(before, after));
}

/** What became of the lock, for programs and for people. */
export function describeDiff(diff: LockDiff): Outcome {
  return { value: diff, text: formatDiff(diff) || "Nothing changed.\n" };
}

/** A name is pinned from one source: an image that asks for it must get what was judged. */
function refuseOthers(lock: Lock, names: readonly string[], source: string): void {
  const taken = names.find((name) => (lock.modules[name]?.source ?? source) !== source);
  if (taken === undefined) return;
  throw new UserError(
    "MODULE_ELSEWHERE",
    `${taken} is pinned from ${lock.modules[taken]?.source}, not from ${source}`,
    {
      hint: `Run \`foundry module remove ${taken}\` first, to take it from ${source}.`,
    },
  );
}
