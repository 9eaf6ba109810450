import { allSeries, UserError } from "@prosody-foundry/kit";
import { keysOf, type Lock, readLock } from "@prosody-foundry/lockfile";
import { changePins, namedRevision } from "../change-pins.ts";
import type { CommandSpec } from "../command.ts";
import { moduleName } from "../context.ts";
import { openLockedSource, upstreamName } from "../open-sources.ts";

export const moduleAdd: CommandSpec = {
  name: "module add",
  summary: "pin modules, and those they need, with evidence from every release to be had",
  arguments: "<module...>",
  options: ["source", "series", "to", "hold", "dryRun", "json"],
  example: "foundry module add mod_firewall mod_muc_moderation",
  async run(context, { args, flags }) {
    const lock = await readLock(context.lockFile, { missing: "empty" });
    const names = args.map(moduleName);
    const source = openLockedSource(context, lock, flags.source ?? upstreamName);
    if (flags.source === undefined) refuseOthers(lock, names, source.name);
    return changePins(context, {
      lock,
      modules: names.map((name) => ({ name, source: source.name })),
      series: flags.series ?? allSeries,
      hold: flags.hold,
      to: namedRevision(flags),
      dryRun: flags.dryRun === true,
    });
  },
};

/** Who names no source may not know that the module is pinned from another one; who names it gets both. */
function refuseOthers(lock: Lock, names: readonly string[], source: string): void {
  const taken = names.find((name) => keysOf(lock, name).length > 0 && keysOf(lock, `${name}@${source}`).length === 0);
  if (taken === undefined) return;
  const others = keysOf(lock, taken).map((key) => lock.modules[key]?.source);
  throw new UserError("MODULE_ELSEWHERE", `${taken} is pinned from ${others.join(", ")}, not from ${source}`, {
    hint: `Say which: --source ${others[0]} pins that one anew, --source ${source} pins this one beside it.`,
  });
}
