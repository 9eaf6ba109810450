import { allSeries, UserError } from "@prosody-foundry/kit";
import { moduleNameOf, readLock } from "@prosody-foundry/lockfile";
import { changePins, holdPins, namedRevision } from "../change-pins.ts";
import type { CommandSpec } from "../command.ts";
import { lockedNames } from "../locked-names.ts";

export const moduleUpdate: CommandSpec = {
  name: "module update",
  summary: "move pins to the newest revision that works (all that are not held, or those named)",
  arguments: "[module...]",
  options: ["series", "to", "hold", "unhold", "dryRun", "json"],
  example: "foundry module update --dry-run",
  async run(context, { args, flags }) {
    const lock = await readLock(context.lockFile);
    const keys = lockedNames(lock, args);
    // Whoever names a held module means it.
    const moving = keys.filter((key) => args.length > 0 || lock.modules[key]?.hold === false);
    if (moving.length === 0) {
      throw new UserError("NOTHING_LOCKED", "The lock has no module that may move", {
        hint: "Pin one with `foundry module add`.",
      });
    }
    // To stay where it is takes no search.
    if (flags.hold === true && flags.to === undefined) return holdPins(context, moving, flags.dryRun === true);
    return changePins(context, {
      lock,
      modules: moving.map((key) => ({ name: moduleNameOf(key), source: lock.modules[key]?.source ?? "" })),
      series: flags.series ?? allSeries,
      hold: flags.unhold === true ? false : flags.hold,
      to: namedRevision(flags),
      dryRun: flags.dryRun === true,
    });
  },
};
